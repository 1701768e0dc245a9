"""A bot whose leases and read models are in PostgreSQL: what it shows, and what the database's death does to it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from stand import Stand

from sniper.events import Started
from sniper.runtime.control import ask
from sniper_sdk.servers import PostgresServer, postgres_server
from sniper_store_postgres.config import PostgresConfig
from sniper_store_postgres.store import Postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


async def leases(stand: Stand) -> dict[str, Any]:
    """As `sniper status` shows them. Any: JSON."""
    found = await asyncio.to_thread(ask, stand.data, {"command": "status"})
    return dict(found["leases"])


async def holds(condition: Any) -> None:
    """Wait until it does. Any: a coroutine function."""
    async with asyncio.timeout(90):
        while not await condition():  # noqa: ASYNC110  (what is waited for happens in other processes)
            await asyncio.sleep(0.1)


async def test_a_bot_goes_on_while_its_database_is_dead_and_says_so(
    stand: Stand, server: PostgresServer, tmp_path: Path
) -> None:
    stand.document["runtime"] = {"store": "postgres", "lease": "postgres"}
    stand.document["store"] = {"postgres": {"database": server.database}}
    stand.document["lease"] = {"postgres": {"database": server.database}}
    await stand.start()
    first = (await stand.hold_a_launch()).asset(stand.chain)
    store = Postgres(PostgresConfig(database=server.database))
    store.open(tmp_path)

    def held() -> set[str]:
        return {row["token"] for row in store.query("positions", account="main")}

    async def shown() -> bool:
        return first in held()

    await holds(shown)
    server.kill()

    async def not_renewed() -> bool:
        found = await leases(stand)
        return "see that it runs" in found["not_renewed"] and found["sure_for_s"] > 0

    try:
        await holds(not_renewed)
        second = (await stand.hold_a_launch()).asset(stand.chain)  # it is sure of its leases for a while
    finally:
        server.start()

    async def renewed() -> bool:
        return not (await leases(stand))["not_renewed"]

    async def caught_up() -> bool:
        return second in held()

    await holds(renewed)
    store.open(tmp_path)
    await stand.restart()
    await holds(caught_up)
    tokens = [dict(event.fences)["main"] for event in stand.record.all(Started)]
    assert tokens == sorted(set(tokens))

    async def shown_to_both() -> bool:
        with psycopg.connect(server.database) as connection:
            queries = [
                f"SELECT token FROM {table} WHERE account = 'main'" for table in ("sniper_leases", "sniper.fences")
            ]
            return all(connection.execute(query).fetchall() == [(tokens[-1],)] for query in queries)

    await holds(shown_to_both)  # the follower starts a little later than the run
    assert stand.differences() == []
    store.close()
