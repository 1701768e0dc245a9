"""Makes a market by the model of Avellaneda and Stoikov, calibrated from trades."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="avellaneda-stoikov",
            summary="Makes a market by the model of Avellaneda and Stoikov, calibrated from trades",
            factory="sniper_strategy_avellaneda_stoikov.strategy:AvellanedaStoikov",
            in_init=False,
        )
    ]
