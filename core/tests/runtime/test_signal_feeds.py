"""Feeds that tell hints, and whose source is no chain: one for the whole run, and trading goes on without them."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from sniper.events import Event, SignalHeard, Trade
from sniper.runtime import feeding
from sniper.runtime.feeding import BesideChains, Context, Feeder, FeedSource, contexts
from sniper.specs import FeedSpec

SPEC = FeedSpec(name="news", summary="x", factory="x:X", emits=("signal-heard/1",), per_chain=False, hints=True)


def heard(number: int) -> SignalHeard:
    return SignalHeard(
        time=number, source="news", id=str(number), kind="alert", about=("BTC",), direction=1, strength=1, at=number
    )


class Scripted:
    """Gives what stands in its config, batch by batch; an error is raised."""

    def __init__(self, config: Any, context: Any) -> None:  # Any: what the feeder hands to any feed
        self.batches = config
        self.context = context

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        while True:
            batch = await self.batches.get()
            if isinstance(batch, Exception):
                raise batch
            yield batch


async def reaches(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        for _ in count():
            if there():
                return
            await asyncio.sleep(0)


def test_a_feed_of_no_chain_runs_once_and_one_of_a_chain_on_each() -> None:
    kernel: Any = SimpleNamespace(
        market=SimpleNamespace(chains={n: SimpleNamespace(listening=SimpleNamespace(creations=(), topics=set()))
                                       for n in (1, 10)})
    )  # fmt: skip
    endpoints: Any = {1: None, 10: None}
    clock: Any = lambda: 1  # noqa: E731
    once: Any = SimpleNamespace(name="news", spec=SPEC)
    each: Any = SimpleNamespace(name="logs", spec=FeedSpec(name="logs", summary="x", factory="x:X", emits=()))
    (context,) = contexts(once, kernel, endpoints, clock)
    assert isinstance(context, BesideChains)
    assert (context.name, context.chain_id, context.resume, context.own()) == ("news", 0, None, frozenset())
    found = contexts(each, kernel, endpoints, clock)
    assert [(type(one), one.name, one.chain_id) for one in found] == [(Context, "logs", 1), (Context, "logs", 10)]


async def test_a_lost_source_of_hints_makes_nothing_stale_and_an_empty_batch_says_that_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeding, "FIRST_PAUSE_S", 0.001)
    published: list[tuple[Sequence[Event], str]] = []
    batches: asyncio.Queue[Any] = asyncio.Queue()

    async def publish(events: Sequence[Event], source: str) -> None:
        published.append((events, source))

    configured: Any = SimpleNamespace(name="news", spec=SPEC, cls=Scripted, config=batches)
    clock: Any = lambda: 5  # noqa: E731
    with capture_logs() as said:
        source = FeedSource(configured, BesideChains("news", clock))
        feeder = Feeder(source, publish, clock, structlog.get_logger(), random.Random(1))
        feeder.start()

        batches.put_nowait([heard(1)])
        batches.put_nowait(ValueError("no news"))
        await reaches(lambda: feeder.stale)
        batches.put_nowait([])
        await reaches(lambda: not feeder.stale)
        trade = Trade(time=1, venue="x", instrument="x:A/B", price=1, size=1)
        batches.put_nowait([heard(2), trade])
        await reaches(lambda: len(published) == 2)
        await feeder.stop()
    assert published == [([heard(1)], "news"), ([heard(2), trade], "news")]
    assert feeder.last_event == 5
    assert [(each["event"], each["feed"]) for each in said] == [("feed stopped", "news")]
