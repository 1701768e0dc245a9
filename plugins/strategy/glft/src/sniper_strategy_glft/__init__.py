"""Makes a market by the closed formulas of Guéant, Lehalle and Fernandez-Tapia."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="glft",
            summary="Makes a market by the closed formulas of Guéant, Lehalle and Fernandez-Tapia",
            factory="sniper_strategy_glft.strategy:Glft",
            in_init=False,
        )
    ]
