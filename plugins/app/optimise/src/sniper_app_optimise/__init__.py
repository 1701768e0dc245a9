"""Search parameters by backtests, and find out how much of what was found is luck."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="optimise",
            summary="Search parameters of strategies by backtests",
            factory="sniper_app_optimise.optimise:optimise",
        ),
        AppSpec(
            name="validate",
            summary="How much of what was found by searching is luck",
            factory="sniper_app_optimise.validate:validate",
        ),
    ]
