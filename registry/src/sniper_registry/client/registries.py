"""The registries that this user trusts: a folder for each, with its address and all that was learned from it."""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from sniper.errors import said
from sniper.index import RegistryError, RegistryRefused, RegistryUnreachable
from sniper.plugin import Frozen
from sniper_registry.client.client import RegistryClient
from sniper_registry.client.fetching import PATIENCE_S, fetcher_for, is_address
from sniper_registry.client.trusted import judged
from sniper_registry.places import LONGEST_ROOT, METADATA
from sniper_registry.repository.tree import write

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
_MOST_ROOTS: Final = 256


class Registry(Frozen, kw_only=True, array_like=False):
    """A registry that was added.

    where     Its address, or the directory that holds it. It may change: whom one trusts is told by ``root``.
    root      SHA-256 of the root that trust began with.
    added_at  Nanoseconds UTC.
    """

    name: str
    where: str
    root: str
    added_at: int


class Registries:
    """Those in ``home``: ``$SNIPER_REGISTRIES``, or ``sniper/registries`` in the user's data directory."""

    def __init__(
        self, home: Path | None = None, *, clock: Callable[[], float] = time.time, patience_s: float = PATIENCE_S
    ) -> None:
        self._home = home or _home()
        self._clock, self._patience_s = clock, patience_s

    def all(self) -> tuple[Registry, ...]:
        """By name. Raises `RegistryError` where one of them cannot be read."""
        return tuple(self._read(file) for file in sorted(self._home.glob("*/registry.json")))

    def get(self, name: str) -> Registry:
        """One of them. Raises `RegistryError`."""
        for registry in self.all():
            if registry.name == name:
                return registry
        names = ", ".join(each.name for each in self.all()) or "none"
        raise RegistryError(f"there is no registry {name!r}; added are: {names}")

    def client(self, registry: Registry) -> RegistryClient:
        """Who asks it."""
        return RegistryClient(
            registry.where, self._home / registry.name, clock=self._clock, patience_s=self._patience_s
        )

    def add(self, where: str, *, root: bytes | None = None, fingerprint: str | None = None, name: str = "") -> Registry:
        """Trust the registry at ``where`` from this root on, or from that one of its roots that has this SHA-256.

        Where the same root is trusted already, its registry moves to this address: a mirror, or a new home. Raises
        `RegistryRefused`, also where the address shows another registry than the root is of, and `RegistryUnreachable`;
        nothing is changed then.
        """
        where = located(where)
        if root is None:
            root = root_with(where, fingerprint or "", patience_s=self._patience_s)
        digest = hashlib.sha256(root).hexdigest()
        known = next((each for each in self.all() if each.root == digest), None)
        name = known.name if known else name or _name_of(where)
        if not _NAME.fullmatch(name):
            raise RegistryError(f"{name!r} cannot be the name of a registry; give another one with --name")
        registry = Registry(name=name, where=where, root=digest, added_at=int(self._clock() * 10**9))
        folder = self._home / name
        client = self.client(registry)
        try:
            if known:
                client.refresh()
            elif folder.exists():
                raise RegistryError(f"a registry {name} was added already; give another name with --name, or remove it")
            else:
                folder.mkdir(parents=True)
                client.trust(root)
        except RegistryError:
            if not known and not (folder / "registry.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            client.close()
        write(folder / "registry.json", msgspec.json.encode(registry))
        return registry

    def remove(self, name: str) -> None:
        """Trust it no longer, and forget what was seen there. Raises `RegistryError`."""
        shutil.rmtree(self._home / self.get(name).name)

    def _read(self, file: Path) -> Registry:
        try:
            return msgspec.json.decode(file.read_bytes(), type=Registry)
        except (OSError, msgspec.DecodeError) as error:
            raise RegistryError(
                f"{file} cannot be read: {said(error)}; remove {file.parent} and add it anew"
            ) from error


def located(where: str) -> str:
    """An address without its last slash, or a whole path."""
    return where.rstrip("/") if is_address(where) else str(Path(where).absolute())


def root_of(where: str, file: Path | None, fingerprint: str | None) -> bytes:
    """The root that is to be trusted: a file's, or that one of the registry that has this fingerprint. Raises
    `RegistryRefused` unless exactly one of them is told."""
    if (file is None) == (fingerprint is None):
        raise RegistryRefused(
            f"say by which root {where} is trusted: --root FILE, or --fingerprint with the SHA-256 that its operator "
            "tells on another way than this address; nothing is trusted unseen"
        )
    return read_root(file) if file else root_with(where, fingerprint or "")


def read_root(file: Path) -> bytes:
    """A root from a file. Raises `RegistryRefused`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise RegistryRefused(f"{file} cannot be read: {error.strerror}") from error


def root_with(where: str, fingerprint: str, *, patience_s: float = PATIENCE_S) -> bytes:
    """That root of a registry that has this SHA-256: the first one, or a later one. Raises `RegistryRefused`."""
    wanted = fingerprint.lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise RegistryRefused(f"{fingerprint!r} is no fingerprint; it is 64 hex digits, which the operator tells")
    fetcher = fetcher_for(where, patience_s=patience_s)
    version = 1
    try:
        while version < _MOST_ROOTS:
            with judged(where):
                root = fetcher.download_bytes(f"{where}/{METADATA}/{version}.root.json", LONGEST_ROOT)
            if hashlib.sha256(root).hexdigest() == wanted:
                return root
            version += 1
    except RegistryUnreachable:
        if version == 1:
            raise
    finally:
        fetcher.close()
    raise RegistryRefused(f"{where} has no root with the fingerprint {wanted}; ask its operator")


def _home() -> Path:
    told = os.environ.get("SNIPER_REGISTRIES")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Path(told) if told else data / "sniper" / "registries"


def _name_of(where: str) -> str:
    """The host of an address, or the last part of a path."""
    return (urlsplit(where).hostname or "") if is_address(where) else Path(where).name.lower()
