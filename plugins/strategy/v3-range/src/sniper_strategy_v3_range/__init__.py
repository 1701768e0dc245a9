"""Provides liquidity in a range of a V3 pool that follows the price."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="v3-range",
            summary="Provides liquidity in a range of a V3 pool that follows the price",
            factory="sniper_strategy_v3_range.strategy:V3Range",
            in_init=False,
        )
    ]
