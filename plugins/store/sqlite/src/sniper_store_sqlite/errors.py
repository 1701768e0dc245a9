"""What can be wrong with the file. None of it loses anything: the journal is the record, this is read from it."""

import sqlite3
from pathlib import Path

from sniper.errors import JournalError, SniperError


class StoreLocked(JournalError):
    """Another process writes to the file and does not let go."""

    code = "store-locked"


class StoreCorrupt(JournalError):
    """The file is damaged, or is not a database."""

    code = "store-corrupt"


class StoreFull(JournalError):
    """The disk has no room for the file to grow."""

    code = "store-full"


class StoreUnusable(JournalError):
    """The file cannot be opened, created or written where it is."""

    code = "store-unusable"


class StoreOutOfStep(JournalError):
    """Records were offered that are not the next ones."""

    code = "store-out-of-step"


class StoreClosed(SniperError, RuntimeError):
    """The store is used before it was opened, or after it was closed."""

    code = "store-closed"


class UnknownModel(SniperError, LookupError):
    """There is no such read model, or no such column in it."""

    code = "store-unknown-model"


def explained(error: sqlite3.Error, path: Path) -> JournalError:
    """The error of ours for one of SQLite's: what is wrong with which file, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended codes keep the kind in the low byte
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(
            f"{path} is locked by another process ({error}); only one may write: stop the other run, or give this one "
            "a directory of its own"
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreCorrupt(
            f"{path} is damaged or is no database ({error}); delete it with its -wal and -shm: it is rebuilt from the "
            "journal"
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(f"no room left for {path} ({error}); free some space, the store goes on where it stopped")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
        return StoreUnusable(
            f"{path} cannot be opened or written ({error}); check that its directory exists, is writable and is on a "
            "disk that works"
        )
    return StoreUnusable(
        f"{path} refused a statement ({error}); delete it with its -wal and -shm: it is rebuilt from the journal"
    )
