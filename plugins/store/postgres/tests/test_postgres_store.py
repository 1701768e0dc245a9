"""What SQLite shows, migrations, servers that die, and accounts that see their own rows alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from sniper.journal import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.plugin import Frozen
from sniper.readmodels import MODELS, RULES, ready
from sniper.runtime.records import read_records
from sniper_sdk.desk_record import at_an_exchange
from sniper_sdk.servers import PostgresServer, postgres_server
from sniper_store_postgres import store as store_module
from sniper_store_postgres.config import PostgresConfig
from sniper_store_postgres.errors import StoreClosed, StoreOutOfStep, StoreUnreachable, StoreUnusable, UnknownModel
from sniper_store_postgres.schema import ROW, metadata, upgrade
from sniper_store_postgres.store import Postgres
from sniper_store_sqlite.store import Sqlite

GOLDEN = Path(__file__).resolve().parents[4] / "core/tests/runtime/golden/v1"
FACT = Kind.FACT.value

Recorded = tuple[str, int, Frozen]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture
def config(server: PostgresServer) -> PostgresConfig:
    """A database of the test's own, whose owner is no superuser."""
    with psycopg.connect(server.database, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS store WITH (FORCE)")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'sniper'").fetchone():
            connection.execute("CREATE ROLE sniper LOGIN")
        connection.execute("CREATE DATABASE store OWNER sniper")
    return PostgresConfig(database=f"host={server.directory} user=sniper dbname=store")


@pytest.fixture
def store(config: PostgresConfig, tmp_path: Path) -> Iterator[Postgres]:
    made = Postgres(config)
    made.open(tmp_path)
    yield made
    made.close()


def history() -> list[Recorded]:
    """A recorded run: launches, orders, fills, reorgs."""
    found: list[Recorded] = []
    with Reader(GOLDEN) as reader:
        for frame in reader:
            structs = read_records(frame.first, frame.records)
            found += [
                (record.stream, record.kind, struct) for record, struct in zip(frame.records, structs, strict=True)
            ]
    return found


def extra() -> list[Recorded]:
    """What that run did not come to."""
    facts: list[f.Fact] = [
        f.KillSet(time=1, level="freeze", reason="by hand"),
        f.KillSet(time=2, level="off", reason=""),
        f.Tripped(time=3, check="limits", level="freeze", reason="loss"),
        f.Halted(time=4, reason="differs"),
        f.Resumed(time=5, reason="seen"),
        f.InstanceMoved(time=6, instance="snipe", state="paused", parameters='{"most": 1}'),
        f.InstanceMoved(time=7, instance="snipe", state="active"),
        f.Measured(time=8, token="1:0x1", buy_tax_bps=5, sell_tax_bps=None),
        f.Measured(time=9, token="1:0x1", buy_tax_bps=None, sell_tax_bps=7),
        f.Adjusted(time=10, asset="1:0x2", delta=10**40, reason="deposit"),
        f.Adjusted(time=11, asset="1:0x2", delta=-3, reason="loss"),
        f.Unguarded(time=12, token="1:0x1", reason="pool unknown"),
        f.Finalised(time=13, chain_id=1, block=2),
    ]
    return [("main", FACT, fact) for fact in facts]


def test_it_shows_what_sqlite_shows_of_the_same_journal(store: Postgres, tmp_path: Path) -> None:
    records = [*history(), *extra(), *at_an_exchange().structs()]
    sqlite = Sqlite()
    sqlite.open(tmp_path)
    for each in (sqlite, store):
        each.apply(0, records)
    shown = {model.name: store.query(model.name) for model in MODELS}
    assert shown == {model.name: sqlite.query(model.name) for model in MODELS}
    sqlite.close()
    assert all(shown[name] for name in ("orders", "attempts", "fills", "positions", "cash", "receipts", "accounts"))
    assert all(shown[name] for name in ("exchange_orders", "exchange_fills", "plans", "contracts", "funding", "desks"))


def test_every_statement_of_the_rules_is_understood(store: Postgres, config: PostgresConfig) -> None:
    store.position()
    with psycopg.connect(config.database, options="-c search_path=sniper") as connection:
        for tag, rules in ready(lambda value: value).items():
            for rule in rules:
                text = sa.text(rule.sql).compile(dialect=sa.dialects.postgresql.psycopg.dialect())
                names = dict.fromkeys(text.params)
                connection.execute("SAVEPOINT one")
                try:
                    connection.execute(f"EXPLAIN {text}", names)
                except psycopg.errors.IndeterminateDatatype as error:
                    raise AssertionError(f"{tag}: {rule.sql}") from error
                connection.execute("ROLLBACK TO SAVEPOINT one")
    assert RULES


def test_migrations_make_the_tables_that_the_read_models_say(store: Postgres, config: PostgresConfig) -> None:
    store.position()
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(config.database))
    inspector = sa.inspect(engine)
    for table in metadata().sorted_tables:
        found = {each["name"]: each for each in inspector.get_columns(table.name, schema="sniper")}
        assert set(found) == {column.name for column in table.columns}, table.name
        for column in table.columns:
            assert found[column.name]["type"].compile() == column.type.compile(), f"{table.name}.{column.name}"
        key = inspector.get_pk_constraint(table.name, schema="sniper")["constrained_columns"]
        assert set(key) == {column.name for column in table.primary_key}, table.name
        indexes = {each["name"] for each in inspector.get_indexes(table.name, schema="sniper")}
        assert indexes == {index.name for index in table.indexes}, table.name
    engine.dispose()


def test_a_database_of_an_earlier_revision_keeps_its_rows(config: PostgresConfig, tmp_path: Path) -> None:
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(config.database, options="-c search_path=sniper")
    )
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA sniper"))
        upgrade(connection, "sniper", "r0001")
        connection.execute(sa.text("UPDATE follower SET rules = :rules, position = 7"), {"rules": store_module._RULES})
        connection.execute(sa.text("INSERT INTO cash (account, asset, amount) VALUES ('main', '1:0x1', 10 ^ 30)"))
    engine.dispose()
    again = Postgres(config)
    again.open(tmp_path)
    assert again.position() == 7
    assert again.query("cash") == [{"account": "main", "asset": "1:0x1", "amount": 10**30}]
    again.close()


def test_tables_that_other_rules_filled_are_emptied(config: PostgresConfig, store: Postgres, tmp_path: Path) -> None:
    store.apply(0, extra())
    store.claim({"main": 3})
    with psycopg.connect(config.database) as connection:
        connection.execute("UPDATE sniper.follower SET rules = 'older'")
    store.open(tmp_path)
    assert store.position() == 0
    assert store.query("accounts") == []
    store.claim({"main": 3})


def test_one_account_reads_its_own_rows_alone(server: PostgresServer, config: PostgresConfig, store: Postgres) -> None:
    mine = [f.KillSet(time=1, level="freeze", reason="mine"), f.Halted(time=2, reason="mine")]
    store.apply(0, [(name, FACT, fact) for name in ("alice", "bob") for fact in mine])
    with psycopg.connect(server.database, autocommit=True) as connection:
        for role in ("of_alice", "of_bob", "of_nobody"):
            connection.execute(f"DROP ROLE IF EXISTS {role}")
            connection.execute(f"CREATE ROLE {role} LOGIN")
    with psycopg.connect(config.database, options="-c search_path=sniper") as connection:
        connection.execute("SELECT admit('of_alice', 'alice'), admit('of_bob', 'bob')")

    def rows(role: str, query: str) -> list[tuple[Any, ...]]:
        text = config.database.replace("user=sniper", f"user={role}")
        with psycopg.connect(text, options="-c search_path=sniper") as connection:
            return connection.execute(query).fetchall()

    assert rows("of_alice", "SELECT account FROM accounts") == [("alice",)]
    assert rows("of_bob", "SELECT account FROM accounts") == [("bob",)]
    assert rows("of_alice", "SELECT * FROM accounts WHERE account = 'bob'") == []
    for model in MODELS:
        if "account" in model.columns:
            assert {row[0] for row in rows("of_alice", f"SELECT account FROM {model.name}")} <= {"alice"}, model.name
    for forbidden in (
        "INSERT INTO accounts (account) VALUES ('alice')",
        "UPDATE accounts SET halted = ''",
        "DELETE FROM accounts",
        "SELECT * FROM readers",
        "SELECT admit('of_alice', 'bob')",
        "SELECT * FROM fences",
        "SET ROLE of_bob",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows("of_alice", forbidden)
    with pytest.raises(psycopg.errors.UndefinedTable):  # who is not admitted does not even see the schema
        rows("of_nobody", "SELECT * FROM accounts")
    assert len(store.query("accounts")) == 2


def test_a_server_that_died_is_an_error_and_the_store_goes_on_where_it_stopped(
    server: PostgresServer, store: Postgres
) -> None:
    store.apply(0, extra()[:3])
    server.kill()
    try:
        for _ in range(2):
            with pytest.raises(StoreUnreachable, match="goes on where it stopped"):
                store.apply(3, extra()[3:])
    finally:
        server.start()
    assert store.position() == 3
    store.apply(3, extra()[3:])


def test_records_that_are_not_the_next_ones_are_refused(store: Postgres) -> None:
    store.apply(5, extra())
    for position in (5, 0, 99):
        with pytest.raises(StoreOutOfStep, match="follow the journal"):
            store.apply(position, extra())


def test_what_cannot_be_used_says_why(config: PostgresConfig, server: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="see that it runs"):
        Postgres(PostgresConfig(database="host=/nowhere dbname=none")).open(tmp_path)
    with psycopg.connect(server.database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(StoreUnusable, match="permission denied"):
        Postgres(PostgresConfig(database=config.database.replace("user=sniper", "user=guest"))).open(tmp_path)
    with pytest.raises(StoreUnusable, match="absent"):
        Postgres(config.model_copy(update={"password_file": tmp_path / "absent"})).open(tmp_path)
    with pytest.raises(StoreClosed, match="open"):
        Postgres(config).position()
    with pytest.raises(ValidationError, match="password_file"):
        PostgresConfig(database="postgresql://u:s3cr3t@db/x")


def test_unknown_models_and_columns_are_refused_with_those_that_there_are(store: Postgres) -> None:
    with pytest.raises(UnknownModel, match="positions"):
        store.query('orders" --')
    with pytest.raises(UnknownModel, match="placed_at"):
        store.query("orders", **{"colour": "red", ROW: 1})
