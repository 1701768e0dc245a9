"""A fake node: it passes on what a real one says, and can hold answers back, lie, or be dead."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

NAME = "fake-node/for-tests (a proxy before anvil, not a node)"

Lie = Callable[[str, list[Any], Any], Any]
"""Method, parameters and true result; gives the false result, or the true one. Any: JSON."""


def honest(method: str, params: list[Any], result: Any) -> Any:
    """The true result."""
    return result


@dataclass
class Hold:
    """Requests of one method wait until `release`. ``reached``: set when the first one waits."""

    before: bool
    """Whether the real node has not heard of it while it waits."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)


class FakeNode:
    """``asked``: (method, parameters) of all requests, in the order of their arrival."""

    def __init__(self, target: str) -> None:
        self.url = ""
        self.dead = False
        self.lie: Lie = honest
        self.asked: list[tuple[str, list[Any]]] = []
        self.heard: Callable[[str, list[Any]], None] = lambda method, params: None
        self._target = target
        self._holds: dict[str, Hold] = {}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._port = 0

    async def start(self) -> None:
        """Listen on a free port, or on the one that it had."""
        application = web.Application(client_max_size=2**26)
        application.router.add_post("/", self._answer)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Stop listening; whoever waits is turned away."""
        for method in list(self._holds):
            self.release(method)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    def hold(self, method: str, *, before: bool = False) -> asyncio.Event:
        """Let no answer to this method through; the event is set once one waits."""
        held = self._holds[method] = Hold(before)
        return held.reached

    def release(self, method: str) -> None:
        """Let them through again."""
        held = self._holds.pop(method, None)
        if held is not None:
            held.open.set()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        asked = body if isinstance(body, list) else [body]
        holds = [self._holds[each["method"]] for each in asked if each["method"] in self._holds]
        for held in [each for each in holds if each.before]:
            await _wait(held)
        if self.dead:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        for each in asked:
            self.asked.append((each["method"], each["params"]))
            self.heard(each["method"], each["params"])
        assert self._session is not None
        async with self._session.post(self._target, json=body) as response:
            told = json.loads(await response.read())
        answers = told if isinstance(told, list) else [told]
        by_id = {each["id"]: each for each in asked}
        for answer in answers:
            each = by_id[answer["id"]]
            if "result" in answer:
                true = NAME if each["method"] == "web3_clientVersion" else answer["result"]
                answer["result"] = self.lie(each["method"], each["params"], true)
        for held in [each for each in holds if not each.before]:
            await _wait(held)
        return web.json_response(answers if isinstance(body, list) else answers[0])


async def _wait(held: Hold) -> None:
    held.reached.set()
    await held.open.wait()
