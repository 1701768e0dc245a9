"""What the runtime hands to a feed, and how it reads one."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from sniper.evm.rpc import Endpoints
from sniper_feed_wallet_watch.feed import WalletWatch
from sniper_sdk.devchain import DevChain


class Context:
    """``resume``: where the kernel stands; `Watcher.follow` moves it."""

    name = "wallet-watch"
    subscriptions: tuple[Any, ...] = ()

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints: Any = endpoints
        self.resume: dict[str, Any] | None = None
        self.time = 10**18

    @property
    def chain_id(self) -> int:
        return int(self.endpoints.chain_id)

    def now(self) -> int:
        self.time += 1
        return self.time

    def watched(self) -> frozenset[str]:
        return frozenset()

    own = watched


class Watcher:
    """Reads in the background. ``heard``: all signals so far."""

    def __init__(self, feed: WalletWatch, chain: DevChain) -> None:
        self.feed = feed
        self.context: Any = feed.context
        self.chain = chain
        self.heard: list[Any] = []
        self.follow()
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for batch in self.feed.events():
            self.heard += batch

    def follow(self) -> None:
        """The kernel has the chain's newest blocks."""
        newest = self.chain.block_number()
        blocks = [
            self.chain.rpc.call("eth_getBlockByNumber", hex(n), False) for n in range(newest, max(-1, newest - 40), -1)
        ]
        recent = tuple((int(block["number"], 16), block["hash"]) for block in blocks)
        self.context.resume = {"number": recent[0][0], "hash": recent[0][1], "recent": recent}

    async def news(self) -> list[Any]:
        """What it tells of the blocks that are new."""
        before = len(self.heard)
        self.follow()
        await self.until_there()
        return self.heard[before:]

    async def until_there(self, behind: int = 0) -> None:
        """Wait until it has told all up to where the kernel stands, less ``behind`` blocks."""
        await self.until(lambda: self.feed.last == self.context.resume["number"] - behind)

    async def until(self, there: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            for _ in count():
                if there():
                    return
                assert not self._reading.done(), self._reading
                await asyncio.sleep(0.005)

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
