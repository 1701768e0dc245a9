"""The kill switch beside the queues: a file that signer and executor read before each transaction.

It works with full queues and a busy kernel, and it survives a restart. One line: the level.
"""

import os
from pathlib import Path

from sniper.errors import ConfigError
from sniper.executor import Submission
from sniper.types import KillLevel

FILE = "kill-switch"


class KillFile:
    """Reads and writes ``<data dir>/kill-switch``. A file that cannot be read or understood stops everything."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        self._name = str(self.path)
        self._seen = (-1, -1, -1)
        self._level = KillLevel.OFF

    def level(self) -> KillLevel:
        """The level now. Costs one ``stat`` while the file does not change."""
        try:
            found = os.stat(self._name)
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen != self._seen:
                text = self.path.read_text(errors="replace").strip()
                self._level = KillLevel(text) if text in {level.value for level in KillLevel} else KillLevel.FREEZE
                self._seen = seen
        except FileNotFoundError:
            return KillLevel.OFF
        except OSError:
            return KillLevel.FREEZE
        return self._level

    def set(self, level: KillLevel) -> None:
        """Write it so that a crash leaves the old level or the new one. It holds from the renaming on, and a power
        failure does not undo it once this returns; one before it may leave an empty file, which stops everything."""
        temporary = self.path.with_suffix(".tmp")
        try:
            temporary.write_text(level.value + "\n")
            os.replace(temporary, self.path)
            for path in (self.path, self.path.parent):
                _sync(path)
        except OSError as error:
            raise ConfigError(f"the kill switch cannot be written to {self.path}: {error.strerror}") from error


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def refusal(level: KillLevel, purpose: str) -> str:
    """Why a transaction of this purpose must not leave at this level; empty where it may."""
    if level is KillLevel.FREEZE and purpose != "cancel":
        return "the kill switch is at freeze"
    if level in (KillLevel.NO_ENTRIES, KillLevel.FLATTEN) and purpose == "entry":
        return f"the kill switch is at {level.value}"
    return ""


def withheld(level: KillLevel, submission: Submission) -> str:
    """The same of a submission, which takes with it what stands before it in its plan: an approval must not carry the
    entry along that may not leave by itself."""
    refused = (refusal(level, each.purpose) for each in (*submission.before, submission))
    return next(filter(None, refused), "")
