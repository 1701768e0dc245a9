"""A run that has more to take than it takes at once: frames, and who else gets on meanwhile."""

import asyncio
import gc
import random
import weakref
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from recorded_world import SYNC, word
from running import CHAIN, POOL, Stage, running
from structlog.testing import capture_logs

from sniper.events import Block, Event, Log
from sniper.journal import Reader
from sniper.runtime import feeding
from sniper.runtime import run as runtime
from sniper.runtime.feeding import Feeder, FeedSource
from sniper.runtime.records import read_records


def logs(stage: Stage, count: int) -> list[Log]:
    return [stage.log(POOL, (SYNC,), word(1) + word(1)) for _ in range(count)]


def frames(journal: Path) -> list[list[Event]]:
    """The events of each frame."""
    with Reader(journal) as reader:
        found = [read_records(frame.first, frame.records) for frame in reader]
    return [[each for each in frame if isinstance(each, Event)] for frame in found]


async def test_a_block_with_more_logs_than_a_batch_is_one_frame(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        many = stage.run.resolved.runtime.batch + 44
        await stage.block(*logs(stage, many))
    (frame,) = (frame for frame in frames(stage.run.writer.directory) if any(isinstance(e, Block) for e in frame))
    assert sum(isinstance(event, Log) for event in frame) == many


async def test_others_get_on_after_each_batch_of_a_backlog(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        run, head = stage.run, stage.run.kernel.market.chains[CHAIN]
        for _ in range(10):
            batch = [stage.next_block(), *logs(stage, run.resolved.runtime.batch)]
            await run.bus.publish(batch, source=run.feeders[0].name)
        seen = set()
        async with asyncio.timeout(10):
            while head.number < 10:
                await asyncio.sleep(0)
                seen.add(head.number)
        assert seen >= set(range(1, 11))


async def test_what_survived_the_short_collections_is_collected_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Node:
        """Refers to itself."""

    monkeypatch.setattr(runtime, "COLLECT_NS", 0)
    async with running(tmp_path) as stage:
        node: Any = Node()
        node.itself = node
        gone = weakref.ref(node)
        gc.collect()  # it is alive, and so it is old now
        del node
        monkeypatch.setattr(runtime, "COLLECT_ALL_NS", 0)
        await stage.reaches(lambda: gone() is None)


class Stubborn:
    """A feed that goes on until it is released, whoever cancels it; then it yields once more."""

    def __init__(self, config: Any, context: Any) -> None:  # Any: what the feeder hands to any feed
        self.begun, self.released = config

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        self.begun.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue
        yield []


async def test_a_feed_that_does_not_end_holds_up_nobody_and_is_heard_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "LONGEST_STOP_S", 0.01)
    published: list[Sequence[Event]] = []

    async def publish(events: Sequence[Event], source: str) -> None:
        published.append(events)

    begun, released = asyncio.Event(), asyncio.Event()
    configured: Any = SimpleNamespace(name="stubborn", spec=None, cls=Stubborn, config=(begun, released))
    context: Any = SimpleNamespace(chain_id=CHAIN)
    with capture_logs() as said:
        source, log = FeedSource(configured, context), runtime.structlog.get_logger()  # type: ignore[attr-defined]
        feeder = Feeder(source, publish, lambda: 1, log, random.Random(1))  # type: ignore[arg-type]
        feeder.start()
        await begun.wait()
        (task,) = (each for each in asyncio.all_tasks() if each.get_name() == f"feed {feeder.name}")
        try:
            async with asyncio.timeout(10):
                await feeder.stop()
            assert not task.done()
        finally:
            released.set()
            await task
    assert published == []
    assert [each["event"] for each in said] == ["a feed does not end and is left behind"]
