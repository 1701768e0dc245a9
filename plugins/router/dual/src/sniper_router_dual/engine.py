"""Finds routes on the mirror: the dual and its bound, and the two baselines."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, Literal, NamedTuple, TypeVar, cast

import numpy as np

from sniper.amm import NoLiquidity, Segment
from sniper.router import Leg, Listed, NoRoute, Proposal, RouteAsk
from sniper.routing import Route, direct_routes, pruned, quoted, sane
from sniper_router_dual import kernels
from sniper_router_dual.compiled import Flags, Floats, Ints
from sniper_router_dual.legs import legs
from sniper_router_dual.mirror import Mirror
from sniper_router_dual.problem import Problem, Solution, bound, first_prices, quasi_newton, solve
from sniper_router_dual.ways import counted, flowing, together

Method = Literal["dual", "greedy", "path"]
T = TypeVar("T")

_NO_CAP: Final = 1e300
_SAFE: Final = 1e-11
"""Relative error of the bound's floating point, generously."""
_TIGHT: Final = 1e-8
"""How loose, relative to the trade, a sampled curve may make the bound; `_ROUNDS` bounds the samples taken for it."""
_ROUNDS: Final = 8
_NEAR: Final = (-1e-3, -1e-5, 0.0, 1e-5, 1e-3)
"""Where to sample around an amount, relative to it."""
_GOOD: Final = 1e-6
"""Gap from which on the greedy route is looked at as well."""
_FEW: Final = 1_500
"""Over more edges greedy takes too long: then it looks at those alone that would carry most."""
_FLOOR: Final = 0.5
"""A route that gives less of the bound than this says nothing about prices."""
_LITTLE: Final = 256
"""Edges up to which solving takes no longer than handing it to another thread."""
_AT_ONCE: Final = 64
"""Pools that are read in one go: about a millisecond."""


class _Solved(NamedTuple):
    """``most``: the bound. ``loose``: (edge, amount) where a sampled curve makes it loose."""

    solution: Solution
    most: int
    loose: list[tuple[int, float]]


class Engine:
    """Keeps the mirror and the last prices. What takes long and needs nothing but the mirror's arrays runs in a thread
    of its own, for one proposal at a time; what reads pools runs in the caller's, where they change."""

    def __init__(self, method: Method, slices: int) -> None:
        self.mirror = Mirror()
        self._method = method
        self._slices = slices
        self._prices = np.zeros(0)
        self._generation = 0
        self._alone = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "routes")

    def warm(self) -> None:
        """Compile, or load what was compiled before."""
        scratch = Engine("dual", 2)
        for pool in examples():
            scratch.mirror.changed(pool)
        scratch.mirror.settle()
        ask = RouteAsk(chain_id=0, token_in="a", token_out="c", amount=10**18)
        problem = scratch.problem(ask)
        solution = solve(scratch.mirror, problem, scratch._first(problem))
        quasi_newton(scratch.mirror, problem, solution.prices)
        bound(scratch.mirror, problem, solution.prices)
        scratch._loosest(problem, solution)
        ways, sold = scratch._sliced(problem, ask, 1e18)
        scratch._legs(problem, scratch._together(problem, ask, ways), sold)
        scratch._ways(problem, ask, solution.flow)
        scratch._carried(problem, solution, 1.0)
        scratch._path(problem, ask, 1e18)

    async def propose(self, ask: RouteAsk) -> Proposal:
        """See `sniper.router.Router.propose`. Whoever asked may give up waiting; the proposal comes to its end all the
        same, for until then another thread may read the mirror."""
        sane(ask)
        found = asyncio.ensure_future(self._in_turn(ask))
        found.add_done_callback(_heard)
        return await asyncio.shield(found)

    async def _in_turn(self, ask: RouteAsk) -> Proposal:
        async with self._alone:
            return await self._proposed(ask)

    async def _proposed(self, ask: RouteAsk) -> Proposal:
        await self._settle()
        problem, solution, most = await self._solved(ask)
        routes = await self._routes(problem, ask, solution, most)
        refused = tuple(self.mirror.refused())
        if not routes:
            raise NoRoute(f"no legs from {ask.token_in} to {ask.token_out} can carry {ask.amount}")
        best = max(routes, key=lambda route: route.net)
        expected = best.amount_in if ask.exact_out else best.amount_out
        return Proposal(legs=best.legs, expected=expected, method=best.method, bound=most, refused=refused)

    async def _settle(self) -> None:
        """Read what changed, some pools at a time; the last of them in one go, so that all are in one state."""
        for _ in range(self.mirror.waiting // _AT_ONCE):
            self.mirror.settle(_AT_ONCE)
            await asyncio.sleep(0)
        self.mirror.settle()

    async def _aside(self, edges: int, work: Callable[[], T]) -> T:
        """Do what needs nothing but the mirror's arrays; in the other thread where there are many edges to it."""
        if edges <= _LITTLE:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ---- what is asked ----

    def problem(self, ask: RouteAsk) -> Problem:
        """The part of the market that an ask is about. Raises `NoRoute` where that is nothing."""
        mirror = self.mirror
        for coin in (ask.token_in, ask.token_out):
            if coin not in mirror.coins:
                raise NoRoute(f"no pool is known that trades {coin}")
        start, end = mirror.coins[ask.token_in], mirror.coins[ask.token_out]
        source, target = mirror.source[: mirror.size], mirror.target[: mirror.size]
        price = mirror.price[: mirror.size]
        usable = self._usable(ask)
        ahead, behind = kernels.reachable(source, target, price, usable, len(mirror.names), start, end, ask.max_hops)
        edges = kernels.chosen(source, target, price, usable, ahead, behind, start, end, ask.max_hops)
        edges = _passable(edges, source, target, mirror.owner, start, end)
        if not len(edges):
            why = "; ".join(f"{pool}: {reason}" for pool, reason in list(mirror.refused())[:5])
            raise NoRoute(
                f"nothing leads from {ask.token_in} to {ask.token_out} in {ask.max_hops} hops"
                f"{f'; left out: {why}' if why else ''}"
            )
        cap = np.full(len(edges), _NO_CAP)
        for address, coin, most in ask.caps:
            place = mirror.places.get(address)
            if place is not None and coin in mirror.coins:
                for k in np.flatnonzero(mirror.owner[edges] == place.number):
                    if source[edges[k]] == mirror.coins[coin]:
                        cap[k] = min(cap[k], float(most))
        return Problem.of(mirror, edges, cap, start, end, float(ask.amount), ask.exact_out)

    def _usable(self, ask: RouteAsk) -> Flags:
        mirror = self.mirror
        usable = np.ones(mirror.size, np.bool_)
        if ask.only_pools is not None:
            usable[:] = False
            for address in ask.only_pools:
                self._mark(usable, address, True)
        for address in ask.without_pools:
            self._mark(usable, address, False)
        ends = (ask.token_in, ask.token_out)
        if ask.only_coins is not None:
            allowed = np.zeros(len(mirror.names), np.bool_)
            allowed[[mirror.coins[coin] for coin in (*ask.only_coins, *ends) if coin in mirror.coins]] = True
            usable &= allowed[mirror.source[: mirror.size]] & allowed[mirror.target[: mirror.size]]
        for coin in ask.without_coins:
            if coin in mirror.coins and coin not in ends:
                number = mirror.coins[coin]
                usable &= (mirror.source[: mirror.size] != number) & (mirror.target[: mirror.size] != number)
        return usable

    def _mark(self, usable: Flags, address: str, value: bool) -> None:
        place = self.mirror.places.get(address)
        if place is not None:
            usable[place.edges.start : place.edges.stop] = value

    # ---- the dual ----

    async def _solved(self, ask: RouteAsk) -> tuple[Problem, Solution | None, int | None]:
        """The problem, its solution on the curves as they are (sampled ones as finely as it takes), and the bound. No
        solution and bound where a baseline needs neither."""
        mirror = self.mirror
        problem, found = await self._aside(mirror.size, partial(self._begun, ask))
        if found is None:
            return problem, None, None
        for _ in range(_ROUNDS):
            # What changed meanwhile has another curve than the one that is sampled here.
            loose = [(k, amount) for k, amount in found.loose if not mirror.is_stale(int(problem.edges[k]))]
            if not loose:
                break
            self._refine(problem, found.solution, loose)
            again = partial(self._went_on, problem, ask, found.solution.prices)
            found = await self._aside(len(problem.edges), again)
        prices = found.solution.prices
        if self._generation != mirror.generation or len(self._prices) < len(mirror.names):
            grown = np.zeros(2 * len(mirror.names))
            if self._generation == mirror.generation:
                grown[: len(self._prices)] = self._prices
            self._prices, self._generation = grown, mirror.generation
        self._prices[problem.coins] = prices
        return problem, found.solution, found.most if self._method == "dual" else None

    def _begun(self, ask: RouteAsk) -> "tuple[Problem, _Solved | None]":
        problem = self.problem(ask)
        if self._method != "dual" and not ask.exact_out:
            return problem, None
        return problem, self._went_on(problem, ask, self._first(problem))

    def _went_on(self, problem: Problem, ask: RouteAsk, prices: Floats) -> "_Solved":
        solution = solve(self.mirror, problem, prices)
        sampled = self.mirror.vertices[problem.edges].any()
        loose = self._loosest(problem, solution) if sampled else []
        return _Solved(solution, self._bound(problem, ask, solution), loose)

    def _first(self, problem: Problem) -> Floats:
        """The last prices, where there are any: between two questions they hardly change."""
        known = np.zeros(len(problem.coins))
        if self._generation == self.mirror.generation:
            there = problem.coins < len(self._prices)
            known[there] = self._prices[problem.coins[there]]
        if known.all():
            return cast(Floats, known / known[-1])
        guessed = first_prices(self.mirror, problem)
        return np.where(known > 0, known / known[-1], guessed) if known[-1] else guessed

    def _loosest(self, problem: Problem, solution: Solution) -> list[tuple[int, float]]:
        """(edge, amount) of the sampled edges that make the bound loose."""
        mirror = self.mirror
        looseness, amount = np.zeros(len(problem.edges)), np.zeros(len(problem.edges))
        kernels.slack(
            solution.prices, problem.edges, problem.source, problem.target, problem.cap, mirror.piece_at,
            mirror.pieces, mirror.x, mirror.y, mirror.most, mirror.vertex_at, mirror.vertices, mirror.vertex_in,
            mirror.vertex_out, looseness, amount,
        )  # fmt: skip
        loose = np.flatnonzero(looseness > _TIGHT * abs(solution.value))
        return [(int(k), float(amount[k])) for k in loose]

    def _refine(self, problem: Problem, solution: Solution, loose: Sequence[tuple[int, float]]) -> None:
        for k, amount in loose:
            edge, sold = int(problem.edges[k]), float(solution.flow[k])
            wanted = [int(amount), *(int(sold * (1 + near)) for near in _NEAR)]
            try:
                self.mirror.refine(edge, wanted)
            except Exception as error:  # a plugin's code: the pool is left out, and nothing else
                self.mirror.refuse(self.mirror.ends(edge)[0], f"{type(error).__name__}: {error}")

    def _bound(self, problem: Problem, ask: RouteAsk, solution: Solution) -> int:
        value = bound(self.mirror, problem, solution.prices)
        if ask.exact_out:
            return max(0, int(-value * (1 - _SAFE)) - 1)
        return int(value * (1 + _SAFE)) + 1

    # ---- routes ----

    async def _routes(
        self, problem: Problem, ask: RouteAsk, solution: Solution | None, most: int | None
    ) -> list[Route]:
        """Candidates, quoted exactly. The baselines need an amount to send: for an exact output the dual's."""
        amount = float(ask.amount) if solution is None or not ask.exact_out else -solution.value
        if self._method == "path":
            path = await self._aside(len(problem.edges), partial(self._path, problem, ask, amount))
            return list(self._quoted(ask, path, "path", amount))
        if self._method == "greedy" or solution is None:
            ways, sold = await self._aside(len(problem.edges), partial(self._sliced, problem, ask, amount))
            return self._sliced_route(problem, ask, self._together(problem, ask, ways), sold, amount)
        used = self._together(problem, ask, self._ways(problem, ask, solution.flow))
        found = await self._resolved(problem, ask, solution, used)
        found += [each for each in direct_routes(self.mirror, ask)[0][:1] if ask.allows_pool(each.legs[0].pool)]
        best = max((_relative(route, most) for route in found), default=0.0)
        if best < 1 - _GOOD:
            # Limits cut the dual's flows apart. Greedy paths were never more than the limits allow.
            sliced = partial(self._sliced_where_deep, problem, ask, amount, solution, best)
            ways, sold = await self._aside(len(problem.edges), sliced)
            others = self._together(problem, ask, ways)
            found += self._sliced_route(problem, ask, others, sold, amount)
            if not np.array_equal(others, used):
                found += await self._resolved(problem, ask, solution, others)
        return found

    async def _resolved(self, problem: Problem, ask: RouteAsk, solution: Solution, used: Ints) -> list[Route]:
        """The best route over these edges, solved again for them alone; and once more for those that pay their gas."""
        found: list[Route] = []
        for _ in range(2):
            if not len(used):
                break
            part = problem.only(self.mirror, used)
            # Shares are rounded: what stands at its cap must not be above it after that.
            part.cap[:] = np.where(part.cap < _NO_CAP, np.maximum(part.cap * (1 - 1e-7) - 2, 0.0), part.cap)
            places = np.searchsorted(problem.coins[:-1], part.coins[:-1])
            prices = np.append(solution.prices[places], 1.0)
            solved = await self._aside(len(used), partial(solve, self.mirror, part, prices))
            chosen = self._legs(part, np.arange(len(used)), solved.flow)
            amount = -solved.value if ask.exact_out else float(ask.amount)
            routes = list(self._quoted(ask, chosen, "dual", amount))
            found += routes
            if not routes or len(routes[0].hops) == len(chosen):
                break
            kept = {leg.pool for leg in routes[0].legs}
            owners = self.mirror.owner[problem.edges[used]].tolist()
            used = used[[self.mirror.owners[owner].pool.address in kept for owner in owners]]
        return found

    def _path(self, problem: Problem, ask: RouteAsk, amount: float) -> tuple[Leg, ...]:
        mirror, none = self.mirror, np.zeros(len(problem.edges))
        order, first = kernels.leaving(problem.source, len(problem.coins))
        path = kernels.best_path(
            amount, ask.max_hops, problem.start, problem.end, order, first, problem.edges, problem.source,
            problem.target, problem.cap, mirror.owner, np.ones(len(problem.edges), np.bool_), mirror.price, none, none,
            mirror.piece_at, mirror.pieces, mirror.x, mirror.y, mirror.most,
        )  # fmt: skip
        used = np.sort(path)
        return self._legs(problem, used, np.ones(len(problem.edges))) if len(used) <= ask.max_legs else ()

    def _sliced_route(self, problem: Problem, ask: RouteAsk, used: Ints, sold: Floats, amount: float) -> list[Route]:
        return list(self._quoted(ask, self._legs(problem, used, sold), "greedy", amount))

    def _ways(self, problem: Problem, ask: RouteAsk, flow: Floats) -> Ints:
        """Those on which a good part of the trade flows, the greatest first."""
        return flowing(
            flow, problem.source, problem.target, len(problem.coins), problem.start, problem.end, ask.max_hops,
            1 / (16 * ask.max_legs),
        )[1]  # fmt: skip

    def _together(self, problem: Problem, ask: RouteAsk, ways: Ints) -> Ints:
        owner = self.mirror.owner[problem.edges]
        return together(
            ways, owner, problem.source, problem.target, problem.start, ask.max_hops, ask.max_legs, ask.split_between
        )

    def _legs(self, problem: Problem, used: Ints, flow: Floats) -> tuple[Leg, ...]:
        return legs(self.mirror, problem, used, flow) if len(used) else ()

    def _sliced_where_deep(
        self, problem: Problem, ask: RouteAsk, amount: float, solution: Solution, best: float
    ) -> tuple[Ints, Floats]:
        """`_sliced` over the edges that would carry most if all prices were as much worse as the best route so far is
        below the bound: few legs must each carry a good part of the trade."""
        if len(problem.edges) <= _FEW:
            return self._sliced(problem, ask, amount)
        value = self._carried(problem, solution, 1 / max(best, _FLOOR))
        deep = np.sort(np.argpartition(-value, _FEW)[:_FEW])
        ways, sold_there = self._sliced(problem.only(self.mirror, deep), ask, amount)
        sold = np.zeros(len(problem.edges))
        sold[deep] = sold_there
        return np.where(ways < 0, -1, deep[ways]), sold

    def _carried(self, problem: Problem, solution: Solution, worse: float) -> Floats:
        mirror = self.mirror
        return kernels.carried(
            solution.prices, worse, problem.edges, problem.source, problem.target, problem.cap, mirror.piece_at,
            mirror.pieces, mirror.x, mirror.y, mirror.most,
        )  # fmt: skip

    def _sliced(self, problem: Problem, ask: RouteAsk, amount: float) -> tuple[Ints, Floats]:
        """The ways that greedy uses, those of most slices first, and what it sells on each edge."""
        mirror, sold = self.mirror, np.zeros(len(problem.edges))
        found = kernels.greedy(
            amount, self._slices, ask.max_hops, len(problem.coins), problem.start, problem.end, problem.edges,
            problem.source, problem.target, problem.cap, mirror.owner, mirror.price, mirror.piece_at,
            mirror.pieces, mirror.x, mirror.y, mirror.most, sold,
        )  # fmt: skip
        return counted(found)[1], sold

    def _quoted(self, ask: RouteAsk, chosen: Sequence[Leg], method: str, amount: float) -> Iterator[Route]:
        """The legs as a route, without those that do not pay; nothing where the pools refuse."""
        if chosen:
            with suppress(NoRoute, NoLiquidity):
                route = quoted(self.mirror, ask, chosen, method=method, bound=None, near=max(1, int(amount)))
                yield pruned(self.mirror, route)


def _heard(found: "asyncio.Future[Proposal]") -> None:
    """What it raises was heard, though whoever asked may have gone."""
    if not found.cancelled():
        found.exception()


def _relative(route: Route, most: int | None) -> float:
    """How much of the bound a route reaches, from 0 to 1."""
    if not most:
        return 0.0
    return most / route.amount_in if route.ask.exact_out else route.amount_out / most


def examples() -> list[Listed]:
    """A market to compile with: three coins, and a cycle through them that gains."""
    return [_Example(str(n), coins) for n, coins in enumerate((("a", "b"), ("b", "c"), ("a", "c")))]


class _Example:
    """A pool to compile with."""

    def __init__(self, address: str, coins: tuple[str, ...]) -> None:
        self.address = address
        self.coins = coins
        self.impl: Any = self  # Any: it has no more of an AMM than the mirror reads

    def segments(self, i: int, j: int) -> tuple[Segment, ...]:
        return (Segment(1e24, 1e24, 0.997, 1e30),)

    def rate(self, i: int, j: int) -> float:
        return 1.1 if i < j else 0.95


def _passable(edges: Ints, source: Ints, target: Ints, owner: Ints, start: int, end: int) -> Ints:
    """Without the ways to coins that only one pool of several coins trades: no route passes them, for it would use that
    pool twice, but the dual would count what it seems to gain there."""
    while len(edges):
        if kernels.pairs_alone(edges, owner):
            return edges
        owners = owner[edges]
        coins = np.concatenate([source[edges], target[edges]])
        pools = np.bincount(np.unique(np.stack([coins, np.concatenate([owners, owners])]), axis=1)[0])
        dead = pools == 1
        dead[[start, end]] = False
        kept = ~(dead[source[edges]] | dead[target[edges]])
        if kept.all():
            return edges
        edges = edges[kept]
    return edges
