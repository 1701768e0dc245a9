"""A purchase and the sale of it, as a scenario: on the node, and in the local EVM of a worker.

Cold: the token's first scenario in its block. Warm: further ones, each with an amount of its own, so that none is an
answer that was remembered. Real pairs and pools of the real Uniswap V2 and V3 on anvil, on this machine.
"""

import asyncio
import sys
from pathlib import Path
from time import perf_counter, perf_counter_ns

from figures import Figure, spread
from proxy import Delaying

from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import V2Pool, V3Pool

sys.path.insert(0, str(Path(__file__).parents[1] / "simulations"))

from ground import ETHER, OWNER, Ground
from plays import round_trip

from sniper.scenario import Trader

TOKENS = 20
AT_ONCE = 8
WHO = Trader(address=OWNER)


async def _measure(
    hardfork: str | None, *, warm: int, many: int, delay_s: float = 0.0
) -> tuple[list[int], list[int], float, float]:
    """ns of cold and warm scenarios, scenarios a second with several at once, MiB of all processes after them."""
    with DevChain(hardfork="cancun") as chain:
        async with Delaying(chain.port, delay_s) as proxy:
            return await _played(Ground(chain, hardfork, workers=2, port=proxy.port if delay_s else 0), warm, many)


async def _played(ground: Ground, warm: int, many: int) -> tuple[list[int], list[int], float, float]:
    chain = ground.chain
    await ground.workers.warm()
    pools = [ground.launch("PlainToken", kind=(V2Pool, V3Pool)[n % 2]) for n in range(TOKENS)]
    io, amounts = ground.io(), iter(range(ETHER // 100, ETHER))

    async def one(pool: str) -> int:
        began = perf_counter_ns()
        found = await io.simulate(chain.chain_id, round_trip, pool, next(amounts), WHO)
        assert found.sold.received > 0, found
        return perf_counter_ns() - began

    await one(pools[0])
    cold = [await one(pool) for pool in pools[1:]]
    warmed = [await one(pools[n % TOKENS]) for n in range(warm)]
    began, left = perf_counter(), iter(range(many))

    async def several() -> None:
        for n in left:
            await one(pools[n % TOKENS])

    await asyncio.gather(*(several() for _ in range(AT_ONCE)))
    rate = many / (perf_counter() - began)
    used = sum(_resident(pid) for pid in ("self", *ground.workers.pids)) / 2**20
    await ground.close()
    return cold, warmed, rate, used


def _resident(pid: int | str) -> int:
    """Bytes of physical memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def figures(*, quick: bool) -> list[Figure]:
    """Of both stages."""
    found: list[Figure] = []
    for name, hardfork in (("on the node", "newest"), ("in a worker", None)):
        warm, many = (50, 100) if quick else (500, 10_000)
        cold, warmed, rate, used = asyncio.run(_measure(hardfork, warm=warm, many=many))
        found += spread(f"round trip {name}, cold", cold)
        found += spread(f"round trip {name}, warm", warmed, 10_000, 50_000)
        found.append(Figure(f"round trips {name}, {AT_ONCE} at once", rate, "/s", 100, more=True))
        found.append(Figure(f"memory after {many:,} round trips {name}", used, "MiB", 500))
    for name, hardfork in (("on the node", "newest"), ("in a worker", None)):
        cold, warmed, _, _ = asyncio.run(_measure(hardfork, warm=10 if quick else 40, many=1, delay_s=0.02))
        found += spread(f"round trip {name}, 20 ms RPC delay, cold", cold)
        found += spread(f"round trip {name}, 20 ms RPC delay, warm", warmed)
    return found
