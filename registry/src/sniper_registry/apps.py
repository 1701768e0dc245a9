"""The commands of the registry, for ``sniper``."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return []
