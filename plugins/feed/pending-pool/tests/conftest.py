"""A real node that mines when it is told to, a proxy that cuts its connections, and a fake node that says anything."""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sniper.events import Event, PoolTips
from sniper.evm.rpc import Endpoints
from sniper_feed_pending_pool.config import PendingPoolConfig
from sniper_feed_pending_pool.feed import PendingPool
from sniper_sdk.devchain import DevChain
from sniper_sdk.devchain.abi import calldata

sys.path.insert(0, str(Path(__file__).parent))  # for `told_by_nodes`, which the importlib mode does not find
from told_by_nodes import BLOCK


class Chain(DevChain):
    """Contracts are there, and nothing is mined but by `mine`."""

    coins = itertools.count(0xC0FFEE)

    def create_pair(self) -> tuple[str, str]:
        """Hand in a call that makes the pair of a coin that nobody has heard of; its hash, and the coin's address."""
        coin = f"0x{next(self.coins):040x}"
        data = calldata("createPair(address,address)", coin, self.addresses.weth)
        return self.submit(self.accounts[0], self.addresses.v2_factory, data), coin


@pytest.fixture
def chain() -> Iterator[Chain]:
    with Chain(automine=False) as running:
        yield running


@dataclass
class Context:
    """What the runtime would hand over."""

    endpoints: Endpoints
    resume: dict[str, Any] | None = None
    tokens: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    subscriptions: tuple[Any, ...] = ()
    clock: int = 10**18

    @property
    def chain_id(self) -> int:
        return self.endpoints.chain_id

    def watched(self) -> frozenset[str]:
        return frozenset(self.tokens)

    def own(self) -> frozenset[str]:
        return frozenset(self.accounts)

    def now(self) -> int:
        self.clock += 1
        return self.clock


class Reader:
    """Reads a feed like the runtime, in the background."""

    def __init__(self, endpoints: Endpoints, own: str = "", **options: Any) -> None:
        self.context = Context(endpoints)
        if own:
            self.context.accounts.add(own.lower())
        self.config = PendingPoolConfig(**{"poll_s": 0.05, "tips_s": 1, **options})
        self.feed = PendingPool(self.config, self.context)
        self.seen: list[Event] = []
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read, in the background. Idempotent."""
        if self._task is None:
            self._task = asyncio.create_task(self._read())

    async def listens(self, sources: int = 1) -> None:
        """Start, and wait until so many endpoints show their pool."""
        await self.start()
        await self.waits(lambda: sum(source.up for source in self.feed.sources) >= sources)

    async def waits(self, condition: Callable[[], bool]) -> None:
        """Until it holds, of something that no event tells."""
        async with asyncio.timeout(12):
            while not condition():
                if self._task is not None and self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)

    async def find(self, kind: type[Event], count: int = 1) -> list[Any]:
        """The first so many events of a kind."""
        return await self.until(lambda: [each for each in self.seen if isinstance(each, kind)], count)

    async def until(self, look: Callable[[], list[Any]], count: int = 1) -> list[Any]:
        """Wait until it finds so much."""
        async with asyncio.timeout(12):
            while len(found := look()) < count:
                self._more.clear()
                assert self._task is not None
                if self._task.done():
                    self._task.result()
                await self._more.wait()
        return found

    @property
    def hints(self) -> list[Event]:
        """All but the tips."""
        return [each for each in self.seen if not isinstance(each, PoolTips)]

    async def _read(self) -> None:
        try:
            async for batch in self.feed.events():
                self.seen += batch
                self._more.set()
        finally:
            self._more.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def readers() -> AsyncIterator[Callable[..., Reader]]:
    """Makes readers, and ends what they hold."""
    made: list[Reader] = []

    def make(*urls: str, **options: Any) -> Reader:
        reader = Reader(Endpoints(31337, urls, timeout=5.0, attempt_timeout=3.0), **options)
        made.append(reader)
        return reader

    yield make
    for reader in made:
        await reader.stop()
        await reader.context.endpoints.close()


class Proxy:
    """Passes bytes on to the node until it is told to cut all connections."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        node, ask = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {answer, ask}
        await asyncio.gather(self._pass(client, ask), self._pass(node, answer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@pytest.fixture
async def proxy(chain: Chain) -> AsyncIterator[Proxy]:
    passing = Proxy(chain.port)
    server = await asyncio.start_server(passing.serve, "127.0.0.1", 0)
    passing.port = server.sockets[0].getsockname()[1]
    yield passing
    server.close()
    passing.cut()


Answer = Callable[[str, list[Any]], Any]
"""Method and parameters; the result, or an exception for an error."""


class FakeNode:
    """Says what the test wants, over HTTP and WebSocket. ``subscribes``: the parameters that it accepts."""

    def __init__(self) -> None:
        self.http = self.ws = ""
        self.subscribes: list[list[Any]] = []
        self.asked: list[tuple[str, list[Any]]] = []
        self.answer: Answer = self.usual
        self.pool: dict[str, Any] = {}
        self._sockets: list[web.WebSocketResponse] = []

    def usual(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(31337)
            case "eth_getBlockByNumber":
                return BLOCK
            case "eth_getTransactionByHash":
                return self.pool.get(params[0])
            case "eth_subscribe" if params in self.subscribes:
                return "0x1"
        raise LookupError(method)

    async def announce(self, *results: Any) -> None:
        """Notify whoever subscribed."""
        for result in results:
            message = {"jsonrpc": "2.0", "method": "eth_subscription"}
            for socket in self._sockets:
                if not socket.closed:
                    await socket.send_json({**message, "params": {"subscription": "0x1", "result": result}})

    async def hang_up(self) -> None:
        """Close all connections of subscribers."""
        for socket in self._sockets:
            await socket.close()
        self._sockets.clear()

    def _one(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((asked["method"], asked["params"]))
        told = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            return {**told, "result": self.answer(asked["method"], asked["params"])}
        except LookupError as error:
            return {**told, "error": {"code": -32601, "message": f"no method {error}"}}

    def _all(self, raw: str | bytes) -> str:
        asked = json.loads(raw)
        return json.dumps([self._one(each) for each in asked] if isinstance(asked, list) else self._one(asked))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(text=self._all(await request.text()), content_type="application/json")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                answer = self._all(message.data)
                await socket.send_str(answer)
                if '"0x1"' in answer:  # a subscription's name
                    self._sockets.append(socket)
        return socket


@pytest.fixture
async def fake() -> AsyncIterator[FakeNode]:
    node = FakeNode()
    application = web.Application()
    application.router.add_route("*", "/", node.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    node.http, node.ws = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    yield node
    await runner.cleanup()
