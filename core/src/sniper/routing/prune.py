"""Leaves out the legs that do not pay their gas."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from sniper.amm import NoLiquidity
from sniper.router import WHOLE, Graph, Leg, NoRoute
from sniper.routing.quote import quoted
from sniper.routing.route import Route


def pruned(graph: Graph, route: Route) -> Route:
    """The route without the legs that cost more gas than they bring: as long as leaving one out nets more, by the exact
    quote of what is left, the worst of them goes. What it sold goes to its neighbours in proportion."""
    if not route.ask.cost(route.gas):
        return route
    while len(route.hops) > 1:
        best = max((rest for hop in route.hops for rest in _rest(graph, route, hop.leg.pool)), key=_net, default=route)
        if best is route or best.net < route.net:
            break
        route = best
    return route


def _net(route: Route) -> int:
    return route.net


def _rest(graph: Graph, route: Route, pool: str) -> Iterator[Route]:
    """The route without a pool, if there is one."""
    ask = route.ask
    legs = without(route.legs, pool, ask.token_in, ask.token_out)
    with suppress(NoRoute, NoLiquidity):
        yield quoted(graph, ask, legs, method=route.method, bound=route.bound, near=route.amount_in)


def without(legs: Sequence[Leg], pool: str, token_in: str, token_out: str) -> tuple[Leg, ...]:
    """The legs without one pool, and without those that lead to or from nowhere then; empty where nothing is left."""
    return split([(leg, part) for leg, part in _parts(legs) if leg.pool != pool], token_in, token_out)


def split(weighted: Sequence[tuple[Leg, int]], token_in: str, token_out: str) -> tuple[Leg, ...]:
    """Legs whose shares are in proportion to the weights of all legs that sell the same coin; those that lead to or
    from nowhere are left out."""
    kept = list(weighted)
    while True:
        sold = {leg.token_in for leg, _ in kept} | {token_out}
        bought = {leg.token_out for leg, _ in kept} | {token_in}
        alive = [(leg, part) for leg, part in kept if leg.token_in in bought and leg.token_out in sold]
        if len(alive) == len(kept):
            break
        kept = alive
    left: dict[str, int] = {}
    for leg, weight in kept:
        left[leg.token_in] = left.get(leg.token_in, 0) + weight
    last = {leg.token_in: n for n, (leg, _) in enumerate(kept)}
    found = []
    for n, (leg, weight) in enumerate(kept):
        there = left[leg.token_in]
        share = WHOLE if last[leg.token_in] == n else min(WHOLE, max(1, weight * WHOLE // there))
        left[leg.token_in] = there - weight
        found.append(Leg(pool=leg.pool, token_in=leg.token_in, token_out=leg.token_out, share=share))
    return tuple(found)


def _parts(legs: Sequence[Leg]) -> list[tuple[Leg, int]]:
    """Each leg with the part of all of its coin that it sells, in parts of ``WHOLE**2``."""
    left: dict[str, int] = {}
    found = []
    for leg in legs:
        there = left.get(leg.token_in, WHOLE**2)
        part = max(1, there * leg.share // WHOLE)
        left[leg.token_in] = there - part
        found.append((leg, part))
    return found
