"""Buys at the levels of a grid and sells each purchase one level higher."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="grid",
            summary="Buys at the levels of a grid and sells each purchase one level higher",
            factory="sniper_strategy_grid.strategy:Grid",
            in_init=False,
        )
    ]
