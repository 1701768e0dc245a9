"""Exact quotes of legs on the pools as they are."""

from collections.abc import Sequence
from fractions import Fraction

from sniper.amm import NoLiquidity
from sniper.router import WHOLE, Graph, Leg, Listed, NoRoute, RouteAsk
from sniper.routing.route import Hop, Route


def quoted(graph: Graph, ask: RouteAsk, legs: Sequence[Leg], *, method: str, bound: int | None, near: int = 0) -> Route:
    """The route that these legs are for ``ask``.

    near  Where ``exact_out``: an input that may be about right. It saves quotes and changes nothing else.

    Raises `NoRoute` for legs that are no route or break a constraint, and `NoLiquidity` where a pool refuses.
    """
    pools = _admitted(graph, ask, legs)
    amount = _least_in(pools, ask, legs, near) if ask.exact_out else ask.amount
    hops, out = _walked(pools, ask, legs, amount)
    for hop in hops:
        most = min((most for pool, coin, most in ask.caps if (pool, coin) == _sold(hop.leg)), default=None)
        if most is not None and hop.amount_in > most:
            raise NoRoute(f"leg {hop.leg.pool} sells {hop.amount_in} of {hop.leg.token_in}, above its cap {most}")
    return Route(
        ask=ask,
        hops=hops,
        amount_in=amount,
        amount_out=out,
        gas=sum(pool.impl.swap_gas for pool in pools),
        impact=_impact(pools, hops, ask, amount, out),
        method=method,
        bound=bound,
    )


def hops_of(ask: RouteAsk, legs: Sequence[Leg]) -> int:
    """The most pools on any way through the legs."""
    far = {ask.token_in: 0}
    for leg in legs:
        far[leg.token_out] = max(far.get(leg.token_out, 0), far.get(leg.token_in, 0) + 1)
    return far.get(ask.token_out, 0)


def sane(ask: RouteAsk) -> None:
    """Raises `NoRoute` for a question without sense."""
    if ask.amount <= 0:
        raise NoRoute(f"the amount is {ask.amount}; give one above 0")
    if ask.token_in == ask.token_out:
        raise NoRoute(f"{ask.token_in} is both what is sold and what is bought; name two coins")
    if ask.max_hops < 1 or ask.max_legs < 1:
        raise NoRoute(f"max_hops is {ask.max_hops} and max_legs {ask.max_legs}; at least 1 of each is needed")


def _sold(leg: Leg) -> tuple[str, str]:
    return leg.pool, leg.token_in


def _admitted(graph: Graph, ask: RouteAsk, legs: Sequence[Leg]) -> list[Listed]:
    """The pools of the legs. What a router proposes is not believed: every rule is looked at here."""
    sane(ask)
    pools = []
    last = {leg.token_in: n for n, leg in enumerate(legs)}
    reached = {ask.token_in}
    for n, leg in enumerate(legs):
        pool = graph.find(leg.pool)
        if pool is None:
            raise NoRoute(f"leg {n}: no pool {leg.pool} is known")
        if leg.token_in == leg.token_out or leg.token_in not in pool.coins or leg.token_out not in pool.coins:
            raise NoRoute(f"leg {n}: pool {leg.pool} does not trade {leg.token_in} for {leg.token_out}")
        if leg.token_in not in reached or leg.token_in == ask.token_out or leg.token_out == ask.token_in:
            raise NoRoute(
                f"leg {n}: it sells {leg.token_in} for {leg.token_out}; a route sells only what is there, never "
                "what is wanted, and does not buy back what it began with"
            )
        if not 0 < leg.share <= WHOLE or (last[leg.token_in] == n and leg.share != WHOLE):
            raise NoRoute(f"leg {n}: its share is {leg.share} of {WHOLE}; the last leg of a coin sells all of it")
        if not ask.split_between and leg.token_in != ask.token_in and leg.share != WHOLE:
            raise NoRoute(f"leg {n}: it sells a part of {leg.token_in}, and only {ask.token_in} may be split")
        if not ask.allows_pool(leg.pool) or not ask.allows_coin(leg.token_out):
            raise NoRoute(f"leg {n}: the lists do not allow {leg.pool} with {leg.token_out}")
        reached.add(leg.token_out)
        pools.append(pool)
    if len({leg.pool for leg in legs}) < len(legs):
        raise NoRoute("a pool is used by two legs; the second would be quoted on a state that is gone")
    if len(legs) > ask.max_legs or hops_of(ask, legs) > ask.max_hops:
        raise NoRoute(
            f"{len(legs)} legs over {hops_of(ask, legs)} hops; allowed are {ask.max_legs} over {ask.max_hops}"
        )
    return pools


def _walked(pools: Sequence[Listed], ask: RouteAsk, legs: Sequence[Leg], amount: int) -> tuple[tuple[Hop, ...], int]:
    have = {ask.token_in: amount}
    hops = []
    for pool, leg in zip(pools, legs, strict=True):
        there = have[leg.token_in]
        sold = there * leg.share // WHOLE
        bought = pool.impl.amount_out(pool.coins.index(leg.token_in), pool.coins.index(leg.token_out), sold)
        have[leg.token_in] = there - sold
        have[leg.token_out] = have.get(leg.token_out, 0) + bought
        hops.append(Hop(leg=leg, amount_in=sold, amount_out=bought))
    out = have.pop(ask.token_out, 0)
    left = {coin: rest for coin, rest in have.items() if rest}
    if left:
        raise NoRoute(f"the legs leave {left} unsold")
    return tuple(hops), out


def _least_in(pools: Sequence[Listed], ask: RouteAsk, legs: Sequence[Leg], near: int) -> int:
    """The least amount in for which the legs give at least ``ask.amount``.

    A single way is asked backwards, pool by pool. Where ways part, the output of fixed shares never falls when the
    input grows, so the amount is found by bisection.
    """
    if all(leg.share == WHOLE for leg in legs):
        amount = ask.amount
        for pool, leg in zip(reversed(pools), reversed(legs), strict=True):
            amount = pool.impl.amount_in(pool.coins.index(leg.token_in), pool.coins.index(leg.token_out), amount)
        return amount

    def enough(amount: int) -> bool | None:
        try:
            return _walked(pools, ask, legs, amount)[1] >= ask.amount
        except NoLiquidity:
            return None  # a pool refuses: so little that it buys nothing, or more than it takes

    high = max(near, 1)
    step = max(1, high >> 40)
    if enough(high):
        low = high
        while low > 0 and enough(low):
            high, low, step = low, low - step, step * 8
        low = max(low, 0)
    else:
        low = high
        while not enough(high):
            low, high, step = high, high + step, step * 8
            if high >> 256:
                raise NoLiquidity(f"no amount in makes these legs give {ask.amount}")
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def _impact(pools: Sequence[Listed], hops: Sequence[Hop], ask: RouteAsk, amount: int, out: int) -> Fraction:
    """Against the marginal prices, which are those after the fee, so the fee is no part of it; the output at those is
    counted to the 2**64th part of a unit."""
    have = {ask.token_in: amount << 64}
    for pool, hop in zip(pools, hops, strict=True):
        leg = hop.leg
        sold = have[leg.token_in] * leg.share // WHOLE
        price = pool.impl.price(pool.coins.index(leg.token_in), pool.coins.index(leg.token_out))
        have[leg.token_in] -= sold
        have[leg.token_out] = have.get(leg.token_out, 0) + sold * price.numerator // price.denominator
    return 1 - Fraction(out << 64, have[ask.token_out])
