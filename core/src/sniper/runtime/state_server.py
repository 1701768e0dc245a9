"""The node that the local EVM believes to talk to: on the loopback interface, it says what is so after one block.

So the EVM gets what nobody foresaw that it would want, exactly and over any kind of endpoint, and workers are told no
address of a node, in which people keep keys.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiohttp import web

from sniper.errors import ComputeError, SniperError
from sniper.evm.rpc import Endpoints
from sniper.runtime.errand import Given, Lacks
from sniper.runtime.stage import Head
from sniper.runtime.states import States

MOST_MISSED: Final = 20_000
"""Questions of one scenario; one that asks more is refused."""


@dataclass
class Questions:
    """Of one scenario. ``accounts``, ``slots``: asked for since they were told last. ``error``: the first refusal."""

    endpoints: Endpoints
    head: Head
    accounts: set[str] = field(default_factory=set)
    slots: set[tuple[str, int]] = field(default_factory=set)
    asked: int = 0
    error: SniperError | None = None


class StateServer:
    """`open` a scenario's place, give its URL to the worker, and `close` it."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._plays: dict[str, Questions] = {}
        self._runner: web.ServerRunner | None = None
        self._port = 0

    async def start(self) -> None:
        """Listen; once is enough."""
        if self._runner is not None:
            return
        self._runner = runner = web.ServerRunner(web.Server(self._handle))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def open(self, endpoints: Endpoints, head: Head) -> tuple[str, Questions]:
        """A name that nobody can guess, and what is asked there."""
        name, play = secrets.token_hex(16), Questions(endpoints, head)
        self._plays[name] = play
        return name, play

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._port}/{name}"

    def close(self, name: str) -> None:
        del self._plays[name]

    async def missed(self, play: Questions) -> Given:
        """All that was asked since this was called last. Raises `RpcError`."""
        lacks = Lacks(accounts=tuple(play.accounts), slots=tuple(play.slots))
        play.accounts, play.slots = set(), set()
        return await self._states.given(play.endpoints, play.head, lacks)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        play = self._plays.get(request.path.removeprefix("/"))
        if play is None:
            return web.Response(status=404)
        asked = msgspec.json.decode(await request.read())
        several = asked if isinstance(asked, list) else [asked]
        answers = [await self._answered(play, each) for each in several]
        body = msgspec.json.encode(answers if isinstance(asked, list) else answers[0])
        return web.Response(body=body, content_type="application/json")

    async def _answered(self, play: Questions, asked: dict[str, Any]) -> dict[str, Any]:
        """Any: JSON-RPC of a client that we run ourselves."""
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            play.asked += 1
            if play.asked > MOST_MISSED:
                raise ComputeError(f"a scenario looks at more than {MOST_MISSED} words of state")
            return {**answer, "result": await self._result(play, asked["method"], asked["params"])}
        except SniperError as error:
            play.error = play.error or error
            return {**answer, "error": {"code": -32000, "message": "there is no answer"}}

    async def _result(self, play: Questions, method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockByNumber":
            return await play.endpoints.call(method, tuple(params))
        address = str(params[0]).lower()
        if method == "eth_getStorageAt":
            key = address, int(params[1], 16)
            play.slots.add(key)
            given = await self._states.given(play.endpoints, play.head, Lacks(accounts=(), slots=(key,)))
            return f"{given.slots[0].value:#066x}"
        if method not in ("eth_getBalance", "eth_getTransactionCount", "eth_getCode"):
            raise ComputeError(
                f"the local EVM asked {method}, which it is not known to; use the version that is pinned"
            )
        play.accounts.add(address)
        given = await self._states.given(play.endpoints, play.head, Lacks(accounts=(address,), slots=()))
        account = given.accounts[0]
        if method == "eth_getCode":
            return "0x" + account.code.hex()
        return hex(account.balance if method == "eth_getBalance" else account.nonce)
