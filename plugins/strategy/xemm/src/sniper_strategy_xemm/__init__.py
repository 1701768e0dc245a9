"""Quotes at one exchange by the prices of another, where it hedges each fill at once."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="xemm",
            summary="Quotes at one exchange by the prices of another, where it hedges each fill at once",
            factory="sniper_strategy_xemm.strategy:Xemm",
            in_init=False,
        )
    ]
