"""Holds an instrument while the faster of two moving averages is above the slower."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="ema-cross",
            summary="Holds an instrument while the faster of two moving averages is above the slower",
            factory="sniper_strategy_ema_cross.strategy:EmaCross",
            in_init=False,
        )
    ]
