"""What a run does for arbitrage after each batch of events: `Routing.cycles` over the market of `routes`.

All of it: the routers' mirrors, the best cycle through each pool that changed, amounts, and the exact confirmation with
what its gas is worth. Accounts pay with the chain's own coin and with one that most pools trade, too.
"""

import random
from collections.abc import Sequence
from statistics import median
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

import structlog
from figures import Figure, collected, percentile
from routes import FEES, SIZES, market

from sniper.kernel.chain import ChainState
from sniper.kernel.listing import add
from sniper.kernel.market import Market
from sniper.kernel.pool import Pool
from sniper.kernel.wiring import AmmWiring, ChainWiring
from sniper.runtime.routing import MOST_POOLS, Routing
from sniper.types import NATIVE
from sniper_amm_constant_product.pool import ConstantProduct
from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_router_dual.router import Dual, DualConfig

CHAIN = 1
POOLS = 10_000
BATCHES = (1, 16, MOST_POOLS)
"""Pools that change between two calls; the last is the most that one call looks at."""
WRAPPED, MONEY = "c0", "c1"
BASE_FEE = 10**9


def listed() -> Market:
    """The pools as the kernel lists them."""
    amm = AmmWiring("constant-product", "constant-product", ConstantProduct, FEES[1], ())
    wiring = ChainWiring(CHAIN, WRAPPED, Percentile(config=PercentileConfig()), quotes=(MONEY,), amms=(amm,))
    found = Market((wiring,), print)
    chain = found.chains[CHAIN]
    chain.base_fee = BASE_FEE
    for pool in market(POOLS, SIZES[POOLS][0]):
        add(chain, amm, pool.address, pool.coins, pool.impl, listed=True)
    return found


def move(chain: ChainState, pools: Sequence[Pool], draw: random.Random) -> None:
    """In each pool a trade of 1/4,096 of it, either way: prices stay about where they are."""
    assert chain.touched is not None
    for pool in pools:
        impl = pool.impl
        assert isinstance(impl, ConstantProduct)
        x, y = impl.reserves
        moved = draw.choice((-1, 1)) * (x >> 12)
        impl.reserves = x + moved, x * y // (x + moved)
        chain.touched.add(pool.address)


def figures(quick: bool = False) -> list[Figure]:
    kept = listed()
    chain = kept.chains[CHAIN]
    router: Any = SimpleNamespace(name="dual", cls=Dual, config=DualConfig())
    routing = Routing(kept, [router], structlog.get_logger("sniper"), {(CHAIN, 3): (NATIVE, MONEY)})
    began = perf_counter_ns()
    for _ in range(POOLS // MOST_POOLS + 1):
        routing.cycles(0)
    found = [Figure(f"cycles through all of {POOLS:,} pools, at start", (perf_counter_ns() - began) / 1e9, "s")]
    draw, pools = random.Random(5), list(chain.pools.values())
    for count in BATCHES:
        taken, told = [], 0
        with collected():
            for _ in range(50 if quick else 2_000 // count + 200):
                move(chain, draw.sample(pools, count), draw)
                began = perf_counter_ns()
                news = routing.cycles(0)
                taken.append(perf_counter_ns() - began)
                told += len(news)
        if not told:
            raise AssertionError("no cycle was found: what was measured is not the search for them")
        found.append(
            Figure(
                f"cycles after a batch in which {count} of {POOLS:,} pools change",
                median(taken) / 1e3,
                "µs",
                beside={
                    "p99": percentile(taken, 0.99) / 1e3,
                    "a pool": median(taken) / 1e3 / count,
                    "found": told / len(taken),
                },
            )
        )
    return found
