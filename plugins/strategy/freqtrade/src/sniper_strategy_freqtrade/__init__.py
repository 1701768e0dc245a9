"""Runs unmodified freqtrade strategies."""

from sniper import AppSpec, StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(
            name="freqtrade",
            summary="Runs a strategy of freqtrade, unmodified",
            factory="sniper_strategy_freqtrade.strategy:Freqtrade",
            in_init=False,
        ),
        StrategySpec(
            name="freqtrade-pools",
            summary="Runs a strategy of freqtrade, unmodified, on tokens in pools of a chain",
            factory="sniper_strategy_freqtrade.pools:FreqtradePools",
            in_init=False,
        ),
    ]


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="import",
            group="strategies",
            summary="Check a strategy of freqtrade, and write a config section that runs it",
            factory="sniper_strategy_freqtrade.import_:import_",
        )
    ]
