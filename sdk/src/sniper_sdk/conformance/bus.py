"""What a bus must hold."""

import asyncio
from abc import abstractmethod
from typing import ClassVar

import pytest

from sniper.bus import Bus
from sniper.events import Block, Clock, Event, KillSwitch, Log, Trade

_MOST = 1_000_000


class BusConformance:
    """Facts are never lost and never wait behind market data; absolute events are conflated; each source keeps its
    order; a batch is taken whole; a source whose deltas were lost is named.

        class TestMemory(BusConformance):
            def make(self, *, deltas: int = 1000) -> Bus:
                return Memory(deltas=deltas)
    """

    patience_s: ClassVar[float] = 20

    @abstractmethod
    def make(self, *, deltas: int = 1000) -> Bus:
        """A fresh bus that holds about ``deltas`` deltas of one source before it overflows."""

    @pytest.mark.asyncio
    async def test_each_source_keeps_its_order(self) -> None:
        bus = self.make()
        for n in range(0, 30, 3):
            await bus.publish([_trade("a", n + k) for k in range(3)], source="a")
            await bus.publish([_trade("b", n + k) for k in range(3)], source="b")
        taken = await self._all(bus, 60)
        for source in ("a", "b"):
            sizes = [event.size for event in taken if isinstance(event, Trade) and event.venue == source]
            assert sizes == list(range(30)), f"events of {source} came as {sizes}"

    @pytest.mark.asyncio
    async def test_facts_do_not_wait_behind_market_data(self) -> None:
        bus = self.make()
        await bus.publish([_trade("a", n) for n in range(500)], source="a")
        await bus.publish([_command(1)], source="console")
        taken = await self._take(bus, 10)
        assert taken[0] == _command(1), f"a command waits behind market data: {taken[0]!r} came first"

    @pytest.mark.asyncio
    async def test_only_the_newest_absolute_event_counts(self) -> None:
        bus = self.make()
        for n in range(50):
            await bus.publish([Clock(time=n)], source="clock")
        await bus.publish([_command(1)], source="console")
        taken = await self._all(bus, 2)
        assert [event for event in taken if isinstance(event, Clock)] == [Clock(time=49)], (
            "old absolute events were kept"
        )

    @pytest.mark.asyncio
    async def test_lost_deltas_are_said_once_and_cost_no_fact(self) -> None:
        bus = self.make(deltas=10)
        for n in range(100):
            await bus.publish([_trade("a", n)], source="a")
        await bus.publish([_command(n) for n in range(5)], source="console")
        await bus.publish([_trade("b", 1)], source="b")
        assert "a" in bus.overflowed(), "ten times more deltas than it holds, and no source is said to have lost any"
        assert bus.overflowed() == frozenset(), "a loss is said once: the source resynchronises meanwhile"
        taken = await self._until(bus, _trade("b", 1))
        assert [event for event in taken if isinstance(event, KillSwitch)] == [_command(n) for n in range(5)]

    @pytest.mark.asyncio
    async def test_taking_waits_for_the_first_event(self) -> None:
        bus = self.make()
        taking = asyncio.ensure_future(bus.take(10))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not taking.done(), "take gave something though there was nothing"
        await bus.publish([_command(1)], source="console")
        async with asyncio.timeout(self.patience_s):
            assert await taking == [_command(1)]

    @pytest.mark.asyncio
    async def test_a_block_is_taken_with_all_its_logs_however_little_was_asked_for(self) -> None:
        bus = self.make()
        blocks = [_block(number, logs) for number, logs in ((1, 3), (2, 300), (3, 0), (4, 2))]
        for batch in blocks:
            await bus.publish(batch, source="feed")
        left = [event for batch in blocks for event in batch]
        while left:
            some = await self._take(bus, 2)
            assert some == left[: len(some)], "the events of a source came in another order"
            left = left[len(some) :]
            assert not left or isinstance(left[0], Block), (
                f"a block was split, and after a crash its other logs would be lost: {left[0]!r} was left behind"
            )

    @pytest.mark.asyncio
    async def test_no_batch_begins_beyond_what_was_asked_for(self) -> None:
        bus = self.make()
        for n in range(10):
            await bus.publish([_command(n)], source="console")
        taken: list[Event] = []
        while len(taken) < 10:
            some = await self._take(bus, 3)
            assert 1 <= len(some) <= 3, f"asked for 3, got {len(some)}"
            taken += some
        assert taken == [_command(n) for n in range(10)]

    async def _take(self, bus: Bus, most: int) -> list[Event]:
        async with asyncio.timeout(self.patience_s):
            return await bus.take(most)

    async def _all(self, bus: Bus, count: int) -> list[Event]:
        """Take until there are ``count`` of them."""
        taken: list[Event] = []
        while len(taken) < count:
            taken += await self._take(bus, _MOST)
        return taken

    async def _until(self, bus: Bus, last: Event) -> list[Event]:
        taken: list[Event] = []
        while last not in taken:
            taken += await self._take(bus, _MOST)
        return taken


def _trade(source: str, n: int) -> Trade:
    return Trade(time=n, venue=source, instrument="i", price=1, size=n)


def _block(number: int, logs: int) -> list[Event]:
    head = Block(
        time=number,
        chain_id=1,
        number=number,
        hash=f"0x{number:x}",
        parent=f"0x{number - 1:x}",
        timestamp=number,
        base_fee=0,
        gas_used=0,
        gas_limit=0,
    )
    return [
        head,
        *(
            Log(time=number, chain_id=1, block=number, tx_hash="0x", index=n, address="0x", topics=(), data=b"")
            for n in range(logs)
        ),
    ]


def _command(n: int) -> KillSwitch:
    return KillSwitch(time=n, account=f"account-{n}", level="off")
