"""A PostgreSQL server that keeps leases and read models dies while trades are under way, and another one takes over."""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from stand import Stand
from stand.audit import audit, reconciled
from stand.busy import Crowd, Killer, bought

from sniper.cli import exit_codes
from sniper.events import Started
from sniper.kernel import facts as f
from sniper.runtime.control import ask
from sniper_sdk.faults import FaultProxy
from sniper_sdk.servers import PostgresServer, postgres_server

LEAST_S = 15
"""How much longer than an order a lease must be; the run is sure of it for 2 s less."""


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


def keeps(stand: Stand[FaultProxy], *servers: PostgresServer) -> str:
    """Leases and read models are in whichever of these can be written to; how a client reaches it."""
    hosts = ",".join(str(each.directory) for each in servers)
    database = f"host={hosts} user=postgres dbname=postgres target_session_attrs=read-write"
    deadline_s = stand.document["account"]["main"]["execution"]["deadline_s"]
    stand.document["runtime"] = {"store": "postgres", "lease": "postgres", "lease_s": deadline_s + LEAST_S}
    for kind in ("store", "lease"):
        stand.document[kind] = {"postgres": {"database": database}}
    return database


async def holds(stand: Stand[FaultProxy], condition: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until it does, of what `sniper status` says of the leases. Any: JSON."""
    async with asyncio.timeout(60):
        while not condition((await asyncio.to_thread(ask, stand.data, {"command": "status"}))["leases"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def stored(stand: Stand[FaultProxy], database: str) -> None:
    """Wait until the read models show each order that is on record, and how it ended."""
    stand.record.read()
    ended = {fact.order: fact.state for fact in stand.record.all(f.OrderEnded)}

    def found() -> dict[str, str]:
        try:
            with psycopg.connect(database) as connection:
                return dict(connection.execute('SELECT "order", state FROM sniper.orders').fetchall())
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):  # not filled again yet
            return {}

    async with asyncio.timeout(60):
        while await asyncio.to_thread(found) != ended:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("longer_than_sure", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_trades_go_on_while_a_database_fails_over(
    stand: Stand[FaultProxy], primary: PostgresServer, longer_than_sure: bool
) -> None:
    with primary.standby() as standby:
        database = keeps(stand, primary, standby)
        await stand.start()
        crowd = Crowd(stand, random.Random(1))
        crowd.launches.append(stand.market.launch())
        await crowd.for_seconds(1.0)
        primary.kill()
        before = len(stand.record.entries_of())
        await stand.hold_a_launch()  # it is sure of its leases for a while
        assert len(stand.record.entries_of()) > before
        if longer_than_sure:
            await holds(stand, lambda leases: not leases["sure_for_s"])
            stand.record.read()
            decided = len(stand.record.entries)
            unseen = stand.market.launch()
            await asyncio.sleep(1.0)
            stand.record.read()
            assert len(stand.record.entries) == decided
            assert stand.chain.token_balance(unseen.token, stand.owner) == 0
        standby.promote()
        await holds(stand, lambda leases: not leases["not_renewed"] and leases["sure_for_s"] > 0)
        await stand.until(lambda record: record.head == stand.chain.block_number())
        await stand.hold_a_launch()
        await crowd.for_seconds(1.0)
        await Killer(stand, crowd, crowd.rng).settle()
        assert await audit(stand) == []
        await stored(stand, database)
        if not longer_than_sure:
            return
        await stand.restart()
        tokens = [dict(event.fences)["main"] for event in stand.record.all(Started)]
        assert tokens == sorted(set(tokens))
        assert await reconciled(stand)
        assert await stand.replayed() == 0


@pytest.mark.long
async def test_a_database_that_forgot_the_newest_token_stops_the_run_and_nothing_is_sent_twice(
    stand: Stand[FaultProxy], primary: PostgresServer
) -> None:
    """What an asynchronous standby may do: the lease that it knows is an older one of the same run."""
    with primary.standby() as standby:
        keeps(stand, primary, standby)
        await stand.start()
        standby.kill()
        with psycopg.connect(primary.database, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")
        await stand.restart()
        await stand.hold_a_launch()
        primary.kill()
        standby.start()
        standby.promote()
        await stand.until(lambda _: "a lease is lost" in stand.bot.words())
        stand.chain.mine()  # with which it would decide again
        ended = await stand.bot.ended()
        assert ended.code == exit_codes.FAILURE
        assert "another run decides for it" in ended.words
        await stand.bot.start(stand.write())
        refused = await stand.bot.ended()
        assert "has lost some" in refused.words
        await stand.start()
        await stand.hold_a_launch()
        assert await audit(stand) == []
        assert bought(stand) == 2
        assert await stand.replayed() == 0
