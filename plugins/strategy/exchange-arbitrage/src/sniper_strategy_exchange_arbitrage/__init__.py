"""Buys at one exchange what another one pays more for after fees."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="exchange-arbitrage",
            summary="Buys at one exchange what another one pays more for after fees",
            factory="sniper_strategy_exchange_arbitrage.strategy:ExchangeArbitrage",
            in_init=False,
        )
    ]
