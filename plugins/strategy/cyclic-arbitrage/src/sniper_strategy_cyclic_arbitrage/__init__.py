"""Trades cycles that gain after gas, each in one transaction."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="cyclic-arbitrage",
            summary="Trades cycles that gain after gas, each in one transaction",
            factory="sniper_strategy_cyclic_arbitrage.strategy:CyclicArbitrage",
            in_init=False,
        )
    ]
