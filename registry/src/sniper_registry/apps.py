"""The commands of the registry, and the registries as a source of plugins, for ``sniper``."""

from sniper import AppSpec, IndexSpec, hookimpl

_REGISTRY = {
    "licence": ("licences.commands:licence", "Sign a licence of a paid plugin for a holder"),
    "licence-key": ("licences.commands:licence_key", "Make the key that signs licences"),
    "receipt": ("service.commands.receipt:receipt", "Ask a marketplace for a receipt to rate a plugin with"),
    "results": ("results.command:results", "Compute what a strategy does on generated markets"),
}
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
    ] + [
        AppSpec(name=name, group="registry", summary=summary, factory=f"sniper_registry.{target}")
        for name, (target, summary) in _REGISTRY.items()
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
