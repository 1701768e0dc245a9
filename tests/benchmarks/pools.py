"""A market of 10,000 pools: what a pool takes in memory, and how long the market takes to be there again."""

import gc
import tracemalloc
from statistics import median
from time import perf_counter

from figures import Figure
from world import ETHER, World, wiring

from sniper.codec import decode, encode
from sniper.events import Started
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.runtime.records import register_events

POOLS = 10_000
FINAL = 70
"""Blocks after which nothing is kept for a reorg."""


def figures(quick: bool = False) -> list[Figure]:
    count = POOLS // 10 if quick else POOLS
    register_events()
    world, kernel = World(pools=count), Kernel(wiring())
    for event in (Started(time=world.time, mode="live"), world.block()):
        kernel.handle(event)
    # Decoded as they come, as in a run: an event that the kernel does not need any more is gone.
    raws = [encode(log) for n in range(1, count + 1) for log in (world.created(n), world.sync(n, 10 * ETHER, 10**24))]
    raws += [encode(world.block()) for _ in range(FINAL)]
    gc.collect()
    tracemalloc.start()
    for raw in raws:
        kernel.handle(decode(raw))
        kernel.facts, kernel.asks = [], []
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    kept = dump(kernel)
    seconds = []
    for _ in range(5):
        fresh = Kernel(wiring())
        began = perf_counter()
        restore(fresh, kept)
        seconds.append(perf_counter() - began)
    return [
        Figure("memory of a V2 pool", taken, "bytes", 2_000),
        Figure(
            f"a market of {count:,} pools from its snapshot", median(seconds), "s", 2, beside={"MB": len(kept) / 1e6}
        ),
    ]
