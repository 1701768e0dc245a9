"""What accounts hold, what it is worth by which price, what it earned, and its tax lots."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="portfolio",
            summary="What accounts hold, what it is worth by which price, what it earned, and its tax lots",
            factory="sniper_app_portfolio.command:portfolio",
        )
    ]
