"""How long a pending transaction takes: ``python plugins/feed/pending-pool/tests/measure.py``.

A mix as on Ethereum: of 100 transactions 3 are read (liquidity, multicalls, trading), the others are transfers and
swaps with calldata of some hundred bytes.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from told_by_nodes import transaction

from sniper.evm.rpc import Endpoints
from sniper_feed_pending_pool.config import PendingPoolConfig
from sniper_feed_pending_pool.feed import PendingPool
from sniper_feed_pending_pool.hints import hints
from sniper_feed_pending_pool.pending import read
from sniper_feed_pending_pool.waiting import ranked, tally
from sniper_sdk.devchain.abi import calldata

COUNT = 50_000
TOKEN = "0x" + "70" * 20
READ = (
    calldata("addLiquidityETH(address,uint256,uint256,uint256,address,uint256)", TOKEN, 10**21, 0, 0, TOKEN, 1),
    calldata("multicall(bytes[])", [calldata("createPool(address,address,uint24)", TOKEN, "0x" + "01" * 20, 500)] * 2),
    calldata("openTrading()"),
)
OTHERS = (calldata("transfer(address,uint256)", TOKEN, 1), b"", b"\x35\x93\x56\x4c" + bytes(600))


class Context:
    """As the runtime's, without a kernel."""

    resume = None
    subscriptions = ()

    def __init__(self, url: str) -> None:
        self.endpoints = Endpoints(31_337, [url])
        self.chain_id = 31_337
        self.time = 0

    def watched(self) -> frozenset[str]:
        return frozenset({"0x" + "99" * 20})

    def own(self) -> frozenset[str]:
        return frozenset({"0x" + "98" * 20})

    def now(self) -> int:
        self.time += 1
        return self.time


def mix(number: int) -> dict[str, Any]:
    data = READ[number % 3] if number % 100 < 3 else OTHERS[number % 3]
    return transaction(number, input="0x" + data.hex())


async def main() -> None:
    told = [mix(number) for number in range(COUNT)]
    pending = [found for each in told if (found := read(each, 31_337)) is not None]

    def per(what: str, began: float, count: int = COUNT) -> None:
        print(f"{what}: {(process_time() - began) / count * 1e6:.1f} µs")

    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    began = process_time()
    for each in told:
        read(each, 31_337)
    per("a transaction read and checked", began)
    began = process_time()
    for found in pending:
        hints(found, 31_337, 1)
    per("a transaction of the mix decoded", began)
    for data in READ:
        one = read(transaction(1, input="0x" + data.hex()), 31_337)
        assert one is not None
        began = process_time()
        for _ in range(COUNT):
            hints(one, 31_337, 1)
        per(f"a call of 0x{data[:4].hex()} decoded", began)

    feed: Any = PendingPool(PendingPoolConfig(max_events=10**6), Context("http://127.0.0.1:1"))
    began = process_time()
    for each in told:
        feed.take(each)
    per("a transaction through the feed", began)
    began, bids = process_time(), feed._waiting.bids()
    tips: Counter[int] = Counter()
    tally(tips, bids, 10**9)
    ranked(tips, 30_000_000)
    print(f"tips of {len(bids)}: {(process_time() - began) * 1e3:.1f} ms, in slices of 1000")
    await over_a_socket(told)


async def over_a_socket(told: list[dict[str, Any]]) -> None:
    """The whole way: a WebSocket server in another process, web3.py's provider, JSON, the feed."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "serve", stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    try:
        assert server.stdout is not None
        url = (await server.stdout.readline()).decode().strip()
        feed = PendingPool(PendingPoolConfig(max_events=10**6), Context(url))
        source = feed.sources[0]
        events: Any = feed.events()
        reading = asyncio.ensure_future(_all(events))
        while source.taken < 100:  # noqa: ASYNC110  (nobody tells it)
            await asyncio.sleep(0.001)
        began, cpu, first = perf_counter(), process_time(), source.taken
        while source.taken < COUNT - 100:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.01)
        count, took, used = source.taken - first, perf_counter() - began, process_time() - cpu
        print(
            f"over a WebSocket: {count / took:.0f} transactions a second; {used / count * 1e6:.0f} µs of processor each"
        )
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await feed.context.endpoints.close()
    finally:
        server.terminate()
        await server.wait()


async def _all(events: Any) -> None:
    async for _ in events:
        pass


async def serve() -> None:
    from aiohttp import web

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            asked = json.loads(message.data)
            result = "0x7a69" if asked["method"] == "eth_chainId" else "0x1"
            await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], "result": result})
            if asked["method"] == "eth_subscribe":
                for number in range(COUNT):
                    params = {"subscription": "0x1", "result": mix(number)}
                    await socket.send_json({"jsonrpc": "2.0", "method": "eth_subscription", "params": params})
        return socket

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ws://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.sleep(300)


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1:] == ["serve"] else main())
