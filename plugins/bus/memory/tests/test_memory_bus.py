import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.events import Block, Clock, Event, EventClass, FeedStale, KillSwitch, Log, Reorg, Trade
from sniper_bus_memory.bus import Memory


def block(number: int, chain_id: int = 1) -> Block:
    return Block(
        time=number,
        chain_id=chain_id,
        number=number,
        hash=f"0x{number:x}",
        parent=f"0x{number - 1:x}",
        timestamp=number,
        base_fee=0,
        gas_used=0,
        gas_limit=0,
    )


def log(number: int, index: int, chain_id: int = 1) -> Log:
    return Log(
        time=number, chain_id=chain_id, block=number, tx_hash="0x", index=index, address="0x", topics=(), data=b""
    )


def batch(number: int, logs: int, chain_id: int = 1) -> list[Event]:
    return [block(number, chain_id), *(log(number, index, chain_id) for index in range(logs))]


def command(number: int) -> KillSwitch:
    return KillSwitch(time=number, account=f"a{number}", level="off")


class Price(Event, tag="test.price/1"):
    event_class = EventClass.ABSOLUTE
    venue: str
    instrument: str
    price: int


async def poll(bus: Memory, most: int) -> list[Event]:
    """What `take` has at once; nothing where it would wait."""
    reader = asyncio.create_task(bus.take(most))
    await asyncio.sleep(0)
    if reader.done():
        return reader.result()
    reader.cancel()
    return []


async def drain(bus: Memory, most: int = 10_000) -> list[Event]:
    """All that is queued."""
    taken: list[Event] = []
    while some := await poll(bus, most):
        taken += some
    return taken


async def test_commands_overtake_market_events_of_other_sources() -> None:
    bus = Memory()
    await bus.publish(batch(1, 3), source="feed")
    await bus.publish([command(1)], source="console")
    assert await bus.take(10) == [command(1), *batch(1, 3)]


async def test_a_reorg_keeps_its_place_between_the_logs_of_its_source() -> None:
    bus = Memory()
    events: list[Event] = [*batch(1, 2), Reorg(time=1, chain_id=1, ancestor=0), *batch(1, 1)]
    for event in events:
        await bus.publish([event], source="feed")
    assert await bus.take(10) == events


@pytest.mark.parametrize("most", [1, 2, 3, 100])
async def test_two_streams_take_turns_by_whole_batches(most: int) -> None:
    bus = Memory()
    for number in (1, 2):
        await bus.publish(batch(number, 2), source="a")
        await bus.publish([Trade(time=number, venue="x", instrument="i", price=1, size=1)] * 2, source="b")
    kinds = [type(event).__name__[0] for event in await drain(bus, most)]
    assert "".join(kinds) == "BLLTTBLLTT"


async def test_a_full_lane_of_facts_makes_the_publisher_wait_and_loses_nothing() -> None:
    bus = Memory(facts=2)
    await bus.publish([command(1), command(2)], source="console")
    waiting = asyncio.create_task(bus.publish([command(3)], source="console"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await bus.take(10) == [command(1), command(2)]
    assert await bus.take(10) == [command(3)]
    await waiting


async def test_only_the_newest_absolute_event_of_a_key_is_delivered() -> None:
    bus = Memory()
    for number in range(5):
        await bus.publish([Clock(time=number)], source="clock")
    prices = [Price(time=t, venue="x", instrument=i, price=t) for t, i in enumerate(["a", "b", "a"])]
    await bus.publish(prices, source="exchange")
    assert await bus.take(10) == [Clock(time=4), prices[2], prices[1]]


async def test_new_absolute_keys_wait_for_room_while_known_ones_are_replaced() -> None:
    bus = Memory(keys=1)
    await bus.publish([Price(time=1, venue="x", instrument="a", price=1)], source="s")
    newer = Price(time=2, venue="x", instrument="a", price=2)
    await bus.publish([newer], source="s")
    other = Price(time=3, venue="x", instrument="b", price=3)
    waiting = asyncio.create_task(bus.publish([other], source="s"))
    assert await bus.take(10) == [newer]
    assert await bus.take(10) == [other]
    await waiting


async def test_an_overflow_drops_the_queued_blocks_with_their_logs_so_that_no_gap_is_hidden() -> None:
    bus = Memory(deltas=8)
    await bus.publish(batch(1, 3), source="feed")
    await bus.publish(batch(2, 3), source="feed")
    await bus.publish(batch(3, 3), source="feed")  # does not fit
    await bus.publish(batch(4, 3), source="feed")  # follows the gap
    assert await drain(bus) == []
    assert bus.overflowed() == {"feed"}
    assert bus.overflowed() == frozenset()
    await bus.publish(batch(1, 3), source="feed")
    assert await drain(bus) == batch(1, 3)


async def test_a_block_with_more_logs_than_are_asked_for_is_taken_whole() -> None:
    bus = Memory()
    await bus.publish(batch(1, 300), source="feed")
    await bus.publish(batch(2, 1), source="feed")
    assert await bus.take(256) == batch(1, 300)
    assert await bus.take(256) == batch(2, 1)


async def test_a_block_that_begins_in_the_room_that_is_left_is_taken_whole() -> None:
    bus = Memory()
    await bus.publish([command(1), command(2)], source="console")
    for number in (1, 2, 3):
        await bus.publish(batch(number, 3), source="feed")
    assert await bus.take(7) == [command(1), command(2), *batch(1, 3), *batch(2, 3)]


async def test_facts_that_were_published_as_one_are_taken_as_one() -> None:
    bus = Memory()
    await bus.publish([command(1), command(2), command(3)], source="answers")
    await bus.publish([command(4)], source="answers")
    assert await bus.take(2) == [command(1), command(2), command(3)]
    assert await bus.take(2) == [command(4)]


async def test_an_overflow_leaves_no_part_of_a_block() -> None:
    bus = Memory(deltas=8)
    await bus.publish(batch(1, 3), source="feed")
    await bus.publish(batch(2, 3), source="feed")
    assert await bus.take(2) == batch(1, 3)
    await bus.publish(batch(3, 4), source="feed")
    assert await drain(bus) == []
    assert bus.overflowed() == {"feed"}


async def test_an_overflow_of_one_source_leaves_the_others_and_its_own_facts() -> None:
    bus = Memory(deltas=3)
    stale = FeedStale(time=2, feed="x", chain_id=1, stale=True)
    await bus.publish(batch(1, 1), source="other")
    await bus.publish([*batch(1, 1), stale], source="feed")
    await bus.publish(batch(2, 1), source="feed")
    await bus.publish([stale, *batch(3, 1)], source="feed")
    assert bus.overflowed() == {"feed"}
    assert await drain(bus) == [*batch(1, 1), stale, stale]


async def test_a_batch_larger_than_the_bound_passes_when_nothing_is_queued() -> None:
    bus = Memory(deltas=2)
    await bus.publish(batch(1, 9), source="feed")
    assert await bus.take(100) == batch(1, 9)
    assert not bus.overflowed()


async def test_a_cancelled_take_loses_nothing() -> None:
    bus = Memory()
    reader = asyncio.create_task(bus.take(10))
    await asyncio.sleep(0)
    await bus.publish([command(1)], source="console")
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await bus.take(10) == [command(1)]


@pytest.mark.parametrize("bounds", [{"facts": 0}, {"deltas": 0}, {"keys": -1}])
def test_a_bound_below_one_is_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(bounds))):
        Memory(**bounds)


async def test_taking_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        await Memory().take(0)


CHAINS = {"a": 1, "b": 2}
"""The sources of the property test, and the chain that each tells of."""
publications = st.tuples(st.just("publish"), st.sampled_from([*CHAINS, "facts"]), st.integers(0, 4))
takes = st.tuples(st.just("take"), st.integers(1, 7))
resyncs = st.tuples(st.just("resync"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(publications, takes, resyncs), max_size=60), st.integers(1, 12))
def test_whatever_the_interleaving_no_fact_is_lost_and_no_stream_has_a_gap(steps: list[Any], bound: int) -> None:
    """A source resumes at the newest block that the reader has; then what the reader sees is the whole chain."""

    async def run() -> None:
        bus = Memory(deltas=bound)
        sent = 0
        seen: dict[str, list[Event]] = {"facts": [], **{source: [] for source in CHAINS}}
        chain: dict[str, list[list[Event]]] = {source: [] for source in CHAINS}
        queue = dict.fromkeys(CHAINS, 0)
        told_by = {chain_id: source for source, chain_id in CHAINS.items()}

        def record(events: list[Event]) -> None:
            for event in events:
                seen[told_by[event.chain_id] if isinstance(event, Block | Log) else "facts"].append(event)

        async def send(source: str) -> None:
            number = queue[source]
            await bus.publish(chain[source][number], source=source)
            queue[source] += 1

        def resync() -> None:
            for source in bus.overflowed():
                heads = [event for event in seen[source] if isinstance(event, Block)]
                queue[source] = heads[-1].number + 1 if heads else 0

        for step in steps:
            match step:
                case ("publish", "facts", _):
                    await bus.publish([command(sent)], source="facts")
                    sent += 1
                case ("publish", source, logs):
                    chain[source].append(batch(len(chain[source]), logs, CHAINS[source]))
                    await send(source)
                case ("take", most):
                    record(await poll(bus, most))
                case _:
                    resync()  # whatever was taken, it ends with a whole block
        for _ in range(len(steps) + 1):
            record(await drain(bus))
            resync()
            for source, batches in chain.items():
                if queue[source] < len(batches):
                    await send(source)
        assert seen["facts"] == [command(n) for n in range(sent)]
        for source, batches in chain.items():
            assert seen[source] == [event for events in batches for event in events]

    asyncio.run(run())
