from collections.abc import Iterator

import pytest

from sniper_lease_postgres.keeper import Postgres, PostgresConfig
from sniper_sdk import LeaseConformance, PackageConformance
from sniper_sdk.servers import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


class TestPackage(PackageConformance):
    distribution = "sniper-lease-postgres"


class TestPostgres(LeaseConformance):
    @pytest.fixture(autouse=True)
    def reach(self, server: PostgresServer) -> None:
        self.server = server

    def make(self) -> Postgres:
        return Postgres(PostgresConfig(database=self.server.database))
