"""How probable it is that a pool is drained within 24 hours, from what happened to it so far."""

from sniper import AppSpec, RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="rug-forecast",
            summary="Foresees whether a pool is drained within 24 hours, by a model trained on generated launches",
            factory="sniper_risk_rug_forecast.check:RugForecast",
            profiles={
                "cautious": {"warn_above_bps": 2_000, "deny_above_bps": 4_000, "unseen": "deny"},
                "degen": {"warn_above_bps": 6_000, "deny_above_bps": 9_000},
            },
        )
    ]


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="train",
            group="models",
            summary="Train a model from recorded events, or from generated ones",
            factory="sniper_risk_rug_forecast.command:train",
        ),
        AppSpec(
            name="measure",
            group="models",
            summary="Measure a model on recorded events",
            factory="sniper_risk_rug_forecast.command:measure",
        ),
        AppSpec(
            name="show",
            group="models",
            summary="Show on what a model was trained, and how good it was",
            factory="sniper_risk_rug_forecast.command:show",
        ),
    ]
