"""The commands of the registry, and the registries as a source of plugins, for ``sniper``."""

from sniper import AppSpec, IndexSpec, hookimpl

_INSTALLING = {
    "install": "Install a plugin into an environment of its own",
    "uninstall": "Remove an installed plugin and its environment",
}


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name=name,
            group="plugins",
            summary=summary,
            factory=f"sniper_registry.installing.commands.{name}:{name}",
        )
        for name, summary in _INSTALLING.items()
    ]


@hookimpl
def sniper_indexes() -> list[IndexSpec]:
    return [
        IndexSpec(
            name="registry",
            summary="Signed repositories that the trader added",
            factory="sniper_registry.client.index:RegistryIndex",
        )
    ]
