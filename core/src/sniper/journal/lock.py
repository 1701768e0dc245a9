"""Who writes a journal: a lock of the system, which ends with its process, and the tokens under which it was taken.

A process that was stopped keeps its lock. Who has taken over its leases may break it: the file is replaced by another
one, and whoever holds the old one finds out before anything that it wrote since has an effect (`Lock.demand`).
"""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sniper.errors import JournalError
from sniper.journal.sealed import sync_directory

__all__ = ["JournalTaken", "Lock"]

FILE: Final = "lock"


class JournalTaken(JournalError):
    """Another process has taken over the journal: nothing that this one writes is part of it any more."""

    code = "journal-taken"


class Lock:
    """The lock of a journal directory, which is made where it is missing.

    held    Whether this process has it. ``fences``: by account, under which tokens it was taken last, by whomever.
    broken  Whether it was taken from a process that still had it.
    """

    def __init__(self, directory: Path) -> None:
        """Take it, unless another process holds it. Raises `JournalError` for a file that cannot be read."""
        self.directory = directory
        self.broken = False
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / FILE
        self._fd, self.held = -1, False
        self.owner, self.fences = "", dict[str, int]()
        self.take()

    def take(self) -> bool:
        """Try again where another process had it; whether this one has it now. Raises as the constructor."""
        while not (self.held and self.current):
            self.close()
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.held = _locked(self._fd)
            if self.current:  # else it was replaced before it could be locked
                self.owner, self.fences = self._told()
                break
        return self.held

    @property
    def current(self) -> bool:
        """Whether the file is still the one that stands in the directory."""
        try:
            found, mine = self._path.stat(), os.fstat(self._fd)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)

    def demand(self) -> None:
        """Raise `JournalTaken` unless this process has it still, `JournalError` where it never had."""
        if not self.held:
            raise JournalError(f"{self.directory}: another process writes this journal; stop it first")
        if not self.current:
            raise JournalTaken(
                f"{self.directory}: another process has taken over this journal; this one must not decide or send "
                "anything further"
            )

    def declare(self, owner: str, fences: Mapping[str, int]) -> None:
        """Say under which tokens it is held from now on; durable when it returns. Raises `JournalError`."""
        self.demand()
        data = json.dumps({"owner": owner, "fences": dict(sorted(fences.items()))}).encode()
        try:
            # Padded, for one write that is never seen in parts: others read it without a lock.
            os.pwrite(self._fd, data.ljust(os.fstat(self._fd).st_size), 0)
            os.fsync(self._fd)
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}: free space or repair the disk") from error
        self.owner, self.fences = owner, dict(fences)

    def break_(self, fences: Mapping[str, int]) -> None:
        """Take it from the process that holds it, whose leases were taken over: ``fences`` must be higher than its own.

        Raises `JournalError`.
        """
        stays = sorted(name for name, token in self.fences.items() if fences.get(name, 0) <= token)
        if stays or not self.fences:
            why = f"its lease of account {stays[0]} was not taken over" if stays else "it holds no lease"
            raise JournalError(f"{self.directory}: another process writes this journal, and {why}; stop it first")
        unfinished = self._path.with_name(f"{FILE}.{os.getpid()}.tmp")
        unfinished.unlink(missing_ok=True)
        fd = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if not _locked(fd):
                raise JournalError(f"{unfinished}: somebody else locks it; remove it")
            os.pwrite(fd, json.dumps({"owner": self.owner, "fences": self.fences}).encode(), 0)
            os.fsync(fd)
            unfinished.rename(self._path)
            sync_directory(self.directory)
        except BaseException:
            os.close(fd)
            raise
        os.close(self._fd)
        self._fd, self.held, self.broken = fd, True, True

    def close(self) -> None:
        """Let go of it. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd, self.held = -1, False

    def _told(self) -> tuple[str, dict[str, int]]:
        data = os.pread(self._fd, 2**20, 0)
        if not data:
            return "", {}
        try:
            told = json.loads(data)
            return str(told["owner"]), {str(name): int(token) for name, token in told["fences"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            os.close(self._fd)
            raise JournalError(
                f"{self._path} does not say who wrote this journal last; see that nothing runs on it, and delete it"
            ) from error


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
