"""All registries that the trader added, as one source of plugins."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from packaging.version import Version

from sniper.index import Found, Index, RegistryError, RegistryRefused, Release, ReleaseUnknown, Revocation
from sniper_registry.client.client import RegistryClient
from sniper_registry.client.registries import Registries

T = TypeVar("T")


class RegistryIndex(Index):
    """The registries of this user. A name that two of them have is refused: nobody could say whose it is.

    registries  Those of ``$SNIPER_REGISTRIES`` where none are given.
    """

    def __init__(self, registries: Registries | None = None) -> None:
        registries = registries or Registries()
        self._clients: Sequence[tuple[str, RegistryClient]] = [
            (each.name, registries.client(each)) for each in registries.all()
        ]

    def search(self, text: str) -> tuple[Found, ...]:
        found = [each for _, client in self._clients for each in client.search(text)]
        return tuple(sorted(found, key=lambda each: each.name))

    def releases(self, name: str) -> tuple[Release, ...]:
        return self._only(name, lambda client: client.releases(name))

    def find(self, name: str, version: str | None = None) -> Release:
        return self._only(name, lambda client: client.find(name, version))

    def fetch(self, release: Release, into: Path) -> Path:
        return self._only(release.name, lambda client: client.fetch(release, into))

    def revoked(self) -> tuple[Revocation, ...]:
        found: set[Revocation] = set()
        trouble: RegistryError | None = None
        for _, client in self._clients:
            try:
                found |= set(client.revoked())
            except RegistryError as error:
                found |= set(client.remembered())
                trouble = trouble or error
        ordered = tuple(sorted(found, key=lambda each: (each.name, Version(each.version), each.sha256)))
        if trouble is not None:
            trouble.known = ordered
            raise trouble
        return ordered

    def _only(self, name: str, ask: Callable[[RegistryClient], T]) -> T:
        """The answer of the one registry that has the name."""
        having = [(where, client) for where, client in self._clients if client.has(name)]
        if len(having) > 1:
            raise RegistryRefused(
                f"{name} is in the registries {' and '.join(where for where, _ in having)}, and may be two plugins; "
                "remove one of them with sniper registry remove"
            )
        if having:
            return ask(having[0][1])
        asked = ", ".join(where for where, _ in self._clients)
        if asked:
            raise ReleaseUnknown(f"there is no {name} in {asked}; sniper plugins search finds what there is")
        raise ReleaseUnknown(f"nobody can be asked for {name}: no registry was added; sniper registry add does")
