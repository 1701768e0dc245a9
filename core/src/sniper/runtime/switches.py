"""The kill switch of everyone, and one of each account: files beside the queues.

An account stands at the more severe of ``<data dir>/kill-switch`` and ``<data dir>/accounts/<name>/kill-switch``; both
are read before each transaction leaves. The signer is told the level of everyone, and may look at that file itself.
"""

import contextlib
from pathlib import Path
from typing import Final

from sniper.errors import ConfigError
from sniper.runtime.kill import KillFile
from sniper.types import KillLevel

EVERYONE: Final = "*"
SEVERITY: Final = tuple(KillLevel)
"""Mildest first."""


class Switches:
    """All kill switches of one run. Works without a run: the next one obeys what it finds."""

    def __init__(self, data_dir: Path) -> None:
        self.everyone = KillFile(data_dir)
        self._directory = data_dir
        self._own: dict[str, KillFile] = {}
        self._tripped: dict[str, KillLevel] = {}
        """Levels of breakers that could not be written: they hold as long as this process."""

    def own(self, account: str) -> KillLevel:
        """What is set for this account alone, or (``*``) for everyone."""
        level = self._file(account).level()
        return max(level, self._tripped[account], key=SEVERITY.index) if account in self._tripped else level

    def level(self, account: str) -> KillLevel:
        """Where the account stands."""
        return max(self.everyone.level(), self.own(account), key=SEVERITY.index)

    def set(self, account: str, level: KillLevel) -> None:
        """Set that of one account, or (``*``) of everyone. Raises `ConfigError` where it cannot be written."""
        self._tripped.pop(account, None)
        file = self._file(account)
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"the kill switch cannot be written to {file.path}: {error.strerror}") from error
        file.set(level)

    def trip(self, account: str, level: KillLevel) -> None:
        """A breaker pulls that of one account, and never lowers it. Raises as `set`; it holds all the same, until a
        person sets another level or the process ends."""
        stands = self.own(account)
        if SEVERITY.index(level) <= SEVERITY.index(stands) and account not in self._tripped:
            return
        level = max(level, stands, key=SEVERITY.index)
        try:
            self.set(account, level)
        except ConfigError:
            self._tripped[account] = level
            file = self._file(account)
            if file.level() is KillLevel.OFF:
                # It would tell the next start that a person had lowered this; one that is missing lets it be written.
                with contextlib.suppress(OSError):  # the caller is told already that nothing can be written there
                    file.path.unlink(missing_ok=True)
            raise

    def path(self, account: str) -> Path:
        """The file of one account, or (``*``) of everyone."""
        return self._file(account).path

    def _file(self, account: str) -> KillFile:
        if account == EVERYONE:
            return self.everyone
        found = self._own.get(account)
        if found is None:
            found = self._own[account] = KillFile(self._directory / "accounts" / account)
        return found
