"""Sells when the value falls back from its highest."""

from sniper import ExitSpec, hookimpl


@hookimpl
def sniper_exits() -> list[ExitSpec]:
    return [
        ExitSpec(
            name="trailing-stop",
            summary="Sells when the value falls back from its highest",
            factory="sniper_exit_trailing_stop.rule:TrailingStop",
        )
    ]
