"""Holds coins and sells them short as a perpetual, while that is paid for."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="basis",
            summary="Holds coins and sells them short as a perpetual, while that is paid for",
            factory="sniper_strategy_basis.strategy:Basis",
            in_init=False,
        )
    ]
