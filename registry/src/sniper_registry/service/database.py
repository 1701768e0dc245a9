"""The database: SQLite in a file by default, PostgreSQL where several processes or machines share it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from sniper_registry.service.errors import Unavailable
from sniper_registry.service.tables import Base


class Database:
    """``url``: of SQLAlchemy, ``sqlite:///PATH`` or ``postgresql+psycopg://...``. Makes the tables that are missing.

    Raises `Unavailable` where it cannot be reached; the URL, which may hold a password, is not repeated.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        try:
            Base.metadata.create_all(self.engine)
        except OperationalError as error:
            place = self.engine.url.render_as_string(hide_password=True)
            raise Unavailable(f"the database {place} cannot be used: {error.orig}") from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session whose changes are thrown away."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed at its end, or not at all. On SQLite one writes at a time, and others wait."""
        with Session(self.engine) as session:
            if self.engine.dialect.name == "sqlite":
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session
            session.commit()

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite)
    return engine


def _sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    """Any: a connection of whichever driver."""
    connection.isolation_level = (
        None  # we begin transactions ourselves, so that a writer waits instead of failing later
    )
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
