"""The files of a repository on disk, and the one way in which they change.

What is committed is what ``timestamp.json`` leads to. Everything else is written before it, under names that nobody
asks for yet, so a process that is killed at any point leaves the old repository, whole.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from sniper.errors import said
from sniper_registry.errors import RepositoryUnusable
from sniper_registry.places import METADATA, PACKAGES, SIMPLE, TARGETS, hashed

S = TypeVar("S", Root, Snapshot, Targets, Timestamp)
_PART: Final = ".part"


class Tree:
    """Reads and writes below ``directory``. Raises `RepositoryUnusable` for what is missing or is no metadata."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def exists(self) -> bool:
        return (self.directory / METADATA / "timestamp.json").is_file()

    def root(self) -> Metadata[Root]:
        """The newest root."""
        versions = [
            int(file.name.partition(".")[0])
            for file in (self.directory / METADATA).glob("*.root.json")
            if file.name.partition(".")[0].isdigit()
        ]
        if not versions:
            raise RepositoryUnusable(f"{self.directory} holds no repository; sniper registry init makes one")
        return self._read(f"{max(versions)}.root.json", Root)

    def timestamp(self) -> Metadata[Timestamp]:
        return self._read("timestamp.json", Timestamp)

    def snapshot(self) -> Metadata[Snapshot]:
        return self._read(f"{self.timestamp().signed.snapshot_meta.version}.snapshot.json", Snapshot)

    def role(self, name: str, version: int) -> Metadata[Targets]:
        return self._read(f"{version}.{name}.json", Targets)

    def target(self, path: str, sha256: str) -> bytes:
        """A target's bytes as they lie there; whoever needs to be sure verifies them."""
        file = self.directory / TARGETS / hashed(path, sha256)
        try:
            return file.read_bytes()
        except OSError as error:
            raise RepositoryUnusable(f"{file} cannot be read: {error.strerror}; restore it from a mirror") from error

    def write_target(self, path: str, sha256: str, data: bytes) -> None:
        """Put a target below ``targets/``; what is under ``files/`` is linked into ``packages/``, for the pages."""
        file = self.directory / TARGETS / hashed(path, sha256)
        write(file, data)
        if path.startswith("files/") and not path.endswith(".json"):
            link = self.directory / PACKAGES / path.removeprefix("files/")
            link.parent.mkdir(parents=True, exist_ok=True)
            part = _part(link)
            os.link(file, part)
            part.replace(link)

    def keep_packages(self, signed: Container[str]) -> None:
        """Remove from ``packages/`` what is not among these paths below it."""
        for file in sorted((self.directory / PACKAGES).rglob("*")):
            path = file.relative_to(self.directory / PACKAGES).as_posix()
            if not file.is_dir() and path not in signed:
                file.unlink()

    def remove_pages(self, name: str) -> None:
        """Remove the pages of a distribution that has no release any more."""
        shutil.rmtree(self.directory / SIMPLE / name, ignore_errors=True)

    def write_metadata(self, name: str, metadata: Metadata[S]) -> None:
        write(self.directory / METADATA / name, metadata.to_bytes())

    def write_page(self, path: str, text: str) -> None:
        write(self.directory / SIMPLE / path, text.encode())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One writer at a time, on this machine."""
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self, name: str, kind: type[S]) -> Metadata[S]:
        file = self.directory / METADATA / name
        try:
            metadata: Metadata[S] = Metadata.from_bytes(file.read_bytes())
        except OSError as error:
            raise RepositoryUnusable(f"{file} cannot be read: {error.strerror}; restore it from a mirror") from error
        except (DeserializationError, RepositoryError) as error:
            raise RepositoryUnusable(f"{file} is no metadata: {said(error)}; restore it from a mirror") from error
        if not isinstance(metadata.signed, kind):
            raise RepositoryUnusable(f"{file} is metadata of the role {metadata.signed.type}; restore it from a mirror")
        return metadata


def write(file: Path, data: bytes) -> None:
    """Put a whole file in place of whatever is there, durably. Of several who write it at once the last one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = _part(file)
    try:
        with part.open("xb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _part(file: Path) -> Path:
    """Where a file is made before it takes its place: nobody else writes there."""
    return file.with_name(f".{file.name}.{secrets.token_hex(6)}{_PART}")
