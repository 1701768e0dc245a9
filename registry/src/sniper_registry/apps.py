"""The commands of the registry, and the registries as a source of plugins, for ``sniper``."""

from typing import Final

from sniper import AppSpec, IndexSpec, hookimpl

_REGISTRY: Final = {
    "account": ("service.commands.operator:account", "Make reviewers of a marketplace, and help its publishers"),
    "add": ("commands.trader:add", "Trust a registry by its root"),
    "check": ("review.command:check", "See what a marketplace's review would find of a wheel"),
    "init": ("commands.operator:init", "Make an empty repository and its keys"),
    "key": ("commands.publisher:key", "Make a publisher's key"),
    "licence": ("licences.commands:licence", "Sign a licence of a paid plugin for a holder"),
    "licence-key": ("licences.commands:licence_key", "Make the key that signs licences"),
    "list": ("commands.trader:list_", "List the registries that are trusted"),
    "mirror": ("commands.mirroring:mirror", "Copy a registry, verified"),
    "prove": ("service.commands.publisher:prove", "Show a marketplace that a key is yours"),
    "publish": ("commands.publisher:publish", "Sign a wheel and publish it"),
    "publisher": ("commands.operator:publisher", "Admit a publisher, and give it names"),
    "rebuild": ("service.commands.operator:rebuild", "Fill a marketplace's catalogue from the repository again"),
    "receipt": ("service.commands.receipt:receipt", "Ask a marketplace for a receipt to rate a plugin with"),
    "recover": ("commands.emergency:recover", "Take a publisher's names back from a thief of its key"),
    "refresh": ("commands.trader:refresh", "Ask what is new and what was revoked"),
    "remove": ("commands.trader:remove", "Trust a registry no longer"),
    "results": ("results.command:results", "Compute what a strategy does on generated markets"),
    "review": ("service.commands.operator:review", "Decide what waits for a person in a marketplace"),
    "revoke": ("commands.operator:revoke", "Say that a release may run no more"),
    "rotate": ("commands.emergency:rotate", "Replace keys"),
    "serve": ("commands.operator:serve", "Serve a repository on this machine"),
    "service": ("service.commands.operator:service", "Serve a marketplace"),
    "submit": ("service.commands.publisher:submit", "Sign a wheel and send it to a marketplace"),
    "timestamp": ("commands.operator:timestamp", "Sign anew what would expire"),
    "work": ("service.commands.operator:work", "Run what a marketplace's reviews run"),
    "verify": ("commands.mirroring:verify", "Check a repository or mirror, and name each fault"),
}
"""Commands of ``sniper registry``: where they are, and what they do."""

_INSTALLING: Final = {
    "freeze": "Write down exactly which plugins are installed",
    "install": "Install a plugin into an environment of its own",
    "search": "Find plugins in the registries that you trust",
    "sync": "Install exactly the plugins of a file that freeze wrote",
    "trust": "Let an installed plugin run in sniper itself",
    "uninstall": "Remove an installed plugin and its environment",
    "untrust": "Let a trusted plugin run isolated again",
    "upgrade": "Install the newest releases of what is installed",
    "verify": "Read the files of installed plugins again, and ask what was revoked",
}


@hookimpl
def sniper_apps() -> list[AppSpec]:
    registry = [
        AppSpec(name=name, group="registry", summary=summary, factory=f"sniper_registry.{target}")
        for name, (target, summary) in _REGISTRY.items()
    ]
    installing = [
        AppSpec(
            name=name,
            group="plugins",
            summary=summary,
            factory=f"sniper_registry.installing.commands.{name}:{name}",
        )
        for name, summary in _INSTALLING.items()
    ]
    return registry + installing


@hookimpl
def sniper_indexes() -> list[IndexSpec]:
    return [
        IndexSpec(
            name="registry",
            summary="Signed repositories that the trader added",
            factory="sniper_registry.client.index:RegistryIndex",
        )
    ]
