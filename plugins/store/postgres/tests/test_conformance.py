import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sniper_sdk import PackageConformance, StoreConformance
from sniper_sdk.servers import PostgresServer, postgres_server
from sniper_store_postgres.config import PostgresConfig
from sniper_store_postgres.store import Postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


class TestPackage(PackageConformance):
    distribution = "sniper-store-postgres"


class TestPostgres(StoreConformance):
    models = ("chains", "tokens", "intents", "findings", "trail")

    @pytest.fixture(autouse=True)
    def database(self, server: PostgresServer) -> None:
        """A database of each test's own."""
        with psycopg.connect(server.database, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS store WITH (FORCE)")
            connection.execute("CREATE DATABASE store")
        self.config = PostgresConfig(database=server.database.replace("dbname=postgres", "dbname=store"))

    def make(self) -> Postgres:
        return _OfRun(self.config)


class _OfRun(Postgres):
    """The suite has one directory per run; here that is a schema."""

    def open(self, run: Path) -> None:
        name = f"run_{zlib.crc32(str(run).encode())}"
        self._config = self._config.model_copy(update={"schema_name": name})
        super().open(run)
