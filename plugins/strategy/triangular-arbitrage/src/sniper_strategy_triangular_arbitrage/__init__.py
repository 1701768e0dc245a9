"""Trades cycles of coins at one exchange that end with more than they began with."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="triangular-arbitrage",
            summary="Trades cycles of coins at one exchange that end with more than they began with",
            factory="sniper_strategy_triangular_arbitrage.strategy:TriangularArbitrage",
            in_init=False,
        )
    ]
