"""Sells what was held for too long."""

from sniper import ExitSpec, hookimpl


@hookimpl
def sniper_exits() -> list[ExitSpec]:
    return [
        ExitSpec(
            name="max-age",
            summary="Sells what was held for too long",
            factory="sniper_exit_max_age.rule:MaxAge",
        )
    ]
