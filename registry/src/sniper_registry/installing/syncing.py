"""Make the shelf hold what a file says, and nothing else: all of it, or nothing changes."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sniper.catalogue import Catalogue
from sniper.environments import revocations, trust
from sniper.environments.environment import Environment
from sniper.index import Index
from sniper.plugin import Frozen
from sniper_registry.installing.change import Change
from sniper_registry.installing.frozen import Kept
from sniper_registry.installing.hostable import demand_hostable, host_path
from sniper_registry.installing.installer import Installer, demand_absent, demand_room, is_trusted
from sniper_registry.installing.making import Wish, make
from sniper_registry.installing.refused import InstallConflict, WheelRefused
from sniper_registry.installing.source import copied, released
from sniper_registry.installing.wheel import inspect


class Sync(Frozen, kw_only=True, array_like=False):
    """What would be done.

    changes  In order of name. ``kept``: what is as the file says already.
    damaged  Names of what goes, too, and whose record cannot be read.
    """

    changes: tuple[Change, ...]
    kept: tuple[Environment, ...]
    damaged: tuple[str, ...] = ()


class Syncing:
    """installer  With the shelf and where dependencies come from.
    indexes    For what came from a registry. Other wheels are found by their hash among those of ``wheels``.
    """

    def __init__(self, installer: Installer, indexes: Sequence[Index], wheels: Sequence[Path]) -> None:
        self.installer = installer
        self.indexes = indexes
        self.wheels = wheels

    @contextmanager
    def prepared(self, plugins: Iterable[Kept], catalogue: Catalogue, *, trusting: bool) -> Iterator[Sync]:
        """Everything made, nothing changed yet; `take` it inside. Raises `PluginError` and `RegistryError`.

        trusting  Whether the trust that the file says will be given, too.
        """
        shelf = self.installer.shelf
        plugins = {each.name: each for each in plugins}.values()
        with shelf.changing() as making:
            before = shelf.sound()
            revoked = revocations.known(shelf.directory)
            after: dict[str, Environment] = {}
            for plugin in plugins:
                there = before.get(plugin.name)
                made = there if there and plugin.is_of(there) else self._made(plugin, making)
                revoked.demand_none(made)
                after[plugin.name] = made
            _demand_together(after.values(), catalogue)
            trusted = [after[each.name] for each in plugins if each.trusted and trusting]
            kept = [each for name, each in after.items() if name in before and is_trusted(shelf, each)]
            for environment in trusted:
                demand_hostable(environment, (*trusted, *kept), host_path(shelf))
            names = sorted({*before, *after})
            yield Sync(
                changes=tuple(
                    Change(before=before.get(name), after=after.get(name), trusted=is_trusted(shelf, before.get(name)))
                    for name in names
                    if before.get(name) != after.get(name)
                ),
                kept=tuple(after[name] for name in names if name in after and before.get(name) == after[name]),
                damaged=tuple(name for name in shelf.names() if name not in before and name not in after),
            )

    def take(self, sync: Sync, plugins: Iterable[Kept], *, trusting: bool) -> None:
        """Do what was prepared. ``trusting``: give the trust that the file says, too."""
        shelf = self.installer.shelf
        gone = [change.before.distribution for change in sync.changes if change.before and not change.after]
        gone += sync.damaged
        shelf.exchange(
            [change.after.directory for change in sync.changes if change.after],
            gone=gone,
        )
        lapsed = [each.after.distribution for each in sync.changes if each.after and (each.lapses or not each.before)]
        for distribution in (*gone, *lapsed):
            trust.withdraw(shelf.directory, distribution)
        for plugin in plugins:
            if plugin.trusted and trusting:
                trust.give(shelf.directory, shelf.demand(plugin.name), time.time_ns())

    def _made(self, plugin: Kept, making: Path) -> Environment:
        demand_absent(plugin.name, self.installer.shelf)
        scratch = making / f"fetched-{plugin.name}"
        scratch.mkdir()
        wish = self._wished(plugin, scratch)
        wheel = wish.wheel
        said, is_ = (plugin.name, plugin.version, plugin.sha256), (wheel.distribution, wheel.version, wheel.sha256)
        if said != is_ or wish.publisher != plugin.publisher:
            raise WheelRefused(
                f"the file says {plugin.name} {plugin.version}, {plugin.sha256}, by {plugin.publisher or 'nobody'}; "
                f"what was found is {wheel}, {wheel.sha256}, by {wish.publisher or 'nobody'}"
            )
        return make(wish, making / f"new-{plugin.name}", self.installer.supply, self.installer.describe)

    def _wished(self, plugin: Kept, scratch: Path) -> Wish:
        """What the file says is wished: its lock and its permissions, which were granted by committing it."""
        if plugin.source == "registry":
            found = released(plugin.name, plugin.version, scratch, self.indexes)
            publisher, root, level, wheel = found.publisher, found.root, found.level, found.wheel
        else:
            publisher, root, level, wheel = "", "", "", inspect(copied(self._by_hash(plugin), scratch))
        return Wish(
            wheel=wheel,
            source=plugin.source,
            requires=plugin.lock,
            permissions=plugin.permissions,
            publisher=publisher,
            root=root,
            level=level,
        )

    def _by_hash(self, plugin: Kept) -> Path:
        for directory in self.wheels:
            for file in sorted(directory.glob(f"{plugin.name.replace('-', '_')}-*.whl")):
                if hashlib.sha256(file.read_bytes()).hexdigest() == plugin.sha256:
                    return file
        where = ", ".join(map(str, self.wheels)) or "no directory"
        raise WheelRefused(
            f"{plugin.name} {plugin.version} came from no registry ({plugin.source}), and its wheel {plugin.sha256} is "
            f"in {where}; name the directory that holds it: --wheels DIR"
        )


def _demand_together(environments: Iterable[Environment], catalogue: Catalogue) -> None:
    """Raise `InstallConflict` where two of them, or one and sniper's own environment, offer the same."""
    offered: dict[tuple[str, str], Environment] = {}
    host = tuple(each for each in catalogue.extensions if each.environment is None)
    for environment in environments:
        demand_room(environment, host)
        for spec in (each.parsed() for each in environment.offered):
            other = offered.setdefault((spec.kind, spec.name), environment)
            if other is not environment:
                raise InstallConflict(f"{other} and {environment} both offer {spec.kind}.{spec.name}; keep one of them")
