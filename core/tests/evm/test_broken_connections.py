"""One connection that breaks or falls silent is one mishap, however many requests it carried; and nothing that the own
process does may look like one."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import WSMsgType, web

from sniper.errors import RpcError
from sniper.evm.endpoint import Endpoint
from sniper.evm.pacing import FIRST_PAUSE
from sniper.evm.rpc import Endpoints

from .conftest import CHAIN, FakeNode

TOGETHER = 12


class SocketNode:
    """``connections``: how many were made. ``silent``: those that answer nothing but the chain id, counted from one."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.silent: set[int] = set()
        self.breaks_after = 0
        """Requests beside the chain id after which a connection breaks; 0: never."""

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Answers each request alone."""
        self.connections += 1
        number, heard = self.connections, 0
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            asked = json.loads(message.data)
            verifying = asked["method"] == "eth_chainId"
            heard += not verifying
            if heard and heard == self.breaks_after:
                assert request.transport is not None
                request.transport.abort()
            if verifying or not (self.breaks_after or number in self.silent):
                await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], "result": hex(CHAIN)})
        return socket


@pytest.fixture
async def node() -> AsyncIterator[SocketNode]:
    made = SocketNode()
    app = web.Application()
    app.router.add_get("/", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def test_what_fails_together_with_its_connection_costs_one_pause(node: SocketNode) -> None:
    node.breaks_after = TOGETHER
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        (endpoint,) = endpoints.endpoints
        asking = (endpoint.ask([("eth_blockNumber", ())], 30.0) for _ in range(TOGETHER))
        failures = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(each, RpcError) for each in failures)
        now = asyncio.get_running_loop().time()
        assert endpoint.due(1, now) - now <= FIRST_PAUSE


async def test_who_waits_while_a_node_is_verified_in_vain_does_not_ask_it_once_more(
    fake: Callable[..., Awaitable[FakeNode]],
) -> None:
    dead = await fake(CHAIN + 1)
    endpoint = Endpoint(CHAIN, dead.url, rate=1000.0, burst=1000, rng=random.Random(1))
    asking = (endpoint.ask([("eth_blockNumber", ())], 5.0) for _ in range(TOGETHER))
    failures = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, RpcError) for each in failures)
    assert dead.asked("eth_chainId") == 1
    await endpoint.close()


async def test_a_connection_that_fell_silent_is_given_up_and_another_one_is_made(node: SocketNode) -> None:
    node.silent = {1}
    async with Endpoints(CHAIN, [node.url], attempt_timeout=0.2) as endpoints:
        assert await endpoints.call("eth_blockNumber") == hex(CHAIN)
    assert node.connections == 2


async def test_a_slow_answer_beside_others_leaves_the_connection_alone(node: SocketNode) -> None:
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        (endpoint,) = endpoints.endpoints
        await endpoint.ask([("eth_blockNumber", ())], 5.0)
        node.silent = {1}
        slow = asyncio.create_task(endpoint.ask([("eth_blockNumber", ())], 0.2))
        await asyncio.sleep(0)
        await endpoint.ask([("eth_chainId", ())], 5.0)
        with pytest.raises(RpcError, match="did not answer"):
            await slow
        node.silent = set()
        await endpoint.ask([("eth_blockNumber", ())], 5.0)
    assert node.connections == 1


SUBSCRIBES = """
import asyncio, sys, threading
from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints

class Watch:
    def find_spec(self, name, path, target=None):
        if name == "web3":
            print("beside the loop" if threading.current_thread() is not threading.main_thread() else "in the loop")

async def main():
    sys.meta_path.insert(0, Watch())
    async with Endpoints(1, ["ws://127.0.0.1:9"]) as endpoints:
        try:
            await anext(endpoints.subscriptions(("newHeads",)))
        except RpcError:
            pass

asyncio.run(main())
"""


def test_loading_web3_holds_up_no_answer() -> None:
    """It takes seconds, and at a start, when it happens, everything that was under way is asked again."""
    done = subprocess.run([sys.executable, "-c", SUBSCRIBES], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "beside the loop"
