"""The proxy: JSON-RPC over HTTP and WebSocket at one port, as nodes serve it, passed on but where the schedule says."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any, Self

import aiohttp
from aiohttp import web

from sniper.evm.transaction import transaction_hash
from sniper_sdk.faults.fault import EVENT, SENDING, FaultKind, Fired
from sniper_sdk.faults.schedule import Schedule

_ERROR = {"code": -32603, "message": "internal error: a fault of the test's own"}
_LARGEST = 2**26
_BREAKS = (FaultKind.CUT, FaultKind.DEAF)
Message = dict[str, Any]
"""A request or an answer. Any: JSON."""


class FaultProxy:
    """``async with FaultProxy(chain.rpc_url) as proxy:``; then use ``proxy.url`` or ``proxy.ws_url``.

    target  Where requests go, ``http://…``; may be changed, as when a node was started again elsewhere.
    other   Who answers `FaultKind.ELSEWHERE`.
    dead    Whether every connection breaks at once.
    sent    Raw transactions that clients handed in, those that were forgotten included, in order.
    """

    def __init__(self, target: str, schedule: Schedule | None = None, *, other: str = "") -> None:
        self.target = target
        self.other = other
        self.schedule = schedule or Schedule()
        self.dead = False
        self.sent: list[str] = []
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._clients: set[asyncio.Transport] = set()
        self._released = asyncio.Event()

    @property
    def url(self) -> str:
        """For HTTP."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def ws_url(self) -> str:
        """For WebSocket."""
        return f"ws://127.0.0.1:{self._port}"

    async def start(self) -> Self:
        """Listen on a free port of the loopback interface, or on the one that it had."""
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post("/", self._http)
        application.router.add_get("/", self._websocket)
        self._released = asyncio.Event()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Stop listening; whoever waits is turned away. May be called twice."""
        self._released.set()
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def cut(self) -> None:
        """Break all WebSockets that are open."""
        for transport in list(self._clients):
            transport.abort()

    # HTTP

    async def _http(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        asked: list[Message] = body if isinstance(body, list) else [body]
        transport = request.transport
        assert transport is not None
        if self.dead:
            transport.abort()
            return web.Response()
        drawn = self._drawn(asked)
        whole = _about_all(drawn)
        try:
            answers = [] if whole is not None and whole.kind is FaultKind.DEAF else await self._answers(asked, drawn)
        except aiohttp.ClientError:
            transport.abort()  # there is no node: as little is heard as there would be without a proxy
            return web.Response()
        if whole is None:
            return web.json_response(answers if isinstance(body, list) else answers[0])
        if whole.kind in _BREAKS:
            transport.abort()
            return web.Response()
        if whole.kind is FaultKind.NEVER:
            await self._released.wait()
            transport.abort()
            return web.Response()
        text = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
        if whole.kind is FaultKind.LATE:
            await asyncio.sleep(whole.seconds)
        if whole.kind is FaultKind.GARBLE:
            return web.Response(body=text[: len(text) // 2], content_type="application/json")
        response = web.Response(body=text, content_type="application/json")
        if whole.kind is FaultKind.TWICE:
            lines = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            await response.prepare(request)
            await response.write_eof()
            transport.write(lines.encode() + text)
        return response

    async def _answers(self, asked: list[Message], drawn: Sequence[Fired | None]) -> list[Message]:
        """In the order of what was asked, as those of a proper node. Raises `aiohttp.ClientError`."""
        made: dict[Any, Message] = {}
        passed: dict[str, list[Message]] = {self.target: [], self.other: []}
        for each, fired in zip(asked, drawn, strict=True):
            own = _own_answer(each, fired)
            if own is not None:
                made[each["id"]] = own
            elif fired is not None and fired.kind is FaultKind.ELSEWHERE:
                passed[self.other].append(each)
            else:
                passed[self.target].append(each)
        for url, some in passed.items():
            if some:
                made |= {each["id"]: each for each in await self._post(url, some)}
        return [made[each["id"]] for each in asked]

    async def _post(self, url: str, asked: list[Message]) -> list[Message]:
        """One is asked as one: some nodes answer a batch of one otherwise."""
        assert self._session is not None
        async with self._session.post(url, json=asked if len(asked) > 1 else asked[0]) as response:
            told = json.loads(await response.read())
        return told if isinstance(told, list) else [told]

    def _drawn(self, asked: list[Message]) -> list[Fired | None]:
        self.sent += [each["params"][0] for each in asked if each["method"] == SENDING]
        return [self.schedule.draw(each["method"]) for each in asked]

    # WebSocket

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        client = web.WebSocketResponse(max_msg_size=_LARGEST)
        transport = request.transport
        assert transport is not None
        assert self._session is not None
        if self.dead:
            transport.abort()
            return client
        try:
            node = await self._session.ws_connect(self.target.replace("http", "ws", 1), max_msg_size=_LARGEST)
        except (aiohttp.ClientError, OSError):
            transport.abort()
            return client
        await client.prepare(request)
        self._clients.add(transport)
        link = _Link(self, client, node, transport)
        try:
            await link.run()
        finally:
            self._clients.discard(transport)
            await node.close()
        return client


class _Link:
    """One client's WebSocket and the one to the node behind it."""

    def __init__(
        self,
        proxy: FaultProxy,
        client: web.WebSocketResponse,
        node: aiohttp.ClientWebSocketResponse,
        transport: asyncio.Transport,
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._node = node
        self._transport = transport
        self._faults: dict[Any, Fired] = {}
        self._late: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until one of the two has ended; then both do."""
        pumps = [asyncio.create_task(self._there()), asyncio.create_task(self._back())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._transport.abort()
            for task in (*pumps, *self._late):
                task.cancel()
            await asyncio.gather(*pumps, *self._late, return_exceptions=True)

    async def _there(self) -> None:
        async for message in self._client:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return
            body = json.loads(message.data)
            asked: list[Message] = body if isinstance(body, list) else [body]
            drawn = self._proxy._drawn(asked)
            whole = _about_all(drawn)
            if whole is not None and whole.kind is FaultKind.DEAF:
                return
            if any(each is not None and each.kind in _ANSWERED_HERE for each in drawn):
                with contextlib.suppress(aiohttp.ClientError):
                    answers = await self._proxy._answers(asked, drawn)
                    if not await self._told(answers if isinstance(body, list) else answers[0], whole):
                        return
                continue
            if whole is not None:
                self._faults |= {each["id"]: whole for each in asked}
            await self._node.send_str(json.dumps(body))

    async def _back(self) -> None:
        async for message in self._node:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return
            body = json.loads(message.data)
            if isinstance(body, dict) and body.get("method") == EVENT:
                fired = self._proxy.schedule.draw(EVENT)
            else:
                answers: list[Message] = body if isinstance(body, list) else [body]
                met = [self._faults.pop(each.get("id"), None) for each in answers]
                fired = met[0] if met else None
            if not await self._told(body, fired):
                return

    async def _told(self, body: Any, fired: Fired | None) -> bool:
        """Any: JSON. False: the connection is to break."""
        text = json.dumps(body)
        if fired is None or fired.kind is FaultKind.ELSEWHERE:
            await self._client.send_str(text)
        elif fired.kind in _BREAKS:
            return False
        elif fired.kind is FaultKind.LATE:
            task = asyncio.create_task(self._later(text, fired.seconds))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        elif fired.kind is FaultKind.GARBLE:
            await self._client.send_str(text[: len(text) // 2])
        elif fired.kind is FaultKind.TWICE:
            await self._client.send_str(text)
            await self._client.send_str(text)
        return True  # what is left is never told

    async def _later(self, text: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(ConnectionError):
            await self._client.send_str(text)


_ANSWERED_HERE = (FaultKind.FORGET, FaultKind.ERROR, FaultKind.ELSEWHERE)


def _own_answer(asked: Message, fired: Fired | None) -> Message | None:
    """What the proxy says instead of the node."""
    frame = {"jsonrpc": "2.0", "id": asked["id"]}
    if fired is not None and fired.kind is FaultKind.FORGET:
        return {**frame, "result": transaction_hash(bytes.fromhex(asked["params"][0][2:]))}
    if fired is not None and fired.kind is FaultKind.ERROR:
        return {**frame, "error": _ERROR}
    return None


def _about_all(drawn: Sequence[Fired | None]) -> Fired | None:
    """The first fault that concerns the answer as a whole."""
    return next((each for each in drawn if each is not None and each.kind not in _ANSWERED_HERE), None)
