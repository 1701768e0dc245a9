"""Feeds under supervision: each runs until it ends or raises, and is called again from where the kernel stands."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from sniper.codec import class_of, encode
from sniper.errors import PluginFault, told
from sniper.events import (
    Block,
    Event,
    FeedStale,
    Log,
    OwnTransaction,
    PendingLiquidity,
    PoolRead,
    PoolTips,
    Reorg,
    RollupRead,
    TokenDescribed,
    tag_of,
)
from sniper.evm.rpc import Endpoints
from sniper.kernel.kernel import Kernel
from sniper.kernel.tokens import TOKEN_TOPICS
from sniper.runtime.clock import Clock
from sniper.runtime.source import Source
from sniper.settings.resolved import Configured
from sniper.specs import FeedSpec

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
LONGEST_STOP_S = 1.0

Publish = Callable[[Sequence[Event], str], Awaitable[None]]

OF_THE_CHAIN = (
    Block,
    Log,
    Reorg,
    PoolRead,
    PoolTips,
    RollupRead,
    PendingLiquidity,
    OwnTransaction,
    TokenDescribed,
    FeedStale,
)
"""What names a chain by its number: the kernel's market knows the configured chains alone."""


class Context:
    """`sniper.feed.FeedContext` for one feed of one chain."""

    def __init__(self, name: str, kernel: Kernel, chain_id: int, endpoints: Endpoints, clock: Clock) -> None:
        self.name = name
        self._kernel = kernel
        self.chain_id = chain_id
        self.endpoints = endpoints
        self.now = clock
        self.subscriptions = subscriptions(kernel, chain_id)

    @property
    def resume(self) -> Mapping[str, Any] | None:
        """See `FeedContext`. ``recent``: (number, hash) of the newest blocks, newest first: for a common ancestor."""
        headers = self._kernel.market.chains[self.chain_id].headers
        if not headers:
            return None
        recent = tuple((header.number, header.hash) for header in reversed(headers))
        return {"number": headers[-1].number, "hash": headers[-1].hash, "recent": recent}

    def watched(self) -> frozenset[str]:
        """See `FeedContext`."""
        return self._kernel.watched(self.chain_id)

    def own(self) -> frozenset[str]:
        """See `FeedContext`."""
        accounts = (account for account in self._kernel.wiring.accounts if account.chain_id == self.chain_id)
        return frozenset(wallet for account in accounts for wallet in account.wallets)


class BesideChains:
    """`sniper.feed.FeedContext` for a feed whose source is no chain."""

    chain_id = 0
    endpoints = None
    subscriptions: Sequence[tuple[Sequence[str], Sequence[str]]] = ()
    resume = None

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.now = clock

    def watched(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    own = watched


def subscriptions(kernel: Kernel, chain_id: int) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Creations by the configured factories; the logs that any pool may send; the known deeds of token owners."""
    chain = kernel.market.chains[chain_id]
    found: list[tuple[Sequence[str], Sequence[str]]] = []
    creations = chain.listening.creations
    factories = sorted({factory for factory, _ in creations})
    if factories:
        found.append((factories, sorted({topic for _, topic in creations})))
    found.append(((), sorted(chain.listening.topics | set(TOKEN_TOPICS))))
    return found


def checked(batch: object, chain_id: int) -> list[Event]:
    """The events of a batch that a feed of this chain gave, where all of them can be handled and put on record.

    Python holds no feed to a type: what has another one would end the run when it is put on record. Raises
    `PluginFault`, or `CodecError`, which names the field.
    """
    if not isinstance(batch, Sequence):
        raise PluginFault(f"gave {batch!r:.200}; a batch is a list or tuple of events")
    events = list(batch)
    for event in events:
        if not isinstance(event, Event):
            raise PluginFault(f"gave {event!r:.200}; it must be an event (sniper.events.Event)")
        if isinstance(event, OF_THE_CHAIN) and event.chain_id != chain_id:
            raise PluginFault(f"gave {event!r:.200}; this feed is of chain {chain_id}")
        encode(event)
        if class_of(tag_of(type(event))) is not type(event):
            raise PluginFault(f"gave {event!r:.200}; from the journal it would be read as an event of another class")
    return events


class FeedSource:
    """A feed, on one chain or on none; see `sniper.runtime.source.Source`."""

    def __init__(self, configured: Configured, context: Context | BesideChains) -> None:
        spec = configured.spec
        self.name = f"{configured.name}-{context.chain_id}" if context.chain_id else configured.name
        self.hints = isinstance(spec, FeedSpec) and spec.hints
        self._configured = configured
        self._context = context

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        feed = self._configured.cls(self._configured.config, self._context)
        async for batch in feed.events():
            yield checked(batch, self._context.chain_id)

    def stale(self, time: int, *, stale: bool) -> Sequence[Event]:
        if self.hints:
            return ()
        return (FeedStale(time=time, feed=self.name, chain_id=self._context.chain_id, stale=stale),)


class Feeder:
    """One source, kept running."""

    def __init__(
        self, source: Source, publish: Publish, clock: Clock, log: FilteringBoundLogger, rng: random.Random
    ) -> None:
        self.name = source.name
        self.hints = source.hints
        self.source = source
        self._publish = publish
        self._clock = clock
        self._log = log
        self._rng = rng
        self._task: asyncio.Task[None] | None = None
        self.stale = False
        self.last_event = 0
        """ns UTC of the newest batch; 0 before the first."""
        self.breaks = 0
        """How often it ended or raised; ``down``: whether it did, and was not begun again yet."""
        self.down = False

    def start(self) -> None:
        """Run it, from where the kernel stands."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"feed {self.name}")

    def stop(self) -> Awaitable[None]:
        """End it: at once it publishes nothing more. Await the result for its end, but for no more than
        ``LONGEST_STOP_S``: a feed that takes its time to let go of its source is left to itself."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return self._ended(task)

    async def _ended(self, task: "asyncio.Task[None] | None") -> None:
        if task is None:
            return
        _, slow = await asyncio.wait([task], timeout=LONGEST_STOP_S)
        if slow:
            self._log.warning("a feed does not end and is left behind", feed=self.name, waited_s=LONGEST_STOP_S)
        elif not task.cancelled() and (error := task.exception()) is not None:
            self._log.warning("a feed ended with an error", feed=self.name, reason=told(error))

    async def _run(self) -> None:
        own = asyncio.current_task()
        pause = FIRST_PAUSE_S
        while True:
            self.down = False
            try:
                async for events in self.source.events():
                    if self._task is not own:
                        return  # it was stopped, and did not heed it
                    pause = FIRST_PAUSE_S
                    self.last_event = self._clock()
                    if self.stale:
                        await self._say(stale=False)
                    if events:
                        await self._publish(events, self.name)
                reason: object = "it ended"
            except asyncio.CancelledError:
                raise
            except Exception as error:  # a plugin's code: supervision is what this is for
                reason = told(error)
            if self._task is not own:
                return
            self.breaks += 1
            self.down = True
            if not self.stale:
                await self._say(stale=True)
            delay = pause * (0.5 + self._rng.random())
            self._log.warning("feed stopped", feed=self.name, reason=reason, again_in_s=round(delay, 2))
            await asyncio.sleep(delay)
            pause = min(LONGEST_PAUSE_S, pause * 2)

    async def _say(self, *, stale: bool) -> None:
        self.stale = stale
        events = self.source.stale(self._clock(), stale=stale)
        if events:
            await self._publish(events, f"{self.name}-state")  # not behind what is queued


def contexts(
    feed: Configured, kernel: Kernel, endpoints: Mapping[int, Endpoints], clock: Clock
) -> Sequence[Context | BesideChains]:
    """Where a feed runs: on each chain, or once."""
    if isinstance(feed.spec, FeedSpec) and not feed.spec.per_chain:
        return [BesideChains(feed.name, clock)]
    return [Context(feed.name, kernel, chain_id, each, clock) for chain_id, each in endpoints.items()]
