"""The index and the read models in one SQLite file, built by following the journal."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sniper.plugin import Frozen
from sniper.readmodels import MODELS, ready
from sniper.store import Row, Store, fenced
from sniper_store_sqlite.errors import StoreClosed, StoreOutOfStep, UnknownModel, explained
from sniper_store_sqlite.values import minus, native, plus, stored

FILE = "store.sqlite"
PATIENCE_S = 2.0
READY = ready(stored)
_MODELS = {model.name: model for model in MODELS}
_COLUMNS = {model.name: model.columns for model in MODELS}
_FOLLOWER = "CREATE TABLE follower (one INTEGER PRIMARY KEY CHECK (one = 1), schema TEXT, position INTEGER) STRICT"
_FENCES = "CREATE TABLE IF NOT EXISTS fences (account TEXT PRIMARY KEY, token INTEGER NOT NULL) STRICT"
"""Of whatever version the other tables are: a token that was seen must not be forgotten with them."""
_SCHEMA = [_FOLLOWER, *(statement for model in MODELS for statement in model.statements())]
_VERSION = hashlib.sha256(
    json.dumps([_SCHEMA, {tag: [rule.sql for rule in rules] for tag, rules in sorted(READY.items())}]).encode()
).hexdigest()
"""Of tables and rules: a file that other ones made is emptied, and filled again from the journal."""


class Sqlite(Store):
    """``store.sqlite`` in the run's directory; WAL, so that readers never wait for the writer.

    May be used by several threads, one at a time. What is applied survives the death of the process; a power failure
    may take back the newest transactions whole, position included, so that they are applied again.
    """

    def __init__(self) -> None:
        self._path = Path(FILE)
        self._connection: sqlite3.Connection | None = None
        self._turn = threading.Lock()
        self._claimed: dict[str, int] = {}

    def open(self, run: Path) -> None:
        """As `Store.open`. Empties a file that another version of the tables made."""
        self.close()
        self._path = run / FILE
        with self._explained():
            connection = sqlite3.connect(
                self._path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            try:
                connection.row_factory = sqlite3.Row
                for name, function, arguments in (("plus", plus, 2), ("minus", minus, 2), ("native", native, 1)):
                    connection.create_function(name, arguments, function, deterministic=True)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        self._connection = connection

    def claim(self, fences: Mapping[str, int]) -> None:
        """As `Store.claim`."""
        with self._turn, self._explained(), _transaction(self._open) as connection:
            fenced(fences, _fences(connection))
            connection.executemany("INSERT OR REPLACE INTO fences VALUES (?, ?)", list(fences.items()))
        self._claimed = dict(fences)

    def position(self) -> int:
        """As `Store.position`."""
        with self._turn, self._explained():
            return _position(self._open)

    def apply(self, position: int, records: Sequence[tuple[str, int, Frozen]]) -> None:
        """As `Store.apply`. An empty store may begin anywhere, because old records may be pruned.

        Raises `StoreOutOfStep` for records that are not the next ones, and what `claim` and `open` raise.
        """
        with self._turn, self._explained(), _transaction(self._open) as connection:
            fenced(self._claimed, _fences(connection))
            expected = _position(connection)
            if expected not in (position, 0):
                raise StoreOutOfStep(
                    f"{self._path} is at record {expected}, but was offered {position}; follow the journal from "
                    "position(), with one follower"
                )
            for number, (stream, _, struct) in enumerate(records, position):
                tag = struct.__struct_config__.tag  # type: ignore[attr-defined]
                for rule in READY.get(tag, ()):
                    for parameters in rule.parameters(number, stream, struct):
                        connection.execute(rule.sql, parameters)
            connection.execute("UPDATE follower SET position = ?", (position + len(records),))

    def query(self, model: str, **where: object) -> list[Row]:
        """As `Store.query`; rows in the order in which they were first written. ``None`` matches what is not set.

        Raises `UnknownModel`, which names the models or columns that there are.
        """
        if model not in _MODELS:
            raise UnknownModel(f"there is no read model {model!r}; there are {', '.join(sorted(_MODELS))}")
        columns = _COLUMNS[model]
        if unknown := sorted(set(where) - set(columns)):
            raise UnknownModel(f"{model} has no column {unknown[0]!r}; it has {', '.join(sorted(columns))}")
        terms = " AND ".join(f'"{name}" IS ?' for name in where) or "1"
        values = [_sought(value, columns[name]) for name, value in where.items()]
        with self._turn, self._explained():
            found = self._open.execute(f'SELECT * FROM "{model}" WHERE {terms} ORDER BY rowid', values).fetchall()  # noqa: S608
        return [{name: _restored(row[name], kind) for name, kind in columns.items()} for row in found]

    def close(self) -> None:
        """As `Store.close`. May be called twice."""
        if self._connection is not None:
            with self._turn, self._explained():
                self._connection.close()
            self._connection = None
        self._claimed = {}

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreClosed("the store is not open: call open(run) first")
        return self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explained(error, self._path) from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, unless they are there and are ours."""
    connection.execute(_FENCES)
    if _version(connection) == _VERSION:
        return
    with _transaction(connection):
        if _version(connection) == _VERSION:  # another process was quicker
            return
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != 'fences'"
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO follower (one, schema, position) VALUES (1, ?, 0)", (_VERSION,))


def _version(connection: sqlite3.Connection) -> str | None:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'follower'").fetchone():
        return None
    row = connection.execute("SELECT schema FROM follower").fetchone()
    return None if row is None else str(row[0])


def _fences(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT account, token FROM fences").fetchall())


def _position(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT position FROM follower").fetchone()[0])


def _sought(value: object, kind: str) -> object:
    if kind == "value":
        return json.dumps(value)
    return str(value) if kind == "amount" and value is not None else value


def _restored(value: object, kind: str) -> object:
    if value is None:
        return None
    if kind == "amount":
        return int(str(value))
    if kind == "value":
        return json.loads(str(value))
    return bool(value) if kind == "flag" else value
