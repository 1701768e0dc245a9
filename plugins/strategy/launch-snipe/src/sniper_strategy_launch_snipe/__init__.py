"""Buys fresh tokens as soon as their pool is deep enough and trades."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="launch-snipe",
            summary="Buys fresh tokens as soon as their pool is deep enough and trades",
            factory="sniper_strategy_launch_snipe.strategy:LaunchSnipe",
        )
    ]
