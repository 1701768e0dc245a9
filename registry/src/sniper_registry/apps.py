"""The commands of the registry, and the registries as a source of plugins, for ``sniper``."""

from sniper import AppSpec, IndexSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return []


@hookimpl
def sniper_indexes() -> list[IndexSpec]:
    return [
        IndexSpec(
            name="registry",
            summary="Signed repositories that the trader added",
            factory="sniper_registry.client.index:RegistryIndex",
        )
    ]
