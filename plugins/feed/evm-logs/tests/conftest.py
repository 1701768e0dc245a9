"""A real node, a proxy that cuts its connections, and a fake node that passes on the real one's answers with lies."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sniper.events import Block, Event, Log, Reorg
from sniper.evm.rpc import Endpoints
from sniper_feed_evm_logs.feed import EvmLogs, EvmLogsConfig
from sniper_sdk.devchain import DevChain

# calldatacopy(0, 32, 32); log1(0, 32, calldataload(0)) — and what returns it
EMITTER = bytes.fromhex("6f6020602060003760003560206000a1006000526010" + "6010f3")


def topic(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


class Chain(DevChain):
    """A chain without contracts but two emitters: each call logs the topic and the data that it is given."""

    emitters: tuple[str, ...] = ()

    def emit(self, emitter: int, topic_number: int, data: int, tip: int = 10**9) -> None:
        """Put one log into the next block."""
        calldata = topic_number.to_bytes(32, "big") + data.to_bytes(32, "big")
        self.submit(self.accounts[1 + emitter], self.emitters[emitter], calldata, gas=100_000, tip=tip)

    def head(self) -> str:
        return str(self.rpc.call("eth_getBlockByNumber", "latest", False)["hash"])


@pytest.fixture
def chain() -> Iterator[Chain]:
    with Chain(automine=False, contracts=False) as running:
        running.emitters = tuple(running.deploy(EMITTER) for _ in range(2))
        yield running


@dataclass
class Context:
    """What the runtime would hand over."""

    endpoints: Endpoints
    subscriptions: Sequence[tuple[Sequence[str], Sequence[str]]] = (((), (topic(1), topic(2))),)
    resume: dict[str, Any] | None = None
    addresses: set[str] = field(default_factory=set)
    clock: int = 0

    @property
    def chain_id(self) -> int:
        return self.endpoints.chain_id

    def watched(self) -> frozenset[str]:
        return frozenset(self.addresses)

    def own(self) -> frozenset[str]:
        return frozenset()

    def now(self) -> int:
        self.clock += 1
        return self.clock


class Reader:
    """Reads a feed like the runtime: knows where it stands, and starts the feed again from there."""

    def __init__(self, endpoints: Endpoints, **options: Any) -> None:
        self.context = Context(endpoints)
        self.config = EvmLogsConfig(poll_s=0.05, **options)
        self.feed = EvmLogs(self.config, self.context)
        self.batches: list[list[Event]] = []
        self._running: Any = None

    async def next(self) -> list[Event]:
        if self._running is None:
            self._running = self.feed.events()
        async with asyncio.timeout(20):
            batch = list(await anext(self._running))
        self.batches.append(batch)
        head = batch[0]
        if isinstance(head, Block):
            self.context.resume = {"number": head.number, "hash": head.hash}
        return batch

    async def until(self, hash_: str) -> None:
        """Read up to this block."""
        while self.context.resume is None or self.context.resume["hash"] != hash_:
            await self.next()

    async def stop(self) -> None:
        """End the feed in the middle of whatever it does."""
        if self._running is not None:
            await self._running.aclose()
            self._running = None

    def forget(self) -> None:
        """As after the death of the process: all that is left is `resume`."""
        self.feed = EvmLogs(self.config, self.context)

    @property
    def stream(self) -> list[tuple[Any, ...]]:
        """All events, without the time at which they were read."""
        return [key(event) for batch in self.batches for event in batch]

    @property
    def book(self) -> list[tuple[Any, ...]]:
        """What is left when each reorg takes back the blocks above its ancestor."""
        kept: list[list[Event]] = []
        for batch in self.batches:
            if isinstance(batch[0], Reorg):
                ancestor = batch[0].ancestor
                kept = [each for each in kept if isinstance(each[0], Block) and each[0].number <= ancestor]
            else:
                kept.append(batch)
        return [key(event) for batch in kept for event in batch]


def key(event: Event) -> tuple[Any, ...]:
    if isinstance(event, Block):
        return ("block", event.number, event.hash, event.parent, event.timestamp, event.base_fee)  # tips may be late
    if isinstance(event, Log):
        return ("log", event.block, event.index, event.address, event.topics, event.data, event.tx_hash)
    assert isinstance(event, Reorg)
    return ("reorg", event.ancestor)


@pytest.fixture
async def readers() -> AsyncIterator[Callable[..., Reader]]:
    """Makes readers, and ends what they hold."""
    made: list[Reader] = []

    def make(*urls: str, timeout: float = 5.0, **options: Any) -> Reader:
        reader = Reader(Endpoints(31337, urls, timeout=timeout, attempt_timeout=2.0), **options)
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


Lie = Callable[[str, list[Any], Any], Any]
"""Method, parameters and true result; gives the false result, or the true one."""


class FakeNode:
    """Not a node: it asks the real one and tells lies about what it heard."""

    def __init__(self, url: str) -> None:
        self.target = url
        self.url = ""
        self.lie: Lie = lambda method, params, result: result
        self.half = False
        self.most_logs = 10_000
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        async with aiohttp.ClientSession() as session, session.post(self.target, json=body) as response:
            answers = json.loads(await response.read())
        asked = body if isinstance(body, list) else [body]
        by_id = {each["id"]: each for each in (answers if isinstance(answers, list) else [answers])}
        for each in asked:
            self.asked.append(each["method"])
            if "result" in by_id[each["id"]]:
                result = by_id[each["id"]]["result"]
                by_id[each["id"]]["result"] = self.lie(each["method"], each["params"], result)
                if each["method"] == "eth_getLogs" and len(result) > self.most_logs:
                    error = {"code": -32602, "message": f"query exceeds max results {self.most_logs}"}
                    by_id[each["id"]] = {"jsonrpc": "2.0", "id": each["id"], "error": error}
        if isinstance(body, list):
            told = list(by_id.values())
            return web.json_response(told[: len(told) // 2] if self.half else told)
        return web.json_response(by_id[asked[0]["id"]])


@pytest.fixture
async def fake(chain: Chain) -> AsyncIterator[FakeNode]:
    node = FakeNode(chain.rpc_url)
    application = web.Application()
    application.router.add_post("/", node.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    node.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield node
    await runner.cleanup()
