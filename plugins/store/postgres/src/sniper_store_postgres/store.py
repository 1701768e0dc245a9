"""The index and the read models in a PostgreSQL database, built by following the journal."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from sniper.plugin import Frozen
from sniper.readmodels import MODELS, ready
from sniper.store import Row, Store, fenced
from sniper_store_postgres.config import PostgresConfig
from sniper_store_postgres.errors import StoreClosed, StoreOutOfStep, StoreUnreachable, StoreUnusable, UnknownModel
from sniper_store_postgres.schema import ROW, upgrade

PATIENCE_S = 10
_COLUMNS = {model.name: model.columns for model in MODELS}
_READY = {tag: [(rule, sa.text(rule.sql)) for rule in rules] for tag, rules in ready(lambda value: value).items()}
_RULES = hashlib.sha256(
    json.dumps({tag: [rule.sql for rule, _ in rules] for tag, rules in sorted(_READY.items())}).encode()
).hexdigest()
"""What filled the tables: where other rules did, they are emptied, and filled again from the journal."""
_ALL = ", ".join(f'"{model.name}"' for model in MODELS)


class Postgres(Store):
    """One schema per run. A batch of records and the position after it are one transaction.

    May be used by several threads, one at a time. A connection that broke is made anew for the next deed.
    """

    def __init__(self, config: PostgresConfig) -> None:
        self._config = config
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        self._turn = threading.Lock()
        self._claimed: dict[str, int] = {}

    def open(self, run: Path) -> None:
        """As `Store.open`. Makes the schema where it is missing, and brings its tables up to date.

        Raises `StoreUnreachable` and `StoreUnusable`.
        """
        self.close()
        # One connection for as long as the store is open; a pool would only hide that it broke.
        self._engine = sa.create_engine("postgresql+psycopg://", creator=self._connect, poolclass=NullPool)
        schema = self._config.schema_name
        try:
            with self._transaction() as connection:
                # Two that open at once would both make the tables.
                connection.execute(
                    sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"sniper {schema}"}
                )
                known = sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
                if not connection.execute(known, {"name": schema}).first():
                    connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
                upgrade(connection, schema)
                if connection.execute(sa.text("SELECT rules FROM follower")).scalar() != _RULES:
                    connection.execute(sa.text(f"TRUNCATE {_ALL}"))
                    connection.execute(sa.text("UPDATE follower SET rules = :rules, position = 0"), {"rules": _RULES})
        except BaseException:
            self.close()
            raise

    def claim(self, fences: Mapping[str, int]) -> None:
        """As `Store.claim`."""
        with self._transaction() as connection:
            self._lock(connection)
            fenced(fences, _fences(connection))
            for account, token in sorted(fences.items()):
                connection.execute(
                    sa.text(
                        "INSERT INTO fences VALUES (:account, :token) "
                        "ON CONFLICT (account) DO UPDATE SET token = excluded.token"
                    ),
                    {"account": account, "token": token},
                )
        self._claimed = dict(fences)

    def position(self) -> int:
        """As `Store.position`."""
        with self._transaction() as connection:
            return int(connection.execute(sa.text("SELECT position FROM follower")).scalar_one())

    def apply(self, position: int, records: Sequence[tuple[str, int, Frozen]]) -> None:
        """As `Store.apply`. An empty store may begin anywhere, because old records may be pruned.

        Raises `StoreOutOfStep` for records that are not the next ones, and what `claim` and `open` raise.
        """
        with self._transaction() as connection:
            expected = self._lock(connection)
            fenced(self._claimed, _fences(connection))
            if expected not in (position, 0):
                raise StoreOutOfStep(
                    f"the store in {self._config.shown} is at record {expected}, but was offered {position}; follow "
                    "the journal from position(), with one follower"
                )
            for number, (stream, _, struct) in enumerate(records, position):
                tag = struct.__struct_config__.tag  # type: ignore[attr-defined]
                for rule, statement in _READY.get(tag, ()):
                    for parameters in rule.parameters(number, stream, struct):
                        connection.execute(statement, parameters)
            end = {"position": position + len(records)}
            connection.execute(sa.text("UPDATE follower SET position = :position"), end)

    def query(self, model: str, **where: object) -> list[Row]:
        """As `Store.query`; rows in the order in which they were first written. ``None`` matches what is not set.

        Raises `UnknownModel`, which names the models or columns that there are.
        """
        if model not in _COLUMNS:
            raise UnknownModel(f"there is no read model {model!r}; there are {', '.join(sorted(_COLUMNS))}")
        columns = _COLUMNS[model]
        if unknown := sorted(set(where) - set(columns)):
            raise UnknownModel(f"{model} has no column {unknown[0]!r}; it has {', '.join(sorted(columns))}")
        terms = [f'"{name}" IS NULL' if value is None else f'"{name}" = :{name}' for name, value in where.items()]
        sought = {name: _sought(value, columns[name]) for name, value in where.items() if value is not None}
        named = ", ".join(f'"{name}"' for name in columns)
        text = f'SELECT {named} FROM "{model}" WHERE {" AND ".join(terms) or "true"} ORDER BY "{ROW}"'  # noqa: S608
        with self._transaction() as connection:
            found = connection.execute(sa.text(text), sought).all()
        return [
            {name: _restored(value, kind) for (name, kind), value in zip(columns.items(), row, strict=True)}
            for row in found
        ]

    def close(self) -> None:
        """As `Store.close`. May be called twice."""
        with self._turn:
            self._drop()
        self._engine = None
        self._claimed = {}

    def _lock(self, connection: sa.Connection) -> int:
        """Let nobody else write until this transaction ends; the position."""
        return int(connection.execute(sa.text("SELECT position FROM follower FOR UPDATE")).scalar_one())

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        if self._engine is None:
            raise StoreClosed("the store is not open: call open(run) first")
        with self._turn:
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                with self._connection.begin():
                    yield self._connection
            except (OperationalError, InterfaceError) as error:
                self._drop()
                raise StoreUnreachable(
                    f"PostgreSQL at {self._config.shown} does not answer: {_first(error)}; see that it runs and can be "
                    "reached: the store goes on where it stopped"
                ) from error
            except DBAPIError as error:
                raise StoreUnusable(
                    f"PostgreSQL at {self._config.shown} refuses: {_first(error)}; its user must own the schema "
                    f"{self._config.schema_name}, or be allowed to make it. Nothing is lost: dropped, it is filled "
                    "again from the journal"
                ) from error

    def _connect(self) -> psycopg.Connection:
        config, password = self._config, None
        if config.password_file is not None:
            try:
                password = config.password_file.read_text().strip()
            except OSError as error:
                raise StoreUnusable(
                    f"{config.password_file}: the password cannot be read: {error.strerror}; see password_file"
                ) from error
        return psycopg.connect(
            config.database,
            password=password,
            connect_timeout=PATIENCE_S,
            options=f"-c search_path={config.schema_name} -c lock_timeout={PATIENCE_S}s",
            tcp_user_timeout=PATIENCE_S * 1000,
        )

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _fences(connection: sa.Connection) -> dict[str, int]:
    found = connection.execute(sa.text("SELECT account, token FROM fences"))
    return {row.account: row.token for row in found}


def _first(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _sought(value: object, kind: str) -> object:
    return json.dumps(value) if kind == "value" else value


def _restored(value: object, kind: str) -> object:
    if kind == "value" and value is not None:
        return json.loads(str(value))
    return int(value) if isinstance(value, Decimal) else value
