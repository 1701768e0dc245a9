"""Write an index: where plugins come from, and which releases nobody may run any more.

Whatever an index hands out is judged by whoever signed it, never by who transports it. An index that cannot be reached
says so; one that gives what was not signed, or what is old, raises `RegistryRefused`: that is an attack or a fault, and
neither is a reason to install anything.

Everything here blocks and is called by commands and at the start of a run, never while trading.
"""

from abc import ABC, abstractmethod
from pathlib import Path

from sniper.errors import SniperError
from sniper.plugin import Frozen

__all__ = [
    "Found",
    "Index",
    "RegistryError",
    "RegistryRefused",
    "RegistryUnreachable",
    "Release",
    "ReleaseRevoked",
    "ReleaseUnknown",
    "Revocation",
]


class Release(Frozen, kw_only=True, array_like=False):
    """One version of a distribution: one wheel.

    sha256        Of the wheel, lower-case hex. ``size``: its bytes. ``filename``: as PEP 427 has it.
    publisher     Who signed it.
    permissions   All that its specs ask for, such as ``"network:api.acme.com"``.
    requires      Its dependencies, all of them and pinned: lines of requirements with hashes, without sniper-core.
    published_at  Nanoseconds UTC, as the publisher says.
    licence_key   Ed25519 public key, hex, by which licence files of a paid plugin are verified; empty: it is free.
    level         ``bronze`` to ``platinum``, or empty: awarded by the registry, never by the publisher.
    """

    name: str
    version: str
    filename: str
    sha256: str
    size: int
    publisher: str
    kind: str
    summary: str
    licence: str
    permissions: tuple[str, ...]
    requires: tuple[str, ...]
    published_at: int
    changelog: str = ""
    licence_key: str = ""
    level: str = ""


class Revocation(Frozen, kw_only=True, array_like=False):
    """A release that may not run. For ever: what is repaired gets a new version.

    at  Nanoseconds UTC.
    """

    name: str
    version: str
    sha256: str
    reason: str
    at: int


class Found(Frozen, kw_only=True, array_like=False):
    """What a search shows of a distribution: its newest release that is not revoked; a pre-release only where there is
    nothing else."""

    name: str
    version: str
    kind: str
    summary: str
    publisher: str
    licence: str
    level: str = ""


class RegistryError(SniperError, OSError):
    """A registry cannot be used as it was asked to.

    known  What is known of revocations all the same, where that was asked: of the registries that did answer, and of
           earlier answers.
    """

    code = "registry"
    known: tuple[Revocation, ...] = ()


class RegistryUnreachable(RegistryError, ConnectionError):
    """It does not answer, or does not have what its own lists name. Nothing is known of what was asked."""

    code = "registry-unreachable"


class RegistryRefused(RegistryError, PermissionError):
    """What it gave must not be used: it was changed on the way, is old, or was signed by somebody else."""

    code = "registry-refused"


class ReleaseUnknown(RegistryError, LookupError):
    """There is no such distribution, or no such version of it."""

    code = "release-unknown"


class ReleaseRevoked(RegistryRefused):
    """The release was revoked: it may neither be installed nor run."""

    code = "release-revoked"


class Index(ABC):
    """A source of plugins. Made without arguments; what it must know of registries, the trader told it by commands."""

    @abstractmethod
    def search(self, text: str) -> tuple[Found, ...]:
        """Distributions whose name or summary holds all words of ``text``, by name; all where it is empty.

        Raises `RegistryUnreachable` and `RegistryRefused`.
        """

    @abstractmethod
    def releases(self, name: str) -> tuple[Release, ...]:
        """All releases of a distribution, oldest version first, revoked ones too. Raises as `find`."""

    @abstractmethod
    def find(self, name: str, version: str | None = None) -> Release:
        """That release; without a version the newest that is neither revoked nor a pre-release.

        Raises `ReleaseUnknown`, `ReleaseRevoked`, `RegistryUnreachable` and `RegistryRefused`.
        """

    def root(self, name: str) -> str:
        """By which the publisher of a distribution is known: two of one name under two roots are two publishers. Empty
        where this index names each publisher once. Raises as `find`."""
        return ""

    @abstractmethod
    def fetch(self, release: Release, into: Path) -> Path:
        """Put the wheel into the directory ``into`` and return its path. A file that is not whole is never there.

        Raises as `find`.
        """

    @abstractmethod
    def revoked(self) -> tuple[Revocation, ...]:
        """All releases that may not run, as of now, by name and version. Raises `RegistryUnreachable` and
        `RegistryRefused`, which tell what is ``known`` all the same; whoever calls it goes on with that and with what
        was known before, and says how old it is.
        """
