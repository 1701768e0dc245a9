"""Buys for the same amount at regular times."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="dca",
            summary="Buys for the same amount at regular times",
            factory="sniper_strategy_dca.strategy:Dca",
            in_init=False,
        )
    ]
