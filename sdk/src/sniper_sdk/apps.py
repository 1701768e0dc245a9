"""The commands of the sdk, for ``sniper``."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(name="demo", summary="Snipe launches on a chain of its own", factory="sniper_sdk.demo.command:demo"),
        AppSpec(
            name="new",
            group="plugins",
            summary="Write a plugin package that passes its tests at once",
            factory="sniper_sdk.templates.command:new",
        ),
        AppSpec(
            name="dev",
            summary="Re-run a plugin on a replay whenever its files change",
            factory="sniper_sdk.dev.command:dev",
        ),
        AppSpec(
            name="check-compat",
            group="plugins",
            summary="Say from a wheel alone whether it works with this version",
            factory="sniper_sdk.compat.command:check_compat",
        ),
        AppSpec(
            name="test",
            group="plugins",
            summary="Run the conformance suite of a plugin and say its level",
            factory="sniper_sdk.conformance.command:check",
        ),
    ]
