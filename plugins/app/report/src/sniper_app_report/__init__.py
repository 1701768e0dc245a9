"""What a backtest earned, and what it risked and cost."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="report",
            summary="What a backtest earned, risked and cost, as one page and as JSON",
            factory="sniper_app_report.command:report",
        )
    ]
