"""A web server on the loopback interface that says what a test tells it to, and a feed that is read from it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web

from sniper.types import SECOND

NOW = 1_800_000_000


class Context:
    """What the runtime would hand over. ``time``: ns UTC; a little later with each question."""

    chain_id = 0
    endpoints = None
    subscriptions: tuple[Any, ...] = ()
    resume = None

    def __init__(self, name: str = "rss") -> None:
        self.name = name
        self.time = NOW * SECOND

    def now(self) -> int:
        self.time += 1
        return self.time

    def watched(self) -> frozenset[str]:
        return frozenset()

    own = watched


class Newspaper:
    """``body``: bytes, or what to answer. ``asked``: headers of the requests, and their paths."""

    def __init__(self) -> None:
        self.body: bytes | web.Response = b""
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        self.paths.append(request.path)
        if isinstance(self.body, web.Response):
            return web.Response(status=self.body.status, headers=self.body.headers, body=self.body.body)
        if self.headers and request.headers.get("If-None-Match") == self.headers.get("ETag"):
            return web.Response(status=304)
        return web.Response(body=self.body, headers=self.headers)


@asynccontextmanager
async def printing() -> AsyncIterator[Newspaper]:
    """A newspaper that runs."""
    paper = Newspaper()
    app = web.Application()
    app.add_routes([web.get("/{path:.*}", paper.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    paper.port = runner.addresses[0][1]
    try:
        yield paper
    finally:
        await runner.cleanup()


class Subscriber:
    """Reads a feed in the background, as the runtime does. ``batches``: what it gave, empty ones too."""

    def __init__(self, feed: Any) -> None:  # Any: a feed with attributes of its own
        self.feed = feed
        self.batches: asyncio.Queue[list[Any]] = asyncio.Queue()
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for batch in self.feed.events():
            self.batches.put_nowait(list(batch))

    async def next(self) -> list[Any]:
        """The next batch, an empty one too."""
        async with asyncio.timeout(10):
            return await self.batches.get()

    async def news(self) -> list[Any]:
        """The next batch that has something in it."""
        while not (batch := await self.next()):
            pass
        return batch

    async def until(self, there: Callable[[], object]) -> None:
        """Wait until something holds that has no event of its own."""
        async with asyncio.timeout(10):
            for _ in count():
                if there():
                    return
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
