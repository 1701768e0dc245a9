"""The kill switch's file: beside the queues, so that it works when everything else is stuck."""

import os
import re
from pathlib import Path

from sniper.signer import KillLevel

_ORDER = tuple(KillLevel)
_LONGEST = 64
_ACCOUNT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MOST_ACCOUNTS = 1_000


def stricter(one: KillLevel, other: KillLevel) -> KillLevel:
    """The level that stops more."""
    return max(one, other, key=_ORDER.index)


class KillSwitchFile:
    """A file that holds the name of a level; no file means ``off``.

    What cannot be read means ``freeze``: somebody wanted to stop something, and it is not known what.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = str(path)
        self._seen: tuple[int, int, int] | None = None
        self._level = KillLevel.OFF

    def level(self) -> KillLevel:
        """The level right now. Costs one stat(2) while the file stays as it is."""
        try:
            status = os.stat(self._name)
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen != self._seen:
                # Every level's name has another length, so a change within one tick of the file's clock is seen, too.
                with self._path.open("rb") as file:
                    self._level = KillLevel(file.read(_LONGEST).decode("ascii").strip())
                self._seen = seen
        except FileNotFoundError:
            self._seen, self._level = None, KillLevel.OFF
        except (OSError, ValueError):
            self._seen, self._level = None, KillLevel.FREEZE
        return self._level


class KillSwitchFiles:
    """The file of everyone, and beside it ``accounts/<account>/`` with one of the same name for each account."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._everyone = KillSwitchFile(path)
        self._own: dict[str, KillSwitchFile] = {}

    def level(self, account: str) -> KillLevel:
        """The stricter of both, right now. What is no account's name has none of its own."""
        level = self._everyone.level()
        own = self._own.get(account)
        if own is None:
            if not _ACCOUNT.fullmatch(account):
                return level  # no path may be made of it
            if len(self._own) >= _MOST_ACCOUNTS:
                self._own.clear()
            own = self._own[account] = KillSwitchFile(self._path.parent / "accounts" / account / self._path.name)
        return stricter(level, own.level())
