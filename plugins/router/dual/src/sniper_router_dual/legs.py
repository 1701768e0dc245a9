"""Flows as legs: what the optimiser sells on each edge, made into swaps that can be carried out one after another."""

from typing import Final

from sniper.router import WHOLE, Leg
from sniper.routing import split
from sniper_router_dual.compiled import Floats, Ints
from sniper_router_dual.mirror import Mirror
from sniper_router_dual.problem import Problem
from sniper_router_dual.ways import in_order

_NOTHING: Final = 1e-9
"""Part of what is sold of a coin below which an edge does not count as used."""


def legs(mirror: Mirror, problem: Problem, used: Ints, flow: Floats) -> tuple[Leg, ...]:
    """The edges ``used``, ascending, as legs in an order in which every coin is bought before it is sold."""
    order = in_order(used, problem.source, problem.target, problem.start, len(used)).tolist()
    assert order, "ways were chosen that cannot be put in order"
    rank = {coin: n for n, coin in enumerate(order)}
    sold, coins = flow[used].tolist(), problem.source[used].tolist()
    total = dict.fromkeys(order, 0.0)
    for coin, amount in zip(coins, sold, strict=True):
        total[coin] += amount
    weighted = []
    for _, edge, coin, amount in sorted(
        zip((rank[coin] for coin in coins), problem.edges[used].tolist(), coins, sold, strict=True)
    ):
        part = amount / total[coin] if total[coin] else 0.0
        if part > _NOTHING:
            pool, i, j = mirror.ends(edge)
            leg = Leg(pool=pool.pool.address, token_in=pool.pool.coins[i], token_out=pool.pool.coins[j])
            weighted.append((leg, max(1, int(part * WHOLE**2))))
    names = [mirror.names[problem.coins[place]] for place in (problem.start, problem.end)]
    return split(weighted, *names)
