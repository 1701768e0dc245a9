"""Buys what has risen, while its trend is strong, and sells it when that ends."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="momentum",
            summary="Buys what has risen, while its trend is strong, and sells it when that ends",
            factory="sniper_strategy_momentum.strategy:Momentum",
            in_init=False,
        )
    ]
