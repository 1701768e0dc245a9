"""What is compiled for cycles: the best prices between all pairs of coins, and the best way round through one pool.

Prices are logarithms, so that those along a way add up, and a cycle gains where its sum is above 0; -inf: not for sale.

pairs  Two matrices: the best price from coin i to coin j at [0, i, j] and at [1, j, i], so that what can be reached
       from a coin and what reaches it lie one behind the other in memory.
links  At [0, i, j] the first of the edges from i to j, at [1, i, j] the one that has the best price; -1: none.
edges  By edge: the coins that it sells and buys (-1: it takes part in nothing), the next edge between the same two
       (-1: none), and the first edge of its pool, which says whether two are of one pool.
price  By edge.

Four arrays and no more, for each that is handed over costs a tenth of a microsecond.
"""

from collections.abc import Sequence
from math import inf, log
from typing import Final

import numpy as np

from sniper_router_dual.compiled import Floats, Ints, compiled

POOL: Final = 3
_LOOKS: Final = 20_000
"""Coins that a search steps on before it takes what it has: some milliseconds."""


@compiled
def note(fresh: Sequence[float] | Floats, first: int, pairs: Floats, links: Ints, edges: Ints, price: Floats) -> None:
    """Put new prices, not yet logarithms, on the edges ``first`` … of one pool."""
    best, turned, head, holder = pairs[0], pairs[1], links[0], links[1]
    for n in range(len(fresh)):
        e = first + n
        i, j = edges[0, e], edges[1, e]
        if i < 0 or j < 0:
            continue
        old, new = price[e], -inf
        if 0.0 < fresh[n] < inf:
            new = log(fresh[n])
        price[e] = new
        if new >= best[i, j]:
            best[i, j] = turned[j, i] = new
            holder[i, j] = e
        elif holder[i, j] == e and new < old:
            top, found = -inf, -1
            other = head[i, j]
            while other >= 0:
                if price[other] > top:
                    top, found = price[other], other
                other = edges[2, other]
            best[i, j] = turned[j, i] = top
            holder[i, j] = found


@compiled
def best_sum(ahead: Floats, behind: Floats, coins: int) -> float:
    """The greatest sum of two numbers at the same place. Four at a time: one comparison need not wait for the last."""
    w0 = w1 = w2 = w3 = -inf
    whole = coins - coins % 4
    for k in range(0, whole, 4):
        s0, s1 = ahead[k] + behind[k], ahead[k + 1] + behind[k + 1]
        s2, s3 = ahead[k + 2] + behind[k + 2], ahead[k + 3] + behind[k + 3]
        w0 = s0 if s0 > w0 else w0
        w1 = s1 if s1 > w1 else w1
        w2 = s2 if s2 > w2 else w2
        w3 = s3 if s3 > w3 else w3
    for k in range(whole, coins):
        w0 = max(w0, ahead[k] + behind[k])
    return max(w0, w1, w2, w3)


@compiled
def best_round(
    first: int, count: int, coins: int, pairs: Floats, links: Ints, edges: Ints, price: Floats
) -> tuple[float, int, int, int]:
    """What it gains, and the edges, of the best cycle of two or three hops that begins with one of ``count`` edges from
    ``first`` on. The third edge is -1 where there are two hops, the first where nothing gains."""
    best, turned, holder = pairs[0], pairs[1], links[1]
    top, way, a, b, c = 0.0, -inf, -1, -1, -1
    for e in range(first, first + count):
        i, j = edges[0, e], edges[1, e]
        if i < 0 or j < 0:
            continue
        here = price[e]
        if here + best[j, i] > top:
            top, a, b, c = here + best[j, i], e, holder[j, i], -1
        there = best_sum(best[j], turned[i], coins)
        if here + there > top:
            top, a, b, way = here + there, e, -1, there
    if a >= 0 and b < 0:
        i, j = edges[0, a], edges[1, a]
        for k in range(coins):
            if best[j, k] + turned[i, k] == way:
                return top, a, holder[j, k], holder[k, i]
    return top, a, b, c


@compiled
def best_round_through(
    wanted: int, first: int, count: int, coins: int, pairs: Floats, links: Ints, edges: Ints, price: Floats
) -> tuple[float, int, int, int]:
    """`best_round` of those that pass coin ``wanted``: where an edge does not, there is one way round for it."""
    best, turned, holder = pairs[0], pairs[1], links[1]
    top, a, b, c = 0.0, -1, -1, -1
    for e in range(first, first + count):
        i, j = edges[0, e], edges[1, e]
        if i < 0 or j < 0:
            continue
        if wanted in (i, j):
            gains, a2, b2, c2 = best_round(e, 1, coins, pairs, links, edges, price)
            if gains > top:
                top, a, b, c = gains, a2, b2, c2
        elif price[e] + best[j, wanted] + turned[i, wanted] > top:
            top = price[e] + best[j, wanted] + turned[i, wanted]
            a, b, c = e, holder[j, wanted], holder[wanted, i]
    return top, a, b, c


@compiled
def pair_changed(
    fresh: Sequence[float], first: int, coins: int, pairs: Floats, links: Ints, edges: Ints, price: Floats
) -> tuple[int, int, int, bool]:
    """`note` and `best_round` in one call, for a pool of two coins; and whether the edges are of different pools."""
    note(fresh, first, pairs, links, edges, price)
    _, a, b, c = best_round(first, 2, coins, pairs, links, edges, price)
    return a, b, c, a < 0 or apart(a, b, c, edges)


@compiled
def pair_changed_through(
    wanted: int,
    fresh: Sequence[float],
    first: int,
    coins: int,
    pairs: Floats,
    links: Ints,
    edges: Ints,
    price: Floats,
) -> tuple[int, int, int, bool]:
    """`pair_changed` with `best_round_through`."""
    note(fresh, first, pairs, links, edges, price)
    _, a, b, c = best_round_through(wanted, first, 2, coins, pairs, links, edges, price)
    return a, b, c, a < 0 or apart(a, b, c, edges)


@compiled
def apart(a: int, b: int, c: int, edges: Ints) -> bool:
    """Whether two or, where ``c`` is not -1, three edges are of different pools."""
    p, q = edges[POOL, a], edges[POOL, b]
    return bool(p != q and (c < 0 or (edges[POOL, c] != p and edges[POOL, c] != q)))


@compiled
def ways_back(end: int, without: int, hops: int, coins: int, pairs: Floats) -> Floats:
    """[h, k]: the best sum of prices on a walk of 1 to h hops from coin k to coin ``end`` that does not touch coin
    ``without`` and ``end`` in between. A walk may pass a coin twice, so no way without circles is better."""
    found = np.full((max(hops, 1) + 1, coins), -inf)
    for h in range(1, hops + 1):
        last = found[h - 1]
        for k in range(coins):
            if k in (end, without):
                continue
            found[h, k] = max(pairs[0, k, end], best_sum(pairs[0, k], last, coins))
    return found


@compiled
def ways_through(wanted: int, back: Floats, end: int, without: int, hops: int, coins: int, pairs: Floats) -> Floats:
    """`ways_back`, which is ``back``, of the walks that touch coin ``wanted``, their first coin included."""
    found = np.full(back.shape, -inf)
    for h in range(1, hops + 1):
        for k in range(coins):
            if k == wanted:
                found[h, k] = back[h, k]
            elif k not in (end, without):
                found[h, k] = best_sum(pairs[0, k], found[h - 1], coins)
    return found


@compiled
def free_edge(i: int, j: int, path: Ints, length: int, links: Ints, edges: Ints, price: Floats) -> int:
    """The edge of the best price from i to j whose pool none of the first ``length`` edges of a path uses; or -1."""
    found, top = -1, -inf
    e = links[1, i, j]
    whole = False
    while e >= 0:
        if price[e] > top:
            used = False
            for n in range(length):
                if edges[POOL, path[n]] == edges[POOL, e]:
                    used = True
            if not used:
                found, top = e, price[e]
        if found == links[1, i, j]:
            break  # nothing is better than what has the best price
        if whole:
            e = edges[2, e]
        else:
            e, whole = links[0, i, j], True
    return found


@compiled
def search(
    wanted: int, first: int, count: int, hops: int, coins: int, pairs: Floats, links: Ints, edges: Ints, price: Floats
) -> Ints:
    """The edges of the best cycle of 2 to ``hops`` hops that begins with one of ``count`` edges from ``first`` on and
    passes coin ``wanted`` (-1: or not), no coin and no pool twice; none where nothing gains.

    Depth first, the most promising coin first, and never onwards where even the best walk back (Bellman's recursion
    over the number of hops) would not beat what was found: so it finds the best there is, unless it ends before, after
    `_LOOKS` steps, with the best so far.
    """
    hops = max(2, min(hops, coins))
    if wanted < 0:
        top, a, b, c = best_round(first, count, coins, pairs, links, edges, price)
    else:
        top, a, b, c = best_round_through(wanted, first, count, coins, pairs, links, edges, price)
    kept = np.empty(hops, np.int64)
    length = 0
    if a >= 0 and (c < 0 or hops > 2) and apart(a, b, c, edges):
        kept[0], kept[1], length = a, b, 2
        if c >= 0:
            kept[2], length = c, 3
    else:
        top = 0.0
    path = np.empty(hops, np.int64)
    at = np.empty(hops, np.int64)
    sums = np.empty(hops)
    passed = np.empty(hops, np.bool_)
    hope = np.empty((hops, coins))
    looks = 0
    for e in range(first, first + count):
        i, j = edges[0, e], edges[1, e]
        if i < 0 or j < 0 or price[e] == -inf:
            continue
        back = ways_back(i, j, hops - 2, coins, pairs)
        path[0], at[0], sums[0], passed[0] = e, j, price[e], wanted in (-1, i, j)
        onto = back if passed[0] else ways_through(wanted, back, i, j, hops - 2, coins, pairs)
        depth, arrived = 0, True
        while depth >= 0:
            here = at[depth]
            if arrived:
                looks += 1
                last = free_edge(here, i, path, depth + 1, links, edges, price)
                if passed[depth] and last >= 0 and sums[depth] + price[last] > top:
                    top, length = sums[depth] + price[last], depth + 2
                    kept[: depth + 1] = path[: depth + 1]
                    kept[depth + 1] = last
                left = hops - depth - 2
                if left > 0:
                    ways = back if passed[depth] else onto
                    for k in range(coins):
                        hope[depth, k] = sums[depth] + pairs[0, here, k] + ways[left, k]
                    for n in range(depth):
                        hope[depth, at[n]] = -inf
                else:
                    hope[depth, :] = -inf
            way, following = -inf, -1
            for k in range(coins):
                if hope[depth, k] > way:
                    way, following = hope[depth, k], k
            if way <= top or looks >= _LOOKS:
                depth, arrived = depth - 1, False
                continue
            hope[depth, following] = -inf
            arrived = False
            onwards = free_edge(here, following, path, depth + 1, links, edges, price)
            if onwards >= 0:
                depth, arrived = depth + 1, True
                path[depth], at[depth], sums[depth] = onwards, following, sums[depth - 1] + price[onwards]
                passed[depth] = passed[depth - 1] or following == wanted
    return kept[:length].copy()
