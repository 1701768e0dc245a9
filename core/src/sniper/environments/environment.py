"""An environment: the directory that holds one release of a plugin and what it depends on, and what is known of it."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from sniper import specs
from sniper.errors import PluginError
from sniper.plugin import Frozen
from sniper.specs import Spec

ISOLATED_KINDS = frozenset({"amm", "risk", "strategy"})
"""Kinds that can run in a worker. Every other one needs the trader's explicit trust."""

RECORD = "environment.json"
SITE = "site"
MANIFEST = "manifest.txt"
WHEELS = "wheels"


class Offered(Frozen, kw_only=True, array_like=False):
    """One extension as the plugin described it in a worker; data alone, nothing of it was imported here.

    type    Name of the spec's class in `sniper.specs`. ``spec`` holds its fields.
    schema  JSON schema of its config section; empty where it takes no keys.
    traits  What the kernel must know of its class, see `sniper.isolation`.
    """

    type: str
    spec: dict[str, Any]  # Any: plain data, checked by `parsed`
    schema: dict[str, Any] = {}
    traits: dict[str, Any] = {}

    def parsed(self) -> Spec[Any]:
        """The spec. Raises `PluginError` where this sniper knows no such spec or field."""
        found = getattr(specs, self.type, None)
        if not (isinstance(found, type) and issubclass(found, Spec) and found is not Spec):
            raise PluginError(f"{self.type!r} is no spec of sniper; upgrade sniper-core, or install another release")
        try:
            parsed: Spec[Any] = msgspec.convert(self.spec, found)
        except msgspec.ValidationError as error:
            raise PluginError(f"{self.type}: {error}; install a release that was made for this sniper") from error
        return parsed


class Environment(Frozen, kw_only=True, array_like=False):
    """One release on the shelf.

    version, sha256  Of the release; the hash is that of its wheel, whose file name is ``wheel``.
    modules          What its entry points name: imported in workers, and nowhere else.
    requires         Its own ``Requires-Dist``.
    lock             Its dependencies that the host does not provide: pinned lines of requirements with hashes.
    manifest_sha256  Of the list of all installed files, ``manifest.txt``.
    permissions      What the trader granted when it was installed: all that its specs ask for.
    publisher        Who signed the release; empty where nobody did (a wheel, a directory, a repository).
    root             By which that publisher is known, see `sniper.index.Index.root`.
    source           Where it came from: ``registry``, ``wheel``, ``path`` or ``git+<url>@<commit>``.
    native           Whether it holds machine code.
    level            Bronze to platinum as the registry awarded it, or empty.
    offered          What it described itself as, in a worker.
    path             Directory of the environment; not kept in the file, for a shelf may be moved.
    """

    distribution: str
    version: str
    sha256: str
    wheel: str
    modules: tuple[str, ...]
    requires: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    publisher: str = ""
    root: str = ""
    source: str = "wheel"
    level: str = ""
    licence: str = ""
    native: bool = False
    summary: str = ""
    offered: tuple[Offered, ...] = ()
    manifest_sha256: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"

    @property
    def directory(self) -> Path:
        return Path(self.path)

    @property
    def site(self) -> Path:
        """What workers import from, after the standard library and what the host provides."""
        return self.directory / SITE

    @property
    def kept_wheel(self) -> Path:
        """The wheel as it was installed: `sniper plugins verify` reads it again, and a mirror is filled from it."""
        return self.directory / WHEELS / self.wheel

    @property
    def paths(self) -> tuple[str, ...]:
        """Directories that its workers import from, and may read."""
        return (str(self.site),)

    @property
    def code(self) -> str:
        """What the manifest of an epoch, and the trader's trust, say of its code: hex SHA-256 of the wheel's hash and
        the lock."""
        return hashlib.sha256("\n".join((self.sha256, *self.lock)).encode()).hexdigest()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(each.parsed().kind for each in self.offered)

    def schema(self, kind: str, name: str) -> dict[str, Any]:
        """JSON schema of the section of one extension; Any: JSON. Raises `PluginError` where there is no such one."""
        for each in self.offered:
            spec = each.parsed()
            if (spec.kind, spec.name) == (kind, name):
                return each.schema
        raise PluginError(f"{self} offers no {kind} {name!r}; see sniper plugins info {self.distribution}")


def read(directory: Path) -> Environment:
    """The environment in a directory. Raises `PluginError` where its record is missing or damaged, or names what this
    sniper does not know."""
    file = directory / RECORD
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Environment)
        for each in found.offered:
            each.parsed()
    except (OSError, msgspec.DecodeError, PluginError) as error:
        raise PluginError(
            f"{file}: cannot be read ({error}); install the plugin again, or uninstall it: sniper plugins uninstall"
        ) from error
    return msgspec.structs.replace(found, path=str(directory))  # type: ignore[type-var]  # a msgspec struct


def write(environment: Environment, directory: Path) -> None:
    """Keep what is known of an environment beside it."""
    kept = msgspec.structs.replace(environment, path="")  # type: ignore[type-var]  # a msgspec struct
    (directory / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
