"""Holds target weights of several assets at an exchange, by bands of drift and by time."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="rebalance",
            summary="Holds target weights of several assets at an exchange, by bands of drift and by time",
            factory="sniper_strategy_rebalance.strategy:Rebalance",
            in_init=False,
        )
    ]
