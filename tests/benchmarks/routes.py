"""Routes over 100, 1,000 and 10,000 constant-product pools, cold and warm, beside the best single path and greedy.

The market is one that arbitrage keeps in order: prices are off by about 0.2%, fees are 0.05% to 1%, a twentieth of
the coins are hubs that most pools trade against. Warm: the prices of the last route are known, 20 pools have changed.
Cold: they are not known; what the mirror holds is current either way. Reading all pools into it is shown apart.
"""

import asyncio
import math
import random
from statistics import median
from time import perf_counter, perf_counter_ns

from figures import Figure, collected, percentile

from sniper.router import NoRoute, Proposal, RouteAsk
from sniper.routing import confirmed, quoted
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_router_dual.engine import Engine, Method
from sniper_router_dual.problem import first_prices, solve
from sniper_router_dual.router import Dual, DualConfig
from sniper_sdk.conformance.router import Market, Pool

SIZES = {100: (20, 5.0, 1.0), 1_000: (60, 20.0, 3.0), 10_000: (200, 100.0, 10.0)}
"""Pools: coins, targets cold and warm, ms."""
RUNNER = asyncio.Runner()
FEES = tuple(ConstantProductConfig(fee_bps=fee) for fee in (5, 30, 30, 30, 100))


def market(pools: int, coins: int) -> list[Pool]:
    draw = random.Random(pools)
    worth = [10 ** draw.uniform(-3, 3) for _ in range(coins)]
    hubs = max(2, coins // 20)
    found = []
    for n in range(pools):
        a = draw.randrange(hubs) if draw.random() < 0.6 else draw.randrange(coins)
        b = draw.choice([coin for coin in range(coins) if coin != a])
        depth, off = 10 ** draw.uniform(21, 25), math.exp(draw.gauss(0, 0.002))
        impl = ConstantProduct(config=draw.choice(FEES), reserves=(int(depth / worth[a]), int(depth / worth[b] * off)))
        found.append(Pool(f"{n:05}", (f"c{a}", f"c{b}"), impl))
    return found


def engine(pools: list[Pool], method: Method = "dual") -> Engine:
    made = Engine(method, 100)
    for pool in pools:
        made.mirror.changed(pool)
    made.mirror.settle()
    return made


def proposed(made: Engine, ask: RouteAsk) -> Proposal:
    return RUNNER.run(made.propose(ask))


def asks(pools: list[Pool], coins: int, count: int) -> list[RouteAsk]:
    """Trades of 1/1,000 to 1/3 of the deepest pool of what is sold, between coins that are connected."""
    draw = random.Random(coins)
    probe, graph = engine(pools, "path"), Market(pools)
    found: list[RouteAsk] = []
    while len(found) < count:
        a, b = draw.sample(range(coins), 2)
        depth = max((pool.impl.reserve(pool.coins.index(f"c{a}")) for pool in graph.trading(f"c{a}")), default=0)
        amount = int(depth * 10 ** draw.uniform(-3, -0.5))
        ask = RouteAsk(chain_id=1, token_in=f"c{a}", token_out=f"c{b}", amount=amount)
        try:
            proposed(probe, ask)
        except NoRoute:
            continue
        found.append(ask)
    return found


def size(count: int, quick: bool) -> list[Figure]:
    coins, cold_target, warm_target = SIZES[count]
    pools = market(count, coins)
    graph = Market(pools)
    cold, warm, left, gaps, reading = [], [], [], [], []
    less: dict[Method, list[float]] = {"path": [], "greedy": []}
    for ask in asks(pools, coins, 3 if quick else 10):
        began = perf_counter()
        made = engine(pools)
        reading.append(perf_counter() - began)
        with collected():
            began = perf_counter()
            proposal = proposed(made, ask)
            cold.append(perf_counter() - began)
            problem = made.problem(ask)
            left.append(solve(made.mirror, problem, first_prices(made.mirror, problem)).unbalanced)
            gap = quoted(graph, ask, proposal.legs, method="dual", bound=proposal.bound).gap
            assert gap is not None
            gaps.append(float(gap))
            for method, found in less.items():
                found.append(1 - proposed(engine(pools, method), ask).expected / proposal.expected)
            for n in range(10):
                for pool in random.Random(n).sample(pools, 20):
                    x, y = pool.impl.reserves
                    pool.impl.reserves = x * 10_005 // 10_000, y * 10_000 // 10_005
                    made.mirror.changed(pool)
                began = perf_counter()
                proposed(made, ask)
                warm.append(perf_counter() - began)
    name = f"route over {count:,} pools"
    return [
        Figure(f"{name}, cold", median(cold) * 1e3, "ms", cold_target, beside={"worst": max(cold) * 1e3}),
        Figure(f"{name}, warm", median(warm) * 1e3, "ms", warm_target, beside={"worst": max(warm) * 1e3}),
        Figure(f"{name}, worst gap before rounding", max(left), "of 1", 1e-6),
        Figure(f"{name}, gap", median(gaps), "of 1", beside={"worst": max(gaps)}),
        *(
            Figure(
                f"{name}, lost by {method}", median(found), "of 1", beside={"worst": max(found), "least": min(found)}
            )
            for method, found in less.items()
        ),
        Figure(f"reading {count:,} pools", median(reading) * 1e3, "ms"),
    ]


def cycles(quick: bool) -> list[Figure]:
    """From a pool that has other reserves to the best cycle through it: reading its prices included, sizing apart."""
    pools = market(10_000, SIZES[10_000][0])
    graph, router = Market(pools), Dual(DualConfig())
    for pool in pools:
        router.changed(pool)
    router.cycle(pools[0])
    draw = random.Random(3)
    taken, sized = [], []
    longer: dict[int, list[int]] = {4: [], 5: []}
    with collected():
        for pool in draw.choices(pools, k=2_000 if quick else 20_000):
            x, y = pool.impl.reserves
            moved = draw.choice((-1, 1)) * (x >> 16)
            pool.impl.reserves = x + moved, x * y // (x + moved)
            began = perf_counter_ns()
            legs = router.cycle(pool)
            taken.append(perf_counter_ns() - began)
            if legs:
                began = perf_counter_ns()
                confirmed(graph, legs, legs[0].token_in)
                sized.append(perf_counter_ns() - began)
        for pool in draw.choices(pools, k=200 if quick else 2_000):
            for hops, found in longer.items():
                began = perf_counter_ns()
                router.cycle(pool, hops)
                found.append(perf_counter_ns() - began)
    return [
        Figure(
            "pool event to best cycle, 10,000 pools, 200 coins",
            median(taken) / 1e3,
            "µs",
            5.0,
            beside={"p99": percentile(taken, 0.99) / 1e3, "gaining": len(sized) / len(taken)},
        ),
        *(
            Figure(
                f"pool event to best cycle of at most {hops} hops, by search",
                median(found) / 1e3,
                "µs",
                beside={"p99": percentile(found, 0.99) / 1e3},
            )
            for hops, found in longer.items()
        ),
        Figure("sizing and confirming a cycle", median(sized) / 1e3, "µs"),
    ]


def figures(quick: bool = False) -> list[Figure]:
    began = perf_counter()
    Engine("dual", 100).warm()
    found = [Figure("getting the router ready, compiled before", (perf_counter() - began) * 1e3, "ms")]
    for count in SIZES:
        found += size(count, quick)
    return found + cycles(quick)
