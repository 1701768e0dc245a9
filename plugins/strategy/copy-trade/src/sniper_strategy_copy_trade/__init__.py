"""Buys what wallets that you follow buy, within caps, and sells when they sell."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="copy-trade",
            summary="Buys what wallets that you follow buy, within caps, and sells when they sell",
            factory="sniper_strategy_copy_trade.strategy:CopyTrade",
            in_init=False,
        )
    ]
