"""Leases in one SQLite file, by the clock of the machine."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sniper.errors import SniperError
from sniper.lease import Lease, LeaseKeeper, LeaseTaken, LeaseUnreachable, LeaseUnusable, checked, lost

FILE = "leases.sqlite"
PATIENCE_S = 2.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TABLE = """CREATE TABLE IF NOT EXISTS leases (
    account TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL,
    boot TEXT NOT NULL, ends_boot INTEGER NOT NULL, ends_wall INTEGER NOT NULL) STRICT"""

_Row = tuple[str, int, int]
"""Owner, token, and nanoseconds until it ends."""


class KeeperClosed(SniperError, RuntimeError):
    """The keeper is used before it was opened, or after it was closed."""

    code = "lease-closed"


class Sqlite(LeaseKeeper):
    """``leases.sqlite`` in the run's directory.

    Time is what passed since the machine started, suspended or not (CLOCK_BOOTTIME of clock_gettime(2)), which nobody
    sets. Only a lease from before a restart of the machine is judged by the wall clock.
    """

    def __init__(
        self,
        boottime: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        walltime: Callable[[], int] = time.time_ns,
        boot: str | None = None,
    ) -> None:
        """``boottime`` and ``walltime``: ns. ``boot``: names this start of the machine."""
        self._boottime, self._walltime = boottime, walltime
        self._boot = boot if boot is not None else _BOOT_ID.read_text().strip()
        self._path = Path(FILE)
        self._connection: sqlite3.Connection | None = None

    def open(self, run: Path) -> None:
        """As `LeaseKeeper.open`."""
        self.close()
        self._path = run / FILE
        with self._explained():
            connection = sqlite3.connect(self._path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")  # a token that was given is never given again
                connection.execute(_TABLE)
            except BaseException:
                connection.close()
                raise
        self._connection = connection

    def acquire(self, account: str, owner: str, ttl_s: float) -> Lease:
        """As `LeaseKeeper.acquire`."""
        checked(account, owner, ttl_s)
        with self._turn() as connection:
            found = self._row(connection, account)
            if found is not None and found[2] > 0 and found[0] not in ("", owner):
                raise LeaseTaken(account, found[0], found[2] / 1e9)
            token = found[1] + 1 if found is not None else self._walltime() // 10**9
            connection.execute(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", (account, owner, token, *self._end(ttl_s))
            )
        return Lease(account=account, owner=owner, token=token)

    def renew(self, lease: Lease, ttl_s: float) -> None:
        """As `LeaseKeeper.renew`."""
        checked(lease.account, lease.owner, ttl_s)
        with self._turn() as connection:
            done = connection.execute(
                "UPDATE leases SET boot = ?, ends_boot = ?, ends_wall = ? "
                "WHERE account = ? AND owner = ? AND token = ?",
                (*self._end(ttl_s), lease.account, lease.owner, lease.token),
            )
            if not done.rowcount:
                raise lost(lease)

    def release(self, lease: Lease) -> None:
        """As `LeaseKeeper.release`. The token stays, so that the next one is higher."""
        with self._turn() as connection:
            connection.execute(
                "UPDATE leases SET owner = '' WHERE account = ? AND owner = ? AND token = ?",
                (lease.account, lease.owner, lease.token),
            )

    def close(self) -> None:
        """As `LeaseKeeper.close`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _row(self, connection: sqlite3.Connection, account: str) -> _Row | None:
        row = connection.execute(
            "SELECT owner, token, boot, ends_boot, ends_wall FROM leases WHERE account = ?", (account,)
        ).fetchone()
        if row is None:
            return None
        owner, token, boot, ends_boot, ends_wall = row
        left = ends_boot - self._boottime() if boot == self._boot else ends_wall - self._walltime()
        return owner, token, left

    def _end(self, ttl_s: float) -> tuple[str, int, int]:
        ttl = int(ttl_s * 1e9)
        return self._boot, self._boottime() + ttl, self._walltime() + ttl

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """One transaction that no other process has at the same time."""
        connection = self._connection
        if connection is None:
            raise KeeperClosed("the leases are not open: call open(run) first")
        with self._explained():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended codes keep the kind in the low byte
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise LeaseUnusable(
                    f"{self._path} is damaged or is no database ({error}); see that nothing runs, and delete it with "
                    "its -wal and -shm: tokens go on by the clock"
                ) from error
            raise LeaseUnreachable(
                f"{self._path} cannot be read or written now ({error}); check that its directory exists, is writable, "
                "has room and is on a disk of this machine"
            ) from error
