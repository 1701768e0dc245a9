"""What a feed must hold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

import pytest

from sniper.events import Block, Event, Log, Reorg
from sniper.feed import Feed

Resume = Mapping[str, Any] | None
"""As `FeedContext.resume`. Any: a feed's own position."""


class FeedConformance:
    """Batches in order, of the events that it announces; closed and resumed, it goes on without gap or repetition.

        class TestEvmLogs(FeedConformance):
            emits = ("block/1", "log/1", "reorg/1")

    Fixtures of yours, in the class or in ``conftest.py``:

    make_feed  ``make_feed(resume)``: a feed whose context resumes there; None: from its source's present.
    produce    ``await produce()``: makes the source have at least one more batch.

    batches    How many batches a test reads. ``patience_s``: how long it waits for one.
    """

    emits: ClassVar[tuple[str, ...]]
    batches: ClassVar[int] = 4
    patience_s: ClassVar[float] = 20

    @pytest.mark.asyncio
    async def test_batches_hold_announced_events_in_order(
        self, make_feed: Callable[[Resume], Feed], produce: Callable[[], Awaitable[None]]
    ) -> None:
        events = [event for batch in await self._read(make_feed(None), produce) for event in batch]
        for event in events:
            tag = type(event).__struct_config__.tag  # type: ignore[attr-defined]  # every event is a struct
            assert tag in self.emits, f"sent {tag}, which its spec does not announce: emits is {self.emits}"
        times = [event.time for event in events]
        assert times == sorted(times), "known-at time decreased: stamp events with context.now()"
        _are_in_order(events)

    @pytest.mark.asyncio
    async def test_it_goes_on_where_the_kernel_stands(
        self, make_feed: Callable[[Resume], Feed], produce: Callable[[], Awaitable[None]]
    ) -> None:
        before = [event for batch in await self._read(make_feed(None), produce) for event in batch]
        heads = [event for event in before if isinstance(event, Block)]
        if not heads:
            pytest.skip("this feed sends no blocks: where it resumes is its own business")
        await produce()
        resume = {"number": heads[-1].number, "hash": heads[-1].hash}
        after = [event for batch in await self._read(make_feed(resume), produce) for event in batch]
        found = [event for event in after if isinstance(event, Block)]
        assert found[0].number == heads[-1].number + 1, f"resumed at {heads[-1].number}, it begins at {found[0].number}"
        _are_in_order([heads[-1], *after])

    @pytest.mark.asyncio
    async def test_it_ends_at_once_when_it_is_closed(
        self, make_feed: Callable[[Resume], Feed], produce: Callable[[], Awaitable[None]]
    ) -> None:
        running: Any = make_feed(None).events()  # Any: an async generator, which can be closed
        await produce()
        await self._next(running)
        waiting = asyncio.ensure_future(anext(running))
        await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(self.patience_s):
            await asyncio.gather(waiting, return_exceptions=True)
            await running.aclose()

    async def _read(self, feed: Feed, produce: Callable[[], Awaitable[None]]) -> list[Sequence[Event]]:
        running: Any = feed.events()  # Any: as above
        async with aclosing(running):
            found = []
            for _ in range(self.batches):
                await produce()
                found.append(await self._next(running))
            return found

    async def _next(self, running: AsyncIterator[Sequence[Event]]) -> Sequence[Event]:
        """The next one that is not empty: an empty one says that the source is there."""
        async with asyncio.timeout(self.patience_s):
            while not (batch := await anext(running)):
                pass
            return batch


def _are_in_order(events: Sequence[Event]) -> None:
    """Blocks follow their parents; logs follow their block, by their index; after a reorg the next block follows its
    ancestor."""
    head: Block | None = None
    ancestor: int | None = None
    index = -1
    for event in events:
        if isinstance(event, Reorg):
            ancestor, head = event.ancestor, None
        elif isinstance(event, Block):
            if head is not None:
                assert (event.number, event.parent) == (head.number + 1, head.hash), (
                    f"{event!r} does not follow {head!r}"
                )
            if ancestor is not None:
                assert event.number == ancestor + 1, f"block {event.number} follows a reorg to {ancestor}"
            head, ancestor, index = event, None, -1
        elif isinstance(event, Log) and head is not None:
            assert event.block == head.number, f"a log of block {event.block} after block {head.number}"
            assert event.index > index, f"log {event.index} after log {index} of the same block"
            index = event.index
