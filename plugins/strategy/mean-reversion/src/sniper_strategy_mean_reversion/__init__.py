"""Buys what has fallen far below its average and sells it when it is back."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="mean-reversion",
            summary="Buys what has fallen far below its average and sells it when it is back",
            factory="sniper_strategy_mean_reversion.strategy:MeanReversion",
            in_init=False,
        )
    ]
