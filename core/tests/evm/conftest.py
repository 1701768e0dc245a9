"""A real node (anvil, from its pinned npm package) and, for what no real node can be made to do, a fake one."""

import asyncio
import json
import os
import platform
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import SigningKey

PACKAGE = "@foundry-rs/anvil@1.7.1"
CHAIN = 31337
# The first key of anvil's public test mnemonic.
RICH = SigningKey(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))


def anvil_binary() -> Path:
    cache = Path(os.environ.get("SNIPER_CACHE", "~/.cache/sniper")).expanduser() / "npm-anvil"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"anvil-{platform.system().lower()}-{machine}"
    binary = cache / "node_modules/@foundry-rs" / name / "bin/anvil"
    if not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "i", "--ignore-scripts", "--prefix", str(cache), PACKAGE], check=True, capture_output=True
        )
    return binary


class Anvil(NamedTuple):
    http: str
    ws: str
    ipc: str


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A unix socket's path must be short.
    ipc = str(tmp_path_factory.mktemp("a") / "a.ipc")
    process = subprocess.Popen(
        [anvil_binary(), "--port", str(port), "--chain-id", str(CHAIN), "--ipc", ipc],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Listening on"):
            break
    else:
        raise AssertionError("anvil ended before it listened")
    yield Anvil(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", ipc)
    process.terminate()
    process.stdout.read()
    process.wait()


@pytest.fixture
async def endpoints(anvil: Anvil) -> AsyncIterator[Endpoints]:
    async with Endpoints(CHAIN, [anvil.http]) as made:
        yield made


# Any: JSON, right or wrong.
Reply = Callable[[Any], Any]


class FakeNode:
    """Answers what the test says. ``seen`` holds the methods it was asked for, one list per message."""

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id
        self.seen: list[list[str]] = []
        self.reply: Reply = lambda request: [self.answer(each) for each in request]
        self.url = ""
        self.status = 200
        self.hold: asyncio.Event | None = None

    def answer(self, request: Any, result: Any = "0x01") -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    def error(self, request: Any, code: int, message: str, **more: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message, **more}}

    def asked(self, method: str) -> int:
        return sum(methods.count(method) for methods in self.seen)

    async def handle(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        several = body if isinstance(body, list) else [body]
        methods = [each["method"] for each in several]
        self.seen.append(methods)
        if methods == ["eth_chainId"]:
            return web.json_response(self.answer(body, hex(self.chain_id)))
        if self.hold is not None:
            await self.hold.wait()
        reply = self.reply(several)
        if isinstance(reply, str):
            return web.Response(text=reply, status=self.status)
        return web.json_response(reply if isinstance(body, list) else reply[0], status=self.status)


@pytest.fixture
async def fake() -> AsyncIterator[Callable[..., Awaitable[FakeNode]]]:
    """Start a node that is not one: a small HTTP server whose answers the test decides."""
    runners = []

    async def start(chain_id: int = CHAIN) -> FakeNode:
        node = FakeNode(chain_id)
        app = web.Application()
        app.router.add_post("/{key:.*}", node.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        node.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return node

    yield start
    for runner in runners:
        await runner.cleanup()
