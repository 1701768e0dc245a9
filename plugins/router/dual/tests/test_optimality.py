"""How good the routes are: beside a conic solver, beside greedy, and beside everything there is in tiny markets."""

import asyncio
import random
import warnings
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from msgspec.structs import replace

from sniper.amm import Segment
from sniper.config import Config
from sniper.router import NoRoute, RouteAsk
from sniper.routing import quoted
from sniper_router_dual import kernels
from sniper_router_dual.engine import Engine
from sniper_router_dual.problem import first_prices, solve
from sniper_router_dual.router import Dual, DualConfig
from sniper_sdk.conformance.router import Market, Pool, Product

COINS = "abcdef"
_FREE = 1e-12
"""Where an output costs that little, the market gives it away by wrong prices, and there is nothing to compare."""
_NOWHERE = 1e35
"""An output that costs more is more than there is."""


class Pieces(Product):
    """Two ranges of liquidity beside each other, as in Uniswap V3, made of two pairs of reserves: the first ``most`` of
    a coin are traded against the deeper pair, what comes after against a shallower one that begins at its price."""

    def segments(self, i: int, j: int) -> Sequence[Segment]:
        x, y = (float(self.reserves[k]) for k in (i, j))
        most = x / 50
        end = x + 0.997 * most, y - y * 0.997 * most / (x + 0.997 * most)
        return Segment(x, y, 0.997, most), Segment(end[0] / 4, end[1] / 4, 0.997, 1e60)

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        x = self.reserves[i]
        first = min(amount_in, x // 50)
        out = super().amount_out(i, j, first)
        if amount_in > first:
            x1, y1 = x + first * 997 // 1000, self.reserves[j] - out
            paid = (amount_in - first) * 997
            out += paid * (y1 // 4) // (x1 // 4 * 1000 + paid)
        return out


def market(seed: int, *, noise: float, kinds: Sequence[type[Product]] = (Product,), sampled: float = 0.0) -> list[Pool]:
    """A few coins with values, and pools whose prices are off by ``noise`` or so."""
    draw = random.Random(seed)
    coins = COINS[: draw.randint(2, 6)]
    worth = {coin: 10 ** draw.uniform(-2, 2) for coin in coins}
    pools = []
    for n in range(draw.randint(1, 12)):
        a, b = draw.sample(coins, 2)
        depth = 10 ** draw.uniform(20, 24)
        reserves = int(depth / worth[a]), int(depth / worth[b] * np.exp(draw.gauss(0, noise)))
        impl = draw.choice(kinds)(config=Config(), reserves=reserves, plain=draw.random() >= sampled)
        pools.append(Pool(f"p{n:02}", (a, b), impl))
    return pools


def routable(seeds: Sequence[int], **more: Any) -> Iterator[tuple[int, list[Pool], RouteAsk]]:
    for seed in seeds:
        pools = market(seed, **more)
        draw = random.Random(-seed - 1)
        exact_out, coin = draw.choice(((False, "a"), (False, "a"), (True, "b")))
        depth = min((pool.impl.reserve(pool.coins.index(coin)) for pool in pools if coin in pool.coins), default=0)
        amount = int(depth * 10 ** draw.uniform(-4, -0.5 if exact_out else 0.5))
        if amount:
            yield (
                seed,
                pools,
                RouteAsk(
                    chain_id=1,
                    token_in="a",
                    token_out="b",
                    amount=amount,
                    exact_out=exact_out,
                    max_hops=draw.randint(1, 5),
                    max_legs=12,
                ),
            )


def engine(pools: Sequence[Pool], **config: Any) -> Engine:
    made = Engine(config.get("method", "dual"), 100)
    for pool in pools:
        made.mirror.changed(pool)
    made.mirror.settle()
    return made


def ways(pools: Sequence[Pool], ask: RouteAsk) -> list[tuple[Pool, int, int]]:
    """(pool, i, j) on some way of at most ``max_hops``, found by walking all of them."""
    found = set()

    def walk(coin: str, path: tuple[tuple[int, int, int], ...]) -> None:
        if coin == ask.token_out:
            found.update(path)
            return
        if len(path) < ask.max_hops:
            for n, pool in enumerate(pools):
                for i, j in permutations(range(2), 2):
                    if pool.coins[i] == coin and pool.coins[j] != ask.token_in:
                        walk(pool.coins[j], (*path, (n, i, j)))

    walk(ask.token_in, ())
    return [(pools[n], i, j) for n, i, j in sorted(found)]


def conic(pools: Sequence[Pool], ask: RouteAsk) -> float | None:
    """The best output (the least input where it is fixed) by Clarabel; None where it says that it is not sure."""
    worth: dict[str, float] = {}
    scale = float(ask.amount)
    edges = ways(pools, ask)
    net: dict[str, Any] = dict.fromkeys(COINS, 0)
    rules = []
    for pool, i, j in edges:
        # Each coin in units in which its pools are about as large as the trade.
        for at in (i, j):
            worth.setdefault(pool.coins[at], float(pool.impl.reserve(at)))
    given = ask.token_out if ask.exact_out else ask.token_in
    unit = {coin: size / worth[given] for coin, size in worth.items()}
    for pool, i, j in edges:
        for x, y, kept, most in pool.impl.segments(i, j) or ():
            paid, got = cp.Variable(nonneg=True), cp.Variable()
            x1, y1 = x / kept / unit[pool.coins[i]] / scale, y / unit[pool.coins[j]] / scale
            # y·d/(x + d), written so that trades much smaller than the pool keep their digits.
            rules += [got * (x1 / y1) <= paid - cp.quad_over_lin(paid, x1 + paid)]
            if most < 1e50:
                rules += [paid <= most / unit[pool.coins[i]] / scale]
            net[pool.coins[i]] -= paid
            net[pool.coins[j]] += got
    start, end = ask.token_in, ask.token_out
    if ask.exact_out:
        cost = cp.Variable()
        net[start] += cost
        net[end] -= 1
        rules += [net[coin] >= 0 for coin in unit]
        problem = cp.Problem(cp.Minimize(cost), rules)
    else:
        net[start] += 1
        rules += [net[coin] >= 0 for coin in unit if coin != end]
        problem = cp.Problem(cp.Maximize(net[end]), rules)
    with warnings.catch_warnings(action="ignore"):
        problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    if problem.status != cp.OPTIMAL:
        return None
    return float(problem.value) * unit[start if ask.exact_out else end] * scale


def agrees(seeds: Sequence[int]) -> int:
    compared = 0
    for seed, pools, ask in routable(seeds, noise=0.05, kinds=(Product, Pieces)):
        made = engine(pools)
        try:
            problem = made.problem(ask)
        except NoRoute:
            assert not ways(pools, ask)
            continue
        solution = solve(made.mirror, problem, first_prices(made.mirror, problem))
        best = conic(pools, ask)
        if best is not None and best > _FREE * ask.amount:
            assert abs(solution.value) == pytest.approx(best, rel=1e-6), f"market {seed}"
            compared += 1
    return compared


def test_the_dual_agrees_with_a_conic_solver() -> None:
    assert agrees(range(40)) >= 20


@pytest.mark.long
def test_the_dual_agrees_with_a_conic_solver_on_many_markets() -> None:
    assert agrees(range(1000, 1300)) >= 200


def test_before_rounding_the_gap_is_at_most_a_millionth() -> None:
    """The flows of the solution balance: what is not sold or bought twice is worth so little of the trade."""
    for _, pools, ask in routable(range(200), noise=0.05, kinds=(Product, Pieces)):
        made = engine(pools)
        try:
            problem = made.problem(ask)
        except NoRoute:
            continue
        solution = solve(made.mirror, problem, first_prices(made.mirror, problem))
        net = problem.supply.copy()
        for k, sold in enumerate(solution.flow):
            mirror = made.mirror
            if sold:
                net[problem.source[k]] -= sold
                net[problem.target[k]] += kernels.along(
                    problem.edges[k], sold, np.inf, mirror.piece_at, mirror.pieces, mirror.x, mirror.y, mirror.most
                )
        if not _FREE * ask.amount < abs(solution.value) < _NOWHERE:
            continue
        unbalanced = np.abs(net * solution.prices)[:-1].sum()
        assert unbalanced <= 1e-6 * abs(solution.value)


def proposed(pools: Sequence[Pool], ask: RouteAsk, **config: Any) -> Any:
    router = Dual(DualConfig(**config))
    for pool in pools:
        router.changed(pool)
    try:
        return asyncio.run(router.propose(ask))
    except NoRoute:
        return None


@pytest.mark.parametrize(
    ("noise", "sampled", "splits"),
    [(0.001, 0.0, True), (0.001, 0.5, True), (0.05, 0.0, True), (0.05, 0.5, True), (0.05, 0.0, False)],
)
def test_it_is_never_worse_than_greedy_in_a_hundred_slices_or_the_best_path(
    noise: float, sampled: float, splits: bool
) -> None:
    for seed, pools, any_ask in routable(range(60), noise=noise, kinds=(Product, Pieces), sampled=sampled):
        ask = replace(any_ask, split_between=splits)  # type: ignore[type-var]  # a struct
        market = Market(pools)
        found = [proposed(pools, ask, method=method) for method in ("dual", "greedy", "path")]
        assert (found[0] is None) <= (found[1] is None and found[2] is None), f"market {seed}"
        nets = [
            quoted(market, ask, each.legs, method="", bound=None, near=each.expected).net if each else None
            for each in found
        ]
        for net in nets[1:]:
            assert net is None or nets[0] >= net, f"market {seed}: {found}"


def test_a_coin_in_between_goes_on_through_one_pool_where_it_must_not_be_split() -> None:
    depth = 10**24
    pools = [
        Pool(name, coins, Product(config=Config(), reserves=(depth, depth * more // 10)))
        for name, coins, more in (
            ("ab", ("a", "b"), 9),
            ("ac", ("a", "c"), 10),
            ("ca", ("a", "c"), 10),
            ("cb", ("c", "b"), 10),
            ("bc", ("c", "b"), 11),
        )
    ]
    ask = RouteAsk(chain_id=1, token_in="a", token_out="b", amount=depth // 10)
    parted, whole = (proposed(pools, replace(ask, split_between=splits)) for splits in (True, False))  # type: ignore[type-var]
    assert {leg.pool for leg in parted.legs} == {"ab", "ac", "ca", "cb", "bc"}
    assert {leg.pool for leg in whole.legs} == {"ab", "ac", "ca", "bc"}
    assert parted.expected > whole.expected
    only = proposed(pools, replace(ask, only_pools=("ab", "ac", "cb")))  # type: ignore[type-var]
    assert {leg.pool for leg in only.legs} == {"ab", "ac", "cb"}
    assert whole.expected > only.expected


def test_what_is_only_sampled_is_routed_as_well_as_what_says_its_curve() -> None:
    for seed, pools, ask in routable(range(60), noise=0.01):
        for pool in pools:
            pool.impl.plain = True
        known = proposed(pools, ask)
        for pool in pools:
            pool.impl.plain = False
        sampled = proposed(pools, ask)
        if known is None:
            continue
        assert sampled.expected == pytest.approx(known.expected, rel=1e-6), f"market {seed}"
        assert sampled.bound == pytest.approx(known.bound, rel=1e-5), f"market {seed}"


def tiny(seed: int) -> list[Pool]:
    draw = random.Random(seed)
    pools = []
    for n in range(draw.randint(2, 4)):
        pair = tuple(draw.sample("abc", 2))
        impl = draw.choice((Product, Pieces))(
            config=Config(), reserves=(draw.randint(60, 400), draw.randint(60, 400)), plain=draw.random() < 0.6
        )
        pools.append(Pool(f"p{n}", pair, impl))
    return pools


def everything(pools: Sequence[Pool], ask: RouteAsk) -> Iterator[int]:
    """Output of every order of every choice of pools and directions with shares in sixths."""
    directed = [(pool, i, 1 - i) for pool in pools for i in (0, 1)]
    for count in range(1, len(pools) + 1):
        for swaps in permutations(directed, count):
            if len({pool.address for pool, _, _ in swaps}) < count:
                continue
            for shares in product((1, 2, 3, 4, 5, 6), repeat=count):
                have = {ask.token_in: ask.amount}
                for (pool, i, j), share in zip(swaps, shares, strict=True):
                    sold = have.get(pool.coins[i], 0) * share // 6
                    try:
                        bought = pool.impl.amount_out(i, j, sold)
                    except ArithmeticError:
                        break
                    have[pool.coins[i]] -= sold
                    have[pool.coins[j]] = have.get(pool.coins[j], 0) + bought
                else:
                    yield have.get(ask.token_out, 0)


@pytest.mark.parametrize("seed", range(12))
def test_no_route_that_there_is_beats_the_bound(seed: int) -> None:
    pools = tiny(seed)[:3]
    ask = RouteAsk(chain_id=1, token_in="a", token_out="b", amount=40 + seed, max_hops=3)
    proposal = proposed(pools, ask)
    best = max(everything(pools, ask), default=0)
    if proposal is None:
        assert best == 0
    else:
        assert best <= proposal.bound
        assert proposal.expected <= proposal.bound


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_coins_that_one_pool_of_several_coins_trades_do_not_loosen_the_bound(share: float) -> None:
    """A way through them would use that pool twice, which no route does."""
    depth = 10**24
    whole = Product(config=Config(), reserves=(depth,) * 4)
    router = Dual(DualConfig())
    for pool in (
        Pool("all", tuple("abcd"), whole),
        Pool("pair", tuple("ab"), Product(config=Config(), reserves=(depth, depth))),
    ):
        router.changed(pool)
    ask = RouteAsk(chain_id=1, token_in="a", token_out="b", amount=int(depth * share))
    proposal = asyncio.run(router.propose(ask))
    assert {leg.pool for leg in proposal.legs} == {"all", "pair"}
    assert proposal.bound is not None
    assert 0 <= proposal.bound - proposal.expected <= proposal.bound // 10**9
