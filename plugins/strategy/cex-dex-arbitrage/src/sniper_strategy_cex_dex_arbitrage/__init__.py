"""Trades a pool on a chain against the book of an exchange."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="cex-dex-arbitrage",
            summary="Trades a pool on a chain against the book of an exchange",
            factory="sniper_strategy_cex_dex_arbitrage.strategy:CexDexArbitrage",
            in_init=False,
        )
    ]
