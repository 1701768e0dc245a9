"""All registries that the trader added, as one source of plugins."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from sniper.errors import said
from sniper.index import (
    Found,
    Index,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    Release,
    ReleaseUnknown,
    Revocation,
)
from sniper_registry.client.client import RegistryClient
from sniper_registry.client.memory import by_version
from sniper_registry.client.registries import Registries

T = TypeVar("T")
WITHIN_S: Final = 5.0
"""Seconds that a start waits for what all registries say of revoked releases."""


class RegistryIndex(Index):
    """The registries of this user. A name that two of them have is refused: nobody could say whose it is.

    registries  Those of ``$SNIPER_REGISTRIES`` where none are given.
    """

    def __init__(self, registries: Registries | None = None, *, within_s: float = WITHIN_S) -> None:
        self._registries, self._within_s = registries or Registries(), within_s
        self._clients = self._new_clients()

    def search(self, text: str) -> tuple[Found, ...]:
        found = [each for _, client in self._clients for each in client.search(text)]
        return tuple(sorted(found, key=lambda each: each.name))

    def releases(self, name: str) -> tuple[Release, ...]:
        return self._only(name, lambda client: client.releases(name))

    def find(self, name: str, version: str | None = None) -> Release:
        return self._only(name, lambda client: client.find(name, version))

    def root(self, name: str) -> str:
        """SHA-256 of the root by which the trader added the registry that has the name; its address may change."""
        return self._registries.get(self._holder(name)[0]).root

    def fetch(self, release: Release, into: Path) -> Path:
        return self._only(release.name, lambda client: client.fetch(release, into))

    def revoked(self) -> tuple[Revocation, ...]:
        """All are asked at once, so that none which drips or is silent keeps the others from being heard, nor a start
        from going on: after `within_s` seconds what was heard before counts."""
        clients = self._new_clients()  # whom nobody waits for any more may go on with its own
        answers = [_Answer(client) for _, client in clients]
        end = time.monotonic() + self._within_s
        for answer in answers:
            answer.over.wait(max(0.0, end - time.monotonic()))
        found: set[Revocation] = set()
        trouble: RegistryError | None = None
        for (name, client), answer in zip(clients, answers, strict=True):
            try:
                found |= set(answer.get(name, self._within_s))
            except RegistryError as error:
                trouble = trouble or error
                found |= set(error.known)
                with suppress(RegistryRefused):  # a damaged memory, which is what `error` says
                    found |= set(client.remembered())
        if trouble is not None:
            trouble.known = by_version(found)
            raise trouble
        return by_version(found)

    def _new_clients(self) -> Sequence[tuple[str, RegistryClient]]:
        return [(each.name, self._registries.client(each)) for each in self._registries.all()]

    def _only(self, name: str, ask: Callable[[RegistryClient], T]) -> T:
        """The answer of the one registry that has the name."""
        return ask(self._holder(name)[1])

    def _holder(self, name: str) -> tuple[str, RegistryClient]:
        having = [(where, client) for where, client in self._clients if client.has(name)]
        if len(having) > 1:
            raise RegistryRefused(
                f"{name} is in the registries {' and '.join(where for where, _ in having)}, and may be two plugins; "
                "remove one of them with sniper registry remove"
            )
        if having:
            return having[0]
        asked = ", ".join(where for where, _ in self._clients)
        if asked:
            raise ReleaseUnknown(f"there is no {name} in {asked}; sniper plugins search finds what there is")
        raise ReleaseUnknown(f"nobody can be asked for {name}: no registry was added; sniper registry add does")


class _Answer:
    """What one registry says, asked in a thread that nobody has to wait for.

    over   It has answered, or failed.
    """

    def __init__(self, client: RegistryClient) -> None:
        self.over = threading.Event()
        self._revoked: tuple[Revocation, ...] = ()
        self._error: Exception | None = None
        threading.Thread(target=self._ask, args=(client,), name="registry", daemon=True).start()

    def get(self, name: str, within_s: float) -> tuple[Revocation, ...]:
        """What is there by now. Raises `RegistryError`."""
        if not self.over.is_set():
            raise RegistryUnreachable(f"the registry {name} has not answered within {within_s:g} s")
        if isinstance(self._error, RegistryError):
            raise self._error
        if self._error is not None:
            raise RegistryUnreachable(
                f"the registry {name} cannot be asked: {type(self._error).__name__}: {said(self._error)}"
            ) from self._error
        return self._revoked

    def _ask(self, client: RegistryClient) -> None:
        try:
            self._revoked = client.revoked()
        except Exception as error:  # raised in the thread that asks for it
            self._error = error
        self.over.set()
