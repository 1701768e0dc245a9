"""The path with the honeypot: the purchase and the sale are simulated on a real node before anything is signed.

Real pairs of the real Uniswap V2 on anvil; what the kernel hears are the logs that the node has of their launches.
Warm: the node has simulated this pair before. Cold: it has not, and a proxy holds every byte back.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter_ns

import msgspec
import structlog
import uvloop
from figures import Figure, collected, spread
from path import Unsynced, fed
from proxy import Delaying
from shell import SignsHere
from world import ETHER, KEY, START, World, pure_checks, wiring

from sniper.errors import SniperError
from sniper.events import Event, Started
from sniper.evm.rpc import Endpoints, Provider
from sniper.evm.transaction import SigningKey
from sniper.kernel.asks import Ask, DescribeToken, Probe, ReadBalances
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import CheckWiring
from sniper.runtime.effects import Effects
from sniper.runtime.switches import Switches
from sniper_bus_memory.bus import Memory
from sniper_risk_honeypot.check import Honeypot, HoneypotConfig
from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import V2Pool, contract
from sniper_venue_uniswap.venue import UniswapConfig

WARM_PAIRS = 10
COLD_PAIRS = 20
ROUNDS = 40


class Asks(SignsHere):
    """Probes leave for the node; signatures are made here."""

    def __init__(self, key: SigningKey, world: World, effects: Effects) -> None:
        super().__init__(key, world)
        self._effects = effects

    def start(self, ask: Ask) -> None:
        if isinstance(ask.body, Probe):
            self._effects.start(ask)
        else:
            super().start(ask)


class Launched:
    """A token and its pair on the node, and the JSON of the logs that said so."""

    def __init__(self, chain: DevChain, n: int) -> None:
        owner = chain.accounts[n % 10]
        supply = 10**24
        token = chain.deploy(contract("PlainToken"), f"Token {n}", f"T{n}", supply, sender=owner)
        pool = V2Pool(token, chain.addresses)
        first = chain.block_number() + 1
        for call in (pool.create(supply, 10 * ETHER), *pool.add(owner.address, supply, 10 * ETHER)):
            chain.send(owner, call.to, call.data, call.value)
        self.logs: list[bytes] = []
        for address in (chain.addresses.v2_factory, pool.address):
            query = {"address": address, "fromBlock": hex(first), "toBlock": "latest"}
            self.logs += [msgspec.json.encode(log) for log in chain.rpc.call("eth_getLogs", query)]


async def one(chain: DevChain, launched: Launched, endpoints: Endpoints, directory: Path, block: Event) -> int:
    """ns from the last log of the launch to the signed transaction, in a kernel that is new."""
    addresses = chain.addresses
    weth, factory = addresses.weth.lower(), addresses.v2_factory.lower()
    key = SigningKey(KEY)
    world = World()
    venue = UniswapConfig(chain_id=chain.chain_id, wrapped=weth, v2_router=addresses.v2_router.lower())
    checks = (*pure_checks(), CheckWiring("honeypot", Honeypot(config=HoneypotConfig())))
    kernel = Kernel(wiring(owner=key.address, checks=checks, venue=venue, factory=factory, wrapped=weth))
    bus = Memory()

    async def publish(events: object) -> None:
        await bus.publish(events, source="answers")

    effects = Effects(
        kernel,
        endpoints={chain.chain_id: endpoints},
        executor=None,
        signer=None,
        publish=publish,
        clock=lambda: world.time,
        kill=Switches(directory).level,
        log=structlog.get_logger(),
    )
    await effects.warm()
    shell = Unsynced(kernel, directory)
    shell.effects = asks = Asks(key, world, effects)
    shell.take([Started(time=START, mode="live")])
    wallet = [ask for ask in asks.others if isinstance(ask.body, ReadBalances)]
    shell.take([world.answer(kernel, ask) for ask in wallet])
    shell.take([block])
    for raw in launched.logs[:-1]:
        shell.take(fed(raw, world.time))
    asks.others = [ask for ask in asks.others if not isinstance(ask.body, DescribeToken)]
    with collected():
        began = perf_counter_ns()
        shell.take(fed(launched.logs[-1], world.time))
        while not asks.left:
            events: list[Event] = asks.answers or await asyncio.wait_for(bus.take(256), 10)
            asks.answers = []
            shell.take(events)
            if not asks.left and not asks.answers and not kernel.accounts["main"].book.pending:
                raise AssertionError(f"the entry was denied: {kernel.accounts['main'].book}")
        ended = perf_counter_ns()
    await effects.close()
    shell.writer.close()
    return ended - began


def head(chain: DevChain) -> Event:
    """The node's newest block as the feed would say it."""
    world = World()
    world.number = chain.block_number() - 1
    found = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    return msgspec.structs.replace(world.block(), timestamp=int(found["timestamp"], 16), hash=found["hash"])


async def _measure(quick: bool) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"warm": []}
    pairs, cold, rounds = (4, 3, 5) if quick else (WARM_PAIRS, COLD_PAIRS, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name, DevChain() as chain:
        warm = [Launched(chain, n) for n in range(pairs)]
        fresh = {delay: [Launched(chain, n) for n in range(cold)] for delay in (20, 100)}
        block = head(chain)
        count = 0

        def directory() -> Path:
            nonlocal count
            count += 1
            return Path(name) / str(count)

        async with Endpoints(chain.chain_id, [Provider(url=chain.ws_url, rate=10**6, burst=10**6)]) as endpoints:
            for n in range(rounds + 1):
                for launched in warm:
                    taken = await one(chain, launched, endpoints, directory(), block)
                    if n:
                        found["warm"].append(taken)
        for delay, launches in fresh.items():
            found[f"cold {delay}"] = []
            for launched in launches:
                async with AsyncExitStack() as stack:
                    proxy = await stack.enter_async_context(Delaying(chain.port, delay / 1_000))
                    url = f"ws://127.0.0.1:{proxy.port}"
                    provider = Provider(url=url, rate=10**6, burst=10**6)
                    endpoints = await stack.enter_async_context(Endpoints(chain.chain_id, [provider]))
                    await endpoints.connect()
                    found[f"cold {delay}"].append(await one(chain, launched, endpoints, directory(), block))
    return found


def figures(quick: bool = False) -> list[Figure]:
    try:
        found = uvloop.run(_measure(quick))
    except SniperError as error:
        raise SystemExit(f"the node could not be used: {error}") from error
    figures = spread("log → simulated buy and sell → signed, warm", found["warm"], None, 5_000)
    for delay in (20, 100):
        figures += spread(f"the same, cold, {delay} ms RPC delay", found[f"cold {delay}"])
    return figures
