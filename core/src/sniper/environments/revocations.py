"""Releases that may not run any more: what the indexes said when they were asked last, kept beside the environments.

A revocation is never taken back, so what was known stays known, whatever an index says later or does not say.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sniper.environments.environment import Environment
from sniper.environments.shelf import replace_file
from sniper.errors import PluginError
from sniper.index import Revocation

FILE = "revocations.json"

_unwritten: dict[Path, tuple[Revocation, ...]] = {}
"""By shelf what this process heard and could not write: it counts here all the same."""


class ReleaseWithdrawn(PluginError):
    """An installed release was revoked: it is not used."""

    code = "release-withdrawn"


class Known(msgspec.Struct, frozen=True):
    """asked_at  When all indexes answered last; nanoseconds UTC, 0: never."""

    revoked: tuple[Revocation, ...] = ()
    asked_at: int = 0
    format: int = 1

    def plus(self, revoked: Iterable[Revocation], asked_at: int | None = None) -> "Known":
        """The same, and these."""
        together = {(each.name, each.version, each.sha256): each for each in (*self.revoked, *revoked)}
        ordered = tuple(together[key] for key in sorted(together))
        return Known(ordered, self.asked_at if asked_at is None else asked_at)

    def of(self, environment: Environment) -> Revocation | None:
        """That of a release: of the very wheel, or of its name and version, for another wheel may be the same code."""
        for each in self.revoked:
            if each.sha256 == environment.sha256:
                return each
            if (each.name, each.version) == (environment.distribution, environment.version):
                return each
        return None

    def demand_none(self, environment: Environment) -> None:
        """Raise `ReleaseWithdrawn` for a revoked release, with the reason and what to do."""
        found = self.of(environment)
        if found:
            raise ReleaseWithdrawn(
                f"{environment} was revoked: {_one_line(found.reason)}. It is not used. Look for a release without the "
                f"fault: sniper plugins upgrade {environment.distribution}; or take it away: sniper plugins uninstall "
                f"{environment.distribution}"
            )


def known(shelf: Path) -> Known:
    """What is known without asking anybody. Raises `PluginError` where the file is damaged."""
    kept = _read(shelf / FILE)
    return kept.plus(_unwritten.get(shelf, ()))


def _read(file: Path) -> Known:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Known)
    except FileNotFoundError:
        return Known()
    except (OSError, msgspec.DecodeError) as error:
        raise PluginError(
            f"{file}: cannot be read ({error}), so it is not known what was revoked; remove it, then ask the "
            "registries anew: sniper plugins verify"
        ) from error


def learn(shelf: Path, revoked: Iterable[Revocation], at: int | None) -> Known:
    """Add what an index said. ``at``: when, where all of them answered; None: some did not.

    Raises `PluginError` where the file is damaged or cannot be written; in this process what was said counts anyway.
    """
    _unwritten[shelf] = (*_unwritten.get(shelf, ()), *revoked)
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with _turn(shelf):
            before = _read(shelf / FILE)
            after = before.plus(_unwritten[shelf], before.asked_at if at is None else at)
            if after != before:
                replace_file(shelf / FILE, msgspec.json.format(msgspec.json.encode(after), indent=2) + b"\n")
    except OSError as error:
        raise PluginError(
            f"{shelf / FILE}: what was revoked cannot be kept ({error}), and counts for this process only; look at the "
            "rights of that folder, and at the room on its disk"
        ) from error
    del _unwritten[shelf]
    return after


@contextmanager
def _turn(shelf: Path) -> Iterator[None]:
    """One at a time reads, adds and writes."""
    descriptor = os.open(shelf, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text).strip()[:300].rstrip(".")
