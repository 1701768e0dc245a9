"""A way round: legs that end with the coin that they began with, and the amount that gains most on them."""

from collections.abc import Sequence
from math import isqrt

from sniper.amm import NoLiquidity
from sniper.plugin import Frozen
from sniper.router import WHOLE, Graph, Leg, Listed, NoRoute
from sniper.routing.route import Hop


class Cycle(Frozen, kw_only=True):
    """What the pools give right now, to the unit. ``gas``: of all swaps, about."""

    hops: tuple[Hop, ...]
    gas: int

    @property
    def gain(self) -> int:
        """Before gas: base units of the coin in which it begins and ends."""
        return self.hops[-1].amount_out - self.hops[0].amount_in


def confirmed(graph: Graph, legs: Sequence[Leg], start: str, most: int | None = None) -> Cycle | None:
    """The cycle with the amount that gains most, begun with coin ``start``; None where nothing gains.

    most  Of ``start`` that there is, base units; None: as much as it takes.

    Where every pool is one piece of constant product the amount is known in closed form: pools one behind the other are
    one such pool. Else it is searched for by exact quotes: the gain rises up to it and falls behind it.

    Raises `NoRoute` for legs that are no cycle, or that ``start`` is not part of.
    """
    ways = _from(legs, start)
    pools = [_pool(graph, leg) for leg in ways]
    amount = _closed_form(pools, ways)
    if amount is None:
        amount = _searched(pools, ways, most)
    elif most is not None:
        amount = min(amount, most)  # up to the best amount more gains more
    hops = _walked(pools, ways, amount)
    if hops is None or hops[-1].amount_out <= amount:
        return None
    return Cycle(hops=hops, gas=sum(pool.impl.swap_gas for pool in pools))


def walked(graph: Graph, legs: Sequence[Leg], start: str, amount: int) -> tuple[Hop, ...]:
    """What the legs of a cycle give for ``amount`` of coin ``start``, right now.

    Raises `NoRoute` as `confirmed`, and `NoLiquidity` where a pool refuses.
    """
    ways = _from(legs, start)
    hops = _walked([_pool(graph, leg) for leg in ways], ways, amount)
    if hops is None:
        raise NoLiquidity(f"a pool of the cycle has no output for its part of {amount} of {start}")
    return hops


def _from(legs: Sequence[Leg], start: str) -> tuple[Leg, ...]:
    first = next((n for n, leg in enumerate(legs) if leg.token_in == start), None)
    if first is None:
        raise NoRoute(f"{start} is no part of the cycle; begin with one of {[leg.token_in for leg in legs]}")
    turned = (*legs[first:], *legs[:first])
    for leg, following in zip(turned, (*turned[1:], turned[0]), strict=True):
        if leg.token_in == leg.token_out:
            raise NoRoute(f"leg {leg.pool} sells {leg.token_in} for itself; a cycle has at least two legs")
        if leg.token_out != following.token_in or leg.share != WHOLE:
            raise NoRoute(f"leg {leg.pool} does not lead into leg {following.pool} with all that there is")
    if len({leg.pool for leg in turned}) < len(turned):
        raise NoRoute("a pool is used twice; the second time it would be quoted on a state that is gone")
    return turned


def _pool(graph: Graph, leg: Leg) -> Listed:
    pool = graph.find(leg.pool)
    if pool is None or leg.token_in not in pool.coins or leg.token_out not in pool.coins:
        raise NoRoute(f"no pool {leg.pool} is known that trades {leg.token_in} for {leg.token_out}")
    return pool


def _closed_form(pools: Sequence[Listed], legs: Sequence[Leg]) -> int | None:
    """For y·d/(x + d) behind one another, the d with slope 1: √(x·y) − x. None where a curve has other pieces."""
    x = y = None
    for pool, leg in zip(pools, legs, strict=True):
        pieces = pool.impl.segments(pool.coins.index(leg.token_in), pool.coins.index(leg.token_out))
        if pieces is None or len(pieces) != 1:
            return None
        x2, y2 = int(pieces[0].x / pieces[0].kept), int(pieces[0].y)
        x, y = (x2, y2) if x is None or y is None else (x * x2 // (x2 + y), y * y2 // (x2 + y))
    return None if x is None or y is None else max(0, isqrt(x * y) - x)


def _searched(pools: Sequence[Listed], legs: Sequence[Leg], most: int | None) -> int:
    def gain(amount: int) -> int:
        hops = _walked(pools, legs, amount)
        return -amount if hops is None else hops[-1].amount_out - amount

    # What begins the cycle at a millionth of a pool tells whether anything can be gained.
    high = max(1, pools[0].impl.reserve(pools[0].coins.index(legs[0].token_in)) >> 20)
    while gain(2 * high) > gain(high):
        high *= 2
    low, high = 0, 2 * high if most is None else min(2 * high, max(0, most))
    while high - low > max(2, high >> 20):
        third = (high - low) // 3
        if gain(low + third) < gain(high - third):
            low += third
        else:
            high -= third
    return max(range(low, high + 1, max(1, (high - low) // 2)), key=gain)


def _walked(pools: Sequence[Listed], legs: Sequence[Leg], amount: int) -> tuple[Hop, ...] | None:
    hops = []
    for pool, leg in zip(pools, legs, strict=True):
        try:
            out = pool.impl.amount_out(pool.coins.index(leg.token_in), pool.coins.index(leg.token_out), amount)
        except NoLiquidity:
            return None
        hops.append(Hop(leg=leg, amount_in=amount, amount_out=out))
        amount = out
    return tuple(hops)
