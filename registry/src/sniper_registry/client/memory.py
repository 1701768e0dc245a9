"""What was seen of a registry here: a release may neither change nor disappear without being revoked, a name stays with
its publisher, and a revocation is for ever. So whoever steals keys cannot undo what a trader knows."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from packaging.version import InvalidVersion, Version

from sniper.errors import said
from sniper.index import RegistryRefused, Release, Revocation
from sniper.plugin import Frozen
from sniper_registry.repository.tree import write


class Seen(Frozen, kw_only=True, array_like=False):
    """``owners``: publisher by name. ``releases``: hash of the wheel by name and version."""

    owners: dict[str, str] = {}
    releases: dict[str, dict[str, str]] = {}
    revoked: tuple[Revocation, ...] = ()


class Memory:
    """Kept in ``file``. Several processes may share it: what one of them adds, no other one overwrites.

    Raises `RegistryRefused` where the file is damaged, and `OSError` where it cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def revoked(self) -> tuple[Revocation, ...]:
        """All revocations that were ever heard of."""
        return self._read().revoked

    def hear(self, revoked: Sequence[Revocation]) -> None:
        """Remember revocations. Raises `RegistryRefused` where one that was heard of is not among them."""
        now = {(each.name, each.version, each.sha256) for each in revoked}
        with self._turn():
            seen = self._read()
            for each in seen.revoked:
                if (each.name, each.version, each.sha256) not in now:
                    raise RegistryRefused(
                        f"{each.name} {each.version} was revoked ({each.reason}), and is so no longer, which cannot "
                        "be: the operator's keys may be in other hands; ask the operator"
                    )
            if len(now) > len(seen.revoked):
                self._write(Seen(owners=seen.owners, releases=seen.releases, revoked=by_version(revoked)))

    def check(self, name: str, publisher: str, versions: Iterable[str], revoked: Iterable[Revocation]) -> None:
        """Raise `RegistryRefused` where a name has another publisher than it had, or a release that was seen is
        gone."""
        seen = self._read()
        if (before := seen.owners.get(name, publisher)) != publisher:
            raise RegistryRefused(
                f"{name} belonged to {before} and belongs to {publisher} now, which cannot be: the operator's keys may "
                "be in other hands; ask the operator"
            )
        there = set(versions) | {each.version for each in revoked if each.name == name}
        if gone := sorted(set(seen.releases.get(name, {})) - there):
            raise RegistryRefused(
                f"{name} {', '.join(gone)} was there before, and is gone without having been revoked: its publisher's "
                "key may be in other hands; ask the publisher"
            )

    def note(self, releases: Sequence[Release]) -> None:
        """Remember releases. Raises `RegistryRefused` where one is not what it was."""
        with self._turn():
            seen = self._read()
            owners = {**seen.owners, **{each.name: each.publisher for each in releases}}
            known = {**seen.releases, **{each.name: dict(seen.releases.get(each.name, {})) for each in releases}}
            for release in releases:
                before = known[release.name].setdefault(release.version, release.sha256)
                if before != release.sha256:
                    raise RegistryRefused(
                        f"{release.name} {release.version} is another wheel than before ({release.sha256[:16]} instead "
                        f"of {before[:16]}), and a release never changes: its publisher's key may be in other hands; "
                        "ask the publisher"
                    )
            if (owners, known) != (seen.owners, seen.releases):
                self._write(Seen(owners=owners, releases=known, revoked=seen.revoked))

    def _read(self) -> Seen:
        try:
            seen = msgspec.json.decode(self._file.read_bytes(), type=Seen)
            by_version(seen.revoked)
        except FileNotFoundError:
            return Seen()
        except (OSError, msgspec.DecodeError) as error:
            raise RegistryRefused(
                f"{self._file} is damaged: {said(error)}; restore it, or remove it to forget all that was seen"
            ) from error
        return seen

    def _write(self, seen: Seen) -> None:
        write(self._file, msgspec.json.encode(seen, order="sorted"))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One at a time reads, changes and writes. A lock of its own: the client's is held while bytes come."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file.with_name(f".{self._file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def by_version(revoked: Iterable[Revocation]) -> tuple[Revocation, ...]:
    """The same by name and version. Raises `RegistryRefused` where a version is none."""
    return tuple(sorted(revoked, key=lambda each: (each.name, _version(each), each.sha256)))


def _version(revocation: Revocation) -> Version:
    try:
        return Version(revocation.version)
    except InvalidVersion as error:
        raise RegistryRefused(
            f"revoked was {revocation.version!r} of {revocation.name}, which is no version; tell the registry's "
            "operator"
        ) from error
