"""Install, replace and uninstall on the shelf. Each change happens whole or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import importlib_metadata

from sniper.catalogue import Catalogue, Extension
from sniper.environments import revocations, trust
from sniper.environments.environment import Environment
from sniper.environments.shelf import Shelf
from sniper_registry.installing.change import Change
from sniper_registry.installing.making import Describe, Wish, make
from sniper_registry.installing.refused import InstallConflict, NotAccepted
from sniper_registry.installing.uv import Supply


class Installer:
    """supply    Where dependencies come from.
    describe  Reads what a plugin offers, in a worker.
    """

    def __init__(self, shelf: Shelf, supply: Supply, describe: Describe) -> None:
        self.shelf = shelf
        self.supply = supply
        self.describe = describe

    def holds(self, wish: Wish) -> Environment | None:
        """The environment of the very release that is wished, where it is installed from the same source."""
        found = self.shelf.sound().get(wish.wheel.distribution)
        same = found and (found.sha256, found.publisher) == (wish.wheel.sha256, wish.publisher)
        return found if same else None

    @contextmanager
    def prepared(self, wish: Wish, catalogue: Catalogue) -> Iterator[Change]:
        """The change that installing would be, with the environment made and nothing changed yet; `take` it inside.

        catalogue  What is installed, the shelf included: what it offers must not be offered twice.

        Where the record of what is there is damaged, that is as nothing.

        Raises `PluginError` of many kinds; the shelf is then as it was.
        """
        demand_absent(wish.wheel.distribution, self.shelf)
        with self.shelf.changing() as making:
            before = self.shelf.sound().get(wish.wheel.distribution)
            demand_same_publisher(wish, before)
            made = make(wish, making / "new", self.supply, self.describe)
            revocations.known(self.shelf.directory).demand_none(made)
            demand_room(made, catalogue.extensions)
            yield Change(before=before, after=made, trusted=is_trusted(self.shelf, before))

    def take(self, change: Change) -> Environment:
        """Do what was prepared. Trust in another release ends, also in one of which no sound record was left."""
        assert change.after is not None  # prepared gives no other
        added = self.shelf.add(change.after.directory)
        if change.before is None or change.lapses:
            trust.withdraw(self.shelf.directory, added.distribution)
        return added


def demand_same_publisher(wish: Wish, before: Environment | None) -> None:
    """Raise `NotAccepted` where somebody else would take the place of who published what is installed."""
    if before and before.publisher and (before.publisher, before.root) != (wish.publisher, wish.root):
        by = f"by {wish.publisher}" if wish.publisher else "by nobody who signed it"
        if before.publisher == wish.publisher:
            by += f" of another registry (root {wish.root or 'unknown'}, before: {before.root or 'unknown'})"
        raise NotAccepted(
            f"{before} was published by {before.publisher}, and {wish.wheel} is {by}; if that is right, uninstall the "
            "one that is there first"
        )


def is_trusted(shelf: Shelf, environment: Environment | None) -> bool:
    """Whether the trader's word holds for it."""
    word = trust.given(shelf.directory).get(environment.distribution) if environment else None
    return bool(environment and word and word.holds(environment))


def demand_absent(distribution: str, shelf: Shelf) -> None:
    """Raise `InstallConflict` where the host itself has the distribution: two of one name cannot be told apart."""
    for held in importlib_metadata.distributions(name=distribution):
        location = str(held.locate_file(""))
        if not shelf.holds(location):
            raise InstallConflict(
                f"{distribution} {held.version} is installed in {location}, where sniper itself is; uninstall that one "
                "first, or keep it and install no other"
            )


def demand_room(made: Environment, extensions: Iterable[Extension]) -> None:
    """Raise `InstallConflict` where somebody else offers what it offers."""
    held = tuple(extensions)
    for spec in (each.parsed() for each in made.offered):
        for extension in held:
            if extension.key == (spec.kind, spec.name) and extension.origin.distribution != made.distribution:
                raise InstallConflict(
                    f"{made} and {extension.origin} both offer {extension.id}; uninstall one of them, or switch the"
                    f" other's off: disable = [{extension.id!r}] under [plugins]"
                )
