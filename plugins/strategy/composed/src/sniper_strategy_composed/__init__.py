"""Trades by rules of indicators that its config composes, with a space for each parameter."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="composed",
            summary="Trades by rules of indicators that its config composes, with a space for each parameter",
            factory="sniper_strategy_composed.strategy:Composed",
            in_init=False,
        )
    ]
