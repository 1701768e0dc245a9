"""The public pool of one chain, as all its endpoints show it: each transaction is told once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog

from sniper.errors import RpcError
from sniper.events import Event, PoolTips
from sniper.evm.pacing import TokenBucket
from sniper.evm.rpc import Endpoints
from sniper.feed import Feed, FeedContext
from sniper_feed_pending_pool.config import PendingPoolConfig
from sniper_feed_pending_pool.heads import Head, Heads
from sniper_feed_pending_pool.hints import hints, own
from sniper_feed_pending_pool.pending import read
from sniper_feed_pending_pool.source import Source
from sniper_feed_pending_pool.waiting import Waiting, ranked, tally

LOOK_S = 0.1
"""How often the feed looks whether the kernel has a new block."""
SLICE = 1000
"""Transactions that are counted before the kernel, which shares the thread, gets its turn."""
TELL_S = 60.0
CANCEL_S = 0.3

_log = structlog.get_logger(__name__)


class PendingPool(Feed):
    """Hints only: nothing depends on it being complete, so a lost endpoint ends nothing. While none listens, no tips
    are told, and the feed is silent.

    sources  One for each endpoint. ``lost``: what was left out since it was told last, by reason.
    """

    config: PendingPoolConfig

    def __init__(self, config: PendingPoolConfig, context: FeedContext) -> None:
        super().__init__(config, context)
        endpoints: Endpoints = context.endpoints
        self._waiting = Waiting(config.most, config.forget_s)
        self._own = context.own()
        self._watched = context.watched()
        self._contracts = frozenset(config.contracts)
        self._room = TokenBucket(config.max_events, config.max_events)
        self.lost: Counter[str] = Counter()
        self._out: list[Event] = []
        self._filled = asyncio.Event()
        self._heads = Heads(endpoints)
        self._head: Head | None = None
        self.sources = [
            Source(
                endpoint,
                config,
                endpoints.attempt_timeout,
                self._own,
                take=self.take,
                knows=self._waiting.__contains__,
                lost=self.lost,
            )
            for endpoint in endpoints.endpoints
        ]

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """As `Feed.events`, from now on: what waited before is told where an endpoint shows its whole pool only."""
        running = [asyncio.create_task(source.listen()) for source in self.sources]
        running += [asyncio.create_task(source.look_up()) for source in self.sources]
        running.append(asyncio.create_task(self._watch()))
        for task in running:
            task.add_done_callback(lambda _: self._filled.set())
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                for task in running:
                    if task.done():
                        task.result()  # none ends but by an error
                if self._out:
                    batch, self._out = self._out, []
                    yield batch
        finally:
            ending = set(running)
            while ending:
                for task in ending:
                    task.cancel()  # again where a library took the first one for its own
                _, ending = await asyncio.wait(ending, timeout=CANCEL_S)

    def take(self, told: Any) -> None:
        """One transaction as a node told it (JSON). Raises `Nonsense`."""
        chain_id = self.context.chain_id
        pending = read(told, chain_id)
        if pending is None or pending.hash in self._waiting:
            return
        time = self.context.now()
        news = self._waiting.add(pending, time)
        if pending.sender in self._own:
            self._hand_on([own(pending, chain_id, time)])
        if not news:
            return
        found = hints(pending, chain_id, time, contracts=self._contracts, watched=self._watched)
        if found:
            now = asyncio.get_running_loop().time()
            if self._room.wait(len(found), now) > 0:
                self.lost["more hints than max_events"] += len(found)
                return
            self._room.take(len(found), now)
            self._hand_on(found)

    def _hand_on(self, events: Sequence[Event]) -> None:
        self._out += events
        self._filled.set()

    async def _watch(self) -> None:
        """Follow the kernel's blocks and what the pool offers for the next one, and tell what was lost."""
        loop = asyncio.get_running_loop()
        looked = told = 0.0
        last: tuple[int, tuple[tuple[int, int], ...]] | None = None
        while True:
            resume = self.context.resume
            self._watched = self.context.watched()
            due = loop.time() - looked >= self.config.tips_s
            behind = self._heads.behind(resume) if resume is not None or due else []
            if behind:
                await self._follow(behind)
            if behind or due:
                looked = loop.time()
                self._waiting.expire(self.context.now())
                head = self._head
                if head is not None and any(source.up for source in self.sources):
                    offers = await self._offers(head)
                    if (head.number, offers) != last:
                        last = head.number, offers
                        time, chain_id = self.context.now(), self.context.chain_id
                        self._hand_on([PoolTips(time=time, chain_id=chain_id, block=head.number, offers=offers)])
            if loop.time() - told >= TELL_S:
                told = loop.time()
                self.tell()
            await asyncio.sleep(LOOK_S)

    async def _follow(self, behind: list[Any]) -> None:
        try:
            heads = await self._heads.read(behind)
        except RpcError:
            heads = []
        for head in heads:
            self._waiting.mined(head.mined)
            self._head = head
        if len(heads) < len(behind):
            self.lost["blocks that no endpoint told"] += len(behind) - len(heads)
            await asyncio.sleep(self.config.poll_s)

    async def _offers(self, head: Head) -> tuple[tuple[int, int], ...]:
        found: Counter[int] = Counter()
        bids = self._waiting.bids()
        for begin in range(0, len(bids), SLICE):
            tally(found, bids[begin : begin + SLICE], head.base_fee)
            await asyncio.sleep(0)
        return ranked(found, head.gas_limit)

    def tell(self) -> None:
        """Say what was left out since the last time."""
        if self._waiting.pushed_out:
            self.lost["more transactions than most"] += self._waiting.pushed_out
            self._waiting.pushed_out = 0
        if self.lost:
            _log.warning("left out of the pool", chain_id=self.context.chain_id, **dict(self.lost))
            self.lost.clear()
