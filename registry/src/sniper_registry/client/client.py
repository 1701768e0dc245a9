"""One registry, as a trader sees it: what its root proves, and nothing else."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from urllib.parse import quote

import msgspec
from packaging.version import InvalidVersion, Version
from tuf.api.metadata import TargetFile, Targets

from sniper.errors import said
from sniper.index import (
    Found,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    Release,
    ReleaseRevoked,
    ReleaseUnknown,
    Revocation,
)
from sniper_registry.client.fetching import PATIENCE_S, KeptFetcher, fetcher_for
from sniper_registry.client.memory import Memory, by_version
from sniper_registry.client.trusted import Trusted, judged
from sniper_registry.places import (
    AWARDS,
    CATALOGUE,
    INDEX_ROLE,
    LONGEST_LIST,
    LONGEST_NOTE,
    LONGEST_WHEEL,
    REVOKED,
    checks_path,
    file_path,
    is_target,
    is_wheel_of,
    owned_by,
    publisher_of,
    release_path,
    results_path,
    version_of,
)

D = TypeVar("D")


class RegistryClient:
    """The registry at ``where`` (an address, or a directory that holds it or a mirror), with what is kept in
    ``directory``.

    The first thing that ``directory`` holds is the root that the trader trusts: `trust` puts it there, and nothing is
    read from anybody before that.

    clock       Seconds since 1970, by which metadata expire.
    patience_s  How long an answer may take besides the time that its bytes need.

    One look: what `refresh` found holds until it is called again. Without it the first question refreshes; where the
    registry cannot be reached, what was kept answers as long as it has not expired, and ``offline`` says so.
    """

    def __init__(
        self,
        where: str | Path,
        directory: Path,
        *,
        clock: Callable[[], float] = time.time,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.where = str(where)
        self.directory = directory
        self.offline = False
        self._kept = directory / "metadata"
        self._clock = clock
        self._fetcher = fetcher_for(self.where, patience_s=patience_s)
        self._memory = Memory(directory / "seen.json")
        self._trusted: Trusted | None = None

    @property
    def fetched(self) -> int:
        """Bytes that came from the registry so far."""
        return self._fetcher.fetched

    @property
    def expires(self) -> datetime:
        """Until when what it says may be used without asking again."""
        return self._look().expires

    def close(self) -> None:
        """Let go of the connection."""
        self._fetcher.close()

    @property
    def trusts(self) -> bool:
        """Whether there is a root that it begins with."""
        return (self._kept / "root.json").exists()

    def trust(self, root: bytes) -> None:
        """Begin with this root, in a directory that trusts none, and refresh. Raises as `refresh`; nothing is kept
        then."""
        if self.trusts:
            raise RegistryRefused(f"{self.directory} trusts a root already; name another folder")
        with self._turn():
            try:
                with judged(self.where):
                    trusted = Trusted(self.where, self._kept, self._fetcher, self._clock, root)
                    trusted.refresh()
            except BaseException:
                for file in sorted(self._kept.rglob("*"), reverse=True):
                    file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
                raise
        self._trusted, self.offline = trusted, False

    def refresh(self) -> None:
        """Look at what the registry says now. Raises `RegistryUnreachable` and `RegistryRefused`; what was known
        stays."""
        with judged(self.where), self._turn():
            trusted = self._start(Trusted(self.where, self._demand_root(), self._fetcher, self._clock))
        self._trusted, self.offline = trusted, False

    def search(self, text: str) -> tuple[Found, ...]:
        """As `sniper.index.Index.search`."""
        words = text.lower().split()
        found = self._list(INDEX_ROLE, CATALOGUE, list[Found])
        return tuple(each for each in found if all(word in f"{each.name} {each.summary}".lower() for word in words))

    def releases(self, name: str) -> tuple[Release, ...]:
        """As `sniper.index.Index.releases`."""
        role, publisher = self._owner(name)
        versions = self._versions(role, publisher, name)
        found = tuple(self._release(role, publisher, name, version) for version in versions)
        self._memory.note(found)
        return self._levelled(found)

    def find(self, name: str, version: str | None = None) -> Release:
        """As `sniper.index.Index.find`."""
        role, publisher = self._owner(name)
        versions, revoked = self._versions(role, publisher, name), self.revoked()
        bad = {each.version: each for each in revoked if each.name == name}
        if version is None:
            final = [each for each in versions if not Version(each).is_prerelease]
            if not final:
                raise ReleaseUnknown(
                    f"{name} has only pre-releases ({', '.join(versions)}); name the one that you want"
                )
            version = next((each for each in reversed(final) if each not in bad), final[-1])
        if version in bad:
            raise _revoked(bad[version])
        if version not in versions:
            raise ReleaseUnknown(f"{name} has no version {version}; it has {', '.join(versions)}")
        release = self._release(role, publisher, name, version)
        self._demand_allowed(release, revoked)
        self._memory.note([release])
        return self._levelled((release,))[0]

    def fetch(self, release: Release, into: Path) -> Path:
        """As `sniper.index.Index.fetch`."""
        role, publisher = self._owner(release.name)
        if release.version not in self._versions(role, publisher, release.name):
            raise ReleaseUnknown(f"{release.name} has no version {release.version} at {self.where}")
        known = self._release(role, publisher, release.name, release.version)
        if (known.sha256, known.filename) != (release.sha256, release.filename):
            raise RegistryRefused(f"{release.name} {release.version} is another wheel at {self.where} than asked for")
        self._demand_allowed(known, self.revoked())
        target = role.targets[file_path(known.name, known.filename)]
        part, whole = into / f".{known.filename}.part", into / known.filename
        look = self._look()
        try:
            with judged(self.where):
                look.download_target(target, str(part))
            return part.replace(whole)
        finally:
            part.unlink(missing_ok=True)

    def results(self, release: Release) -> bytes | None:
        """What the registry computed of a strategy's release, as JSON; None: nothing."""
        return self._of_index(results_path(release.name, release.version))

    def checks(self, release: Release) -> bytes | None:
        """What the registry's review found out by running a release, as JSON; None: nothing."""
        return self._of_index(checks_path(release.name, release.version))

    def _of_index(self, path: str) -> bytes | None:
        role = self._role(INDEX_ROLE)
        return self._target(role, path, LONGEST_NOTE) if path in role.targets else None

    def revoked(self) -> tuple[Revocation, ...]:
        """As `sniper.index.Index.revoked`."""
        found = by_version(self._list("targets", REVOKED, tuple[Revocation, ...]))
        try:
            with judged(self.where):
                self._memory.hear(found)
        except RegistryUnreachable as error:  # it was heard, and could not be kept
            error.known = found
            raise
        return found

    def remembered(self) -> tuple[Revocation, ...]:
        """The revocations that were heard of before, whatever the registry says now."""
        return self._memory.revoked()

    def has(self, name: str) -> bool:
        """Whether somebody owns the name here. Raises `RegistryUnreachable` and `RegistryRefused`."""
        return bool(self._owners(name))

    # What a mirror needs.

    @property
    def files(self) -> int:
        """How many files came from the registry so far."""
        return self._fetcher.files

    def roles(self) -> Iterator[tuple[Targets, str]]:
        """All roles that name targets, verified, with their names."""
        yield self._role("targets"), "targets"
        look = self._look()
        for name in look.delegated():
            if f"{name}.json" in look.snapshot.meta:
                yield self._role(name), name

    def names_of(self, role: str) -> list[str]:
        """The distributions that a publisher's role may sign, each of which belongs to nobody else."""
        owned = [owned_by(pattern) for pattern in self._look().delegated()[role].paths or ()]
        names = [name for name in owned if name is not None]
        for name in names:
            self._owner(name)
        return names

    def download(self, target: TargetFile) -> bytes:
        """A target's bytes, verified."""
        look = self._look()
        with judged(self.where), TemporaryDirectory(prefix="sniper-mirror-") as folder:
            return Path(look.download_target(target, str(Path(folder) / "target"))).read_bytes()

    def signed_files(self) -> Iterator[tuple[str, bytes]]:
        """The metadata of this state as they were signed, under the names that a repository has them under, in an
        order in which they may be written: the timestamp last."""
        look = self._look()
        versions = {name.removesuffix(".json"): info.version for name, info in look.snapshot.meta.items()}
        for _, name in self.roles():
            yield f"{versions[name]}.{name}.json", (self._kept / f"{quote(name, '')}.json").read_bytes()
        yield f"{look.snapshot.version}.snapshot.json", (self._kept / "snapshot.json").read_bytes()
        history = self._kept / "root_history"
        for file in sorted(history.glob("*.root.json"), key=lambda each: int(each.name.split(".")[0])):
            yield file.name, file.read_bytes()
        yield "timestamp.json", (self._kept / "timestamp.json").read_bytes()

    # Who says what.

    def _owners(self, name: str) -> list[str]:
        """The roles that may sign a distribution. Whoever was given more or less than whole names owns nothing."""
        owners = []
        for role in self._look().delegated().values():
            owned = [owned_by(pattern) for pattern in role.paths or ()]
            if publisher_of(role.name) is None:
                continue
            if None in owned or role.path_hash_prefixes is not None:
                raise RegistryRefused(
                    f"{self.where} lets {role.name} sign {role.paths}, and not only files of its own names; tell its "
                    "operator"
                )
            owners += [role.name] * (name in owned)
        return owners

    def _owner(self, name: str) -> tuple[Targets, str]:
        """The role that signs a distribution, and its publisher. Exactly one may be delegated its files."""
        owners = self._owners(name)
        if len(owners) > 1:
            raise RegistryRefused(
                f"{name} belongs to {' and '.join(owners)} at once at {self.where}, so nobody can say whose it is; "
                "tell the registry's operator"
            )
        publisher = publisher_of(owners[0]) if owners else None
        if publisher is None:
            raise ReleaseUnknown(f"there is no {name} at {self.where}; sniper plugins search finds what there is")
        return self._role(owners[0], name), publisher

    def _role(self, role: str, name: str = "") -> Targets:
        look = self._look()
        with judged(self.where), self._turn():
            found = look.operator if role == "targets" else look.role(role)
        if found is None:
            raise ReleaseUnknown(f"nothing of {name or role} is published at {self.where}")
        return found

    def _versions(self, role: Targets, publisher: str, name: str) -> list[str]:
        """The versions that a publisher signed, oldest first."""
        found = [version for path in role.targets if (version := version_of(path, name)) is not None]
        try:
            found.sort(key=Version)
        except InvalidVersion as error:
            raise RegistryRefused(f"{name} at {self.where} has a release that is no version: {said(error)}") from error
        self._memory.check(name, publisher, found, self.revoked())
        if not found:
            raise ReleaseUnknown(f"{name} has no release at {self.where}")
        return found

    def _release(self, role: Targets, publisher: str, name: str, version: str) -> Release:
        path = release_path(name, version)
        try:
            release = msgspec.json.decode(self._target(role, path, LONGEST_NOTE), type=Release)
        except msgspec.DecodeError as error:
            raise RegistryRefused(f"{path} of {publisher} cannot be read: {said(error)}; ask the publisher") from error
        wheel = (
            role.targets.get(file_path(name, release.filename))
            if is_wheel_of(release.filename, name, version)
            else None
        )
        if (
            wheel is None
            or (release.name, release.version, release.publisher, release.level) != (name, version, publisher, "")
            or (wheel.hashes, wheel.length) != ({"sha256": release.sha256}, release.size)
            or release.size > LONGEST_WHEEL
        ):
            raise RegistryRefused(
                f"the release {version} of {name} is not what {publisher} signed it to be: its description names "
                "another name, version, publisher or wheel; ask the publisher"
            )
        return release

    def _levelled(self, releases: tuple[Release, ...]) -> tuple[Release, ...]:
        awards = self._list(INDEX_ROLE, AWARDS, dict[str, dict[str, str]])
        return tuple(
            msgspec.convert(
                {**msgspec.to_builtins(each), "level": awards.get(each.name, {}).get(each.version, "")}, Release
            )
            for each in releases
        )

    def _demand_allowed(self, release: Release, revoked: tuple[Revocation, ...]) -> None:
        for each in revoked:
            if each.sha256 == release.sha256 or (each.name, each.version) == (release.name, release.version):
                raise _revoked(each)

    # How it comes here.

    def _list(self, role: str, path: str, kind: type[D]) -> D:
        try:
            return msgspec.json.decode(self._target(self._role(role), path, LONGEST_LIST), type=kind)
        except msgspec.DecodeError as error:
            raise RegistryRefused(f"{path} at {self.where} cannot be read: {said(error)}; tell its operator") from error

    def _target(self, role: Targets, path: str, most: int) -> bytes:
        """The bytes of a small target: as kept, where that is what is signed, else fetched and kept."""
        target = role.targets.get(path)
        if target is None:
            raise RegistryRefused(f"{self.where} has no {path}, which every registry has; tell its operator")
        if not is_target(path) or target.length > most:
            raise RegistryRefused(f"{path} at {self.where} is no target of {target.length} bytes that could be taken")
        look = self._look()
        with judged(self.where), self._turn():
            return self._kept_or_fetched(look, target)

    def _kept_or_fetched(self, look: Trusted, target: TargetFile) -> bytes:
        file = self.directory / "targets" / quote(target.path, "")
        if look.find_cached_target(target, str(file)) is None:
            part = file.with_name(f"{file.name}.part")
            look.download_target(target, str(part))
            part.replace(file)
        return file.read_bytes()

    def _look(self) -> Trusted:
        if self._trusted is None:
            try:
                self.refresh()
            except RegistryUnreachable as error:
                self._trusted, self.offline = self._offline(error), True
        assert self._trusted is not None
        return self._trusted

    def _offline(self, why: RegistryUnreachable) -> Trusted:
        kept = self._demand_root()
        try:
            with judged(self.where), self._turn():
                return self._start(Trusted(self.where, kept, KeptFetcher(kept), self._clock))
        except RegistryError as error:
            raise RegistryUnreachable(f"{why}; what was kept of it is too old, or not whole ({said(error)})") from why

    @staticmethod
    def _start(trusted: Trusted) -> Trusted:
        trusted.refresh()
        return trusted

    def _demand_root(self) -> Path:
        if not self.trusts:
            raise RegistryRefused(
                f"{self.where} is not trusted: sniper registry add {self.where} says by which root it is"
            )
        return self._kept

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time: tuf keeps its metadata as if it were alone."""
        self.directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _revoked(revocation: Revocation) -> ReleaseRevoked:
    return ReleaseRevoked(
        f"{revocation.name} {revocation.version} was revoked: {revocation.reason}; take another version, or remove it"
    )
