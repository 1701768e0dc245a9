"""Quotes both sides of an instrument at a fixed distance from the middle."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="simple-spread",
            summary="Quotes both sides of an instrument at a fixed distance from the middle",
            factory="sniper_strategy_simple_spread.strategy:SimpleSpread",
            in_init=False,
        )
    ]
