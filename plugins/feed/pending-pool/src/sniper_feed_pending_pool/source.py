"""One endpoint's view of the pool: by subscription, filter, or the pool's whole content, as it offers them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final

import structlog

from sniper.errors import RpcError
from sniper.evm.endpoint import Endpoint, NodeError, Request
from sniper.evm.pacing import Backoff, TokenBucket
from sniper_feed_pending_pool.config import PendingPoolConfig
from sniper_feed_pending_pool.pending import Nonsense

BREATH: Final = 16
"""After so many transactions the kernel, which shares the thread, gets its turn."""
MOST_HASHES: Final = 5_000
"""Announced and not asked for yet; the oldest makes room."""
MOST_AT_ONCE: Final = 50
MOST_NONSENSE: Final = 100
"""So much nonsense in a row ends the connection."""
STEADY_S: Final = 10.0
"""A connection that lasted so long was a good one: what follows it begins with a short pause again."""
CONTENT_S: Final = 5.0
"""Between two looks at the whole content, which is large."""
_SUBSCRIPTIONS: Final[Sequence[Sequence[Any]]] = (("newPendingTransactions", True), ("newPendingTransactions",))
"""Whole transactions (geth, erigon, reth, anvil), or hashes. Any: JSON."""

_log = structlog.get_logger(__name__)


class NoPool(RpcError):
    """An endpoint shows no pool, in none of the ways."""

    code = "no-pending-pool"


class TellsNonsense(RpcError):
    """An endpoint tells what are no transactions."""

    code = "pending-nonsense"


class Source:
    """up     Whether it listens. It connects anew by itself. ``taken``: how much it was told, news or not.
    own    Addresses of which is asked what already waits, after each connection that was made.
    take   Takes a transaction (JSON), or raises `Nonsense`. ``knows``: whether a hash was taken already.
    lost   Counts what was not taken, by reason; shared by all sources."""

    def __init__(
        self,
        endpoint: Endpoint,
        config: PendingPoolConfig,
        within: float,
        own: Collection[str],
        *,
        take: Callable[[Any], None],
        knows: Callable[[str], bool],
        lost: "Counter[str]",
    ) -> None:
        self.up = False
        self._endpoint = endpoint
        self._config = config
        self._within = within
        self._own = sorted(own)
        self._missed = False
        self._take = take
        self._knows = knows
        self._lost = lost
        self._hashes: dict[str, None] = {}  # in the order in which they were announced
        self._announced = asyncio.Event()
        self._budget = TokenBucket(config.lookups_per_s, MOST_AT_ONCE)
        self._backoff = Backoff(random.Random(endpoint.name))
        self._nonsense = 0
        self._since = 0.0
        self.taken = 0

    async def listen(self) -> None:
        """Listen for ever; connect anew after a failure."""
        told = ""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            try:
                await self._listen()
            except RpcError as error:
                if self.up or not told:
                    told = str(error)
                    _log.warning("an endpoint does not show its pool", endpoint=self._endpoint.name, reason=told)
                if self.up and loop.time() - self._since >= STEADY_S:
                    self._backoff.succeeded()
                self.up = False
                self._backoff.failed(asked, loop.time(), lasting=isinstance(error, NoPool))
                await asyncio.sleep(self._backoff.until - loop.time())

    async def look_up(self) -> None:
        """Ask for what was announced by its hash alone, for ever, within the budgets of feed and endpoint."""
        loop = asyncio.get_running_loop()
        while True:
            await self._announced.wait()
            if self._missed:
                self._missed = False
                await self._catch_up()
            wanted = list(self._next())
            if not wanted:
                self._announced.clear()
                continue
            await asyncio.sleep(self._budget.wait(len(wanted), loop.time()))
            self._budget.take(len(wanted), loop.time())
            try:
                found = await self._ask([("eth_getTransactionByHash", (hash_,)) for hash_ in wanted])
                for each in found:
                    if each is None or isinstance(each, NodeError):
                        self._lost["announced and not told"] += 1
                    else:
                        await self._told(each)
            except TellsNonsense as error:
                self._endpoint.distrust(error)
            except RpcError:
                self._hashes = dict.fromkeys(wanted) | self._hashes  # the endpoint's pauses are part of its budget

    # ---- ways to listen ----

    async def _listen(self) -> None:
        if not self._endpoint.url.startswith("http"):
            from sniper.evm.subscriptions import SubscriptionRefused, subscribe  # it takes seconds to import

            for parameters in _SUBSCRIPTIONS:
                try:
                    async with aclosing(
                        subscribe(
                            self._endpoint.url,
                            self._endpoint.chain_id,
                            [parameters],
                            within=self._within,
                            made=self._listens,
                        )
                    ) as announcements:
                        async for _, each in announcements:
                            await self._told(each)
                except SubscriptionRefused:
                    continue
        await self._filtered()
        await self._content()

    async def _filtered(self) -> None:
        """By a filter; returns where there is none."""
        (name,) = await self._ask([("eth_newPendingTransactionFilter", ())])
        if isinstance(name, NodeError):
            return
        self._listens()
        while True:
            await asyncio.sleep(self._config.poll_s)
            (found,) = await self._ask([("eth_getFilterChanges", (name,))])
            if isinstance(found, NodeError):
                raise found  # it forgot the filter: make a new one
            if not isinstance(found, list):
                raise TellsNonsense(f"{self._endpoint.name} gave {found!r:.60} as changes of a filter")
            for each in found:
                await self._told(each)

    async def _content(self) -> None:
        while True:
            (found,) = await self._ask([("txpool_content", ())])
            if isinstance(found, NodeError):
                raise NoPool(
                    f"{self._endpoint.name} shows no pool: it has neither eth_subscribe newPendingTransactions nor "
                    f"eth_newPendingTransactionFilter nor txpool_content ({found.text:.120})"
                )
            self._listens()
            for each in _executable(found):
                await self._told(each)
            await asyncio.sleep(max(CONTENT_S, self._config.poll_s))

    # ---- parts ----

    def _listens(self) -> None:
        if self.up:
            return
        self._missed = bool(self._own)
        self._announced.set()
        self.up, self._since = True, asyncio.get_running_loop().time()
        _log.info("an endpoint shows its pool", endpoint=self._endpoint.name)

    async def _told(self, told: Any) -> None:
        """A transaction, or its hash. Raises `TellsNonsense` when nothing else has come for long."""
        self.taken += 1
        if self.taken % BREATH == 0:
            await asyncio.sleep(0)
        if isinstance(told, str) and len(told) == 66:
            self._announce(told)
            return
        try:
            self._take(told)
            self._nonsense = 0
        except Nonsense as error:
            self._lost[error.code] += 1
            self._nonsense += 1
            if self._nonsense >= MOST_NONSENSE:
                self._nonsense = 0
                raise TellsNonsense(
                    f"{self._endpoint.name} told {MOST_NONSENSE} things in a row that cannot be; the last: {error}"
                ) from None

    async def _catch_up(self) -> None:
        """What waits of own addresses (``txpool_contentFrom`` of geth and reth): it may have been announced before
        anybody listened. A node without that method does not tell it."""
        try:
            for found in await self._ask([("txpool_contentFrom", (address,)) for address in self._own]):
                for each in () if isinstance(found, NodeError) else _of_one(found):
                    await self._told(each)
        except TellsNonsense as error:
            self._endpoint.distrust(error)
        except RpcError:
            self._lost["own transactions not asked for"] += 1  # it is asked again after the next connection

    def _announce(self, hash_: str) -> None:
        if self._knows(hash_):
            return
        self._hashes[hash_] = None
        if len(self._hashes) > MOST_HASHES:
            del self._hashes[next(iter(self._hashes))]
            self._lost["announced too fast"] += 1
        self._announced.set()

    def _next(self) -> Iterator[str]:
        """Hashes to ask for; another endpoint may have told some meanwhile."""
        count = 0
        while self._hashes and count < MOST_AT_ONCE:
            hash_ = next(iter(self._hashes))
            del self._hashes[hash_]
            if not self._knows(hash_):
                count += 1
                yield hash_

    async def _ask(self, requests: Sequence[Request]) -> list[Any | NodeError]:
        loop = asyncio.get_running_loop()
        now = loop.time()
        await asyncio.sleep(max(0.0, self._endpoint.due(len(requests), now) - now))
        return await self._endpoint.ask(requests, self._within)


def _executable(content: Any) -> Iterator[Any]:
    """What ``txpool_content`` says may go into the next block (geth's "pending"). Any: JSON. Raises `TellsNonsense`."""
    pending = content.get("pending") if isinstance(content, dict) else None
    if not isinstance(pending, dict) or not all(isinstance(each, dict) for each in pending.values()):
        raise TellsNonsense(f"{content!r:.60} is no content of a pool")
    for by_nonce in pending.values():
        yield from by_nonce.values()


def _of_one(content: Any) -> Iterator[Any]:
    """All of ``txpool_contentFrom``, whether it can go into the next block or waits for a nonce. Any: JSON. Raises
    `TellsNonsense`."""
    if not isinstance(content, dict) or not all(isinstance(each, dict) for each in content.values()):
        raise TellsNonsense(f"{content!r:.60} is not what waits of one sender")
    for by_nonce in content.values():
        yield from by_nonce.values()
