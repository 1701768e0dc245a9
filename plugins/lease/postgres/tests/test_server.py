"""A server that dies, a user that may nothing, and passwords that are shown to nobody."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import ValidationError

from sniper.lease import LeaseTaken, LeaseUnreachable, LeaseUnusable
from sniper_lease_postgres.keeper import Postgres, PostgresConfig
from sniper_sdk.servers import PostgresServer, postgres_server

TTL_S = 3600.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


def test_after_the_server_died_and_came_back_leases_and_tokens_are_what_they_were(
    server: PostgresServer, tmp_path: Path
) -> None:
    keeper = Postgres(PostgresConfig(database=server.database))
    keeper.open(tmp_path)
    lease = keeper.acquire("killed", "one", TTL_S)
    server.kill()
    try:
        for _ in range(2):
            with pytest.raises(LeaseUnreachable, match="see that it runs"):
                keeper.renew(lease, TTL_S)
    finally:
        server.start()
    keeper.renew(lease, TTL_S)
    with pytest.raises(LeaseTaken):
        keeper.acquire("killed", "other", TTL_S)
    assert keeper.acquire("killed", "one", TTL_S).token == lease.token + 1
    keeper.close()


def test_a_server_that_is_not_there_is_an_error_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(LeaseUnreachable, match=r"host=/nowhere.*dbname=none"):
        Postgres(PostgresConfig(database="host=/nowhere dbname=none")).open(tmp_path)


def test_a_user_who_may_not_is_told_what_is_needed(server: PostgresServer, tmp_path: Path) -> None:
    owner = Postgres(PostgresConfig(database=server.database))
    owner.open(tmp_path)
    with psycopg.connect(server.database, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    guest = Postgres(PostgresConfig(database=server.database.replace("user=postgres", "user=guest")))
    guest.open(tmp_path)
    with pytest.raises(LeaseUnusable, match=r"permission denied.*sniper_leases"):
        guest.acquire("alice", "one", TTL_S)
    with psycopg.connect(server.database, autocommit=True) as connection:
        connection.execute("GRANT SELECT, INSERT, UPDATE ON sniper_leases TO guest")
    guest.acquire("alice", "one", TTL_S)
    guest.close()
    owner.close()


@pytest.mark.parametrize("database", ["host=db password=s3cr3t", "postgresql://u:s3cr3t@db/x"])
def test_a_password_in_the_config_is_refused(database: str) -> None:
    with pytest.raises(ValidationError, match="password_file") as raised:
        PostgresConfig(database=database)
    assert "s3cr3t" not in raised.value.errors()[0]["msg"]


def test_what_is_no_connection_string_is_refused() -> None:
    with pytest.raises(ValidationError, match="no connection string"):
        PostgresConfig(database="host=db nonsense")


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = PostgresConfig(database="host=/nowhere", password_file=tmp_path / "absent")
    with pytest.raises(LeaseUnusable, match="absent"):
        Postgres(config).open(tmp_path)
