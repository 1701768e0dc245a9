"""Leases in one table of a PostgreSQL database, by the server's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, field_validator

from sniper.config import Config
from sniper.errors import SniperError
from sniper.lease import Lease, LeaseKeeper, LeaseTaken, LeaseUnusable, checked, explained, lost

PATIENCE_S = 3
_TABLE = """CREATE TABLE IF NOT EXISTS sniper_leases (
    account text PRIMARY KEY, owner text NOT NULL, token bigint NOT NULL, ends timestamptz NOT NULL)"""
_ACQUIRE = """INSERT INTO sniper_leases AS held (account, owner, token, ends)
    VALUES (%(account)s, %(owner)s, floor(extract(epoch FROM clock_timestamp()))::bigint,
            clock_timestamp() + make_interval(secs => %(ttl)s))
    ON CONFLICT (account) DO UPDATE SET owner = excluded.owner, token = held.token + 1,
        ends = clock_timestamp() + make_interval(secs => %(ttl)s)
    WHERE held.ends <= clock_timestamp() OR held.owner = excluded.owner
    RETURNING token"""
_HOLDER = """SELECT owner, extract(epoch FROM ends - clock_timestamp())::float8 FROM sniper_leases
    WHERE account = %(account)s"""
_HELD = "account = %(account)s AND owner = %(owner)s AND token = %(token)s"
_RENEW = f"UPDATE sniper_leases SET ends = clock_timestamp() + make_interval(secs => %(ttl)s) WHERE {_HELD}"  # noqa: S608
_RELEASE = f"UPDATE sniper_leases SET owner = '', ends = '-infinity' WHERE {_HELD}"  # noqa: S608


class PostgresConfig(Config):
    database: str = Field(
        description="How to reach it, without a password: a connection string of libpq",
        examples=["host=db.example user=sniper dbname=sniper"],
    )
    password_file: Path | None = Field(
        None, description="File that holds the password alone; without it libpq looks where it always does"
    )

    @field_validator("database")
    @classmethod
    def _no_password(cls, value: str) -> str:
        try:
            found = conninfo_to_dict(value)
        except psycopg.ProgrammingError:
            raise ValueError("is no connection string of libpq, such as 'host=db user=sniper dbname=sniper'") from None
        if found.get("password"):
            raise ValueError("holds a password; put it into a file and name that with password_file")
        return value


class KeeperClosed(SniperError, RuntimeError):
    """The keeper is used before it was opened, or after it was closed."""

    code = "lease-closed"


class Postgres(LeaseKeeper):
    """The table ``sniper_leases``, which it makes where it is missing.

    Each deed is one statement and one transaction, and waits for the server's disk. A connection that broke is made
    anew for the next deed.
    """

    def __init__(self, config: PostgresConfig) -> None:
        self._config = config
        self._connection: psycopg.Connection | None = None
        self._opened = False

    def open(self, run: Path) -> None:
        """As `LeaseKeeper.open`."""
        self.close()
        self._opened = True
        try:
            with self._asking() as connection:
                if connection.execute("SELECT to_regclass('sniper_leases')").fetchone() == (None,):
                    self._create(connection)
        except BaseException:
            self.close()
            raise

    def acquire(self, account: str, owner: str, ttl_s: float) -> Lease:
        """As `LeaseKeeper.acquire`."""
        checked(account, owner, ttl_s)
        given = {"account": account, "owner": owner, "ttl": ttl_s}
        with self._asking() as connection:
            while True:
                row = connection.execute(_ACQUIRE, given).fetchone()
                if row is not None:
                    return Lease(account=account, owner=owner, token=int(row[0]))
                holder = connection.execute(_HOLDER, given).fetchone()
                if holder is not None and holder[1] > 0:  # else it ended between the two
                    raise LeaseTaken(account, holder[0], holder[1])

    def renew(self, lease: Lease, ttl_s: float) -> None:
        """As `LeaseKeeper.renew`."""
        checked(lease.account, lease.owner, ttl_s)
        given = {"account": lease.account, "owner": lease.owner, "token": lease.token, "ttl": ttl_s}
        with self._asking() as connection:
            if not connection.execute(_RENEW, given).rowcount:
                raise lost(lease)

    def release(self, lease: Lease) -> None:
        """As `LeaseKeeper.release`. The token stays, so that the next one is higher."""
        with self._asking() as connection:
            connection.execute(_RELEASE, {"account": lease.account, "owner": lease.owner, "token": lease.token})

    def close(self) -> None:
        """As `LeaseKeeper.close`."""
        self._opened = False
        self._drop()

    @contextmanager
    def _asking(self) -> Iterator[psycopg.Connection]:
        if not self._opened:
            raise KeeperClosed("the leases are not open: call open(run) first")
        where = f"PostgreSQL at {_shown(self._config.database)}"
        try:
            with explained(where, psycopg.OperationalError, psycopg.InterfaceError):
                if self._connection is None:
                    self._connection = self._connect()
                yield self._connection
        except psycopg.Error as error:
            self._drop()
            raise LeaseUnusable(
                f"{where} refuses: {str(error).splitlines()[0]}; the user must own the table sniper_leases, or be "
                "allowed to make, read and write it"
            ) from error
        except ConnectionError:
            self._drop()
            raise

    def _connect(self) -> psycopg.Connection:
        password = None
        if self._config.password_file is not None:
            try:
                password = self._config.password_file.read_text().strip()
            except OSError as error:
                raise LeaseUnusable(
                    f"{self._config.password_file}: the password cannot be read: {error.strerror}; see password_file"
                ) from error
        return psycopg.connect(
            self._config.database,
            password=password,
            autocommit=True,
            connect_timeout=PATIENCE_S,
            # A server or network that says nothing must not hold up who waits for a renewal.
            options=f"-c statement_timeout={PATIENCE_S}s -c synchronous_commit=on",
            tcp_user_timeout=PATIENCE_S * 1000,
            prepare_threshold=None,
        )

    def _create(self, connection: psycopg.Connection) -> None:
        try:
            connection.execute(_TABLE)
        except psycopg.errors.UniqueViolation:  # another one made it at the same moment
            connection.execute("SELECT account FROM sniper_leases LIMIT 0")

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _shown(database: str) -> str:
    known = conninfo_to_dict(database)
    return (
        " ".join(f"{key}={known[key]}" for key in ("host", "port", "dbname", "user") if known.get(key)) or "its default"
    )
