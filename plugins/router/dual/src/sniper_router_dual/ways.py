"""What is compiled for legs: ways from end to end of a problem, and which of them make one route.

Edges are places in the problem's ``edges``, coins those in its ``coins``.
"""

import numpy as np

from sniper_router_dual.compiled import Floats, Ints, compiled


@compiled
def flowing(
    flow: Floats, source: Ints, target: Ints, coins: int, start: int, end: int, hops: int, least: float
) -> tuple[Floats, Ints]:
    """(part of the trade, edges filled up with -1) of each way of at most ``hops`` on which at least ``least`` of the
    trade flows, no coin twice, the greatest part first. A coin's flows out are its flows in, mixed."""
    used = np.flatnonzero(flow)
    first = np.zeros(coins + 1, np.int64)
    total = np.zeros(coins)
    for k in used:
        first[source[k] + 1] += 1
        total[source[k]] += flow[k]
    for c in range(coins):
        first[c + 1] += first[c]
    fill = first.copy()
    leaving = np.empty(len(used), np.int64)
    for k in used:
        leaving[fill[source[k]]] = k
        fill[source[k]] += 1
    parts, ways = np.empty(64), np.empty((64, hops), np.int64)
    found = 0
    seen = np.zeros(coins, np.bool_)
    at, mass, cursor = np.empty(hops + 1, np.int64), np.empty(hops + 1), np.empty(hops + 1, np.int64)
    path = np.full(hops, -1, np.int64)
    at[0], mass[0], cursor[0], seen[start] = start, 1.0, first[start], True
    depth = 0
    while depth >= 0:
        coin = at[depth]
        if coin == end or depth == hops or cursor[depth] == first[coin + 1]:
            if coin == end:
                if found == len(parts):
                    parts, ways = np.concatenate((parts, parts)), np.concatenate((ways, ways))
                parts[found] = mass[depth]
                ways[found] = path
                found += 1
            seen[coin] = False
            depth -= 1
            if depth >= 0:
                path[depth] = -1
            continue
        k = leaving[cursor[depth]]
        cursor[depth] += 1
        following, here = target[k], mass[depth] * (flow[k] / total[coin])
        if here >= least and not seen[following]:
            path[depth] = k
            depth += 1
            at[depth], mass[depth], cursor[depth], seen[following] = following, here, first[following], True
    order = np.argsort(-parts[:found], kind="mergesort")
    return parts[order], ways[order]


@compiled
def counted(ways: Ints) -> tuple[Ints, Ints]:
    """(how often, way) of each different row, the most frequent first, then the one that came first."""
    counts, kept = np.zeros(len(ways), np.int64), np.empty(ways.shape, np.int64)
    found = 0
    for way in ways:
        n = 0
        while n < found and not np.array_equal(kept[n], way):
            n += 1
        if n == found:
            kept[n] = way
            found += 1
        counts[n] += 1
    order = np.argsort(-counts[:found], kind="mergesort")
    return counts[order], kept[order]


@compiled
def in_order(used: Ints, source: Ints, target: Ints, start: int, hops: int) -> Ints:
    """The coins that these edges touch, ``start`` first, so that each edge leads onwards; empty where they lead in a
    circle, or further than ``hops``."""
    n = len(used)
    coins, waiting, far = np.empty(n + 1, np.int64), np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    ends = np.empty((n, 2), np.int64)
    coins[0], known = start, 1
    for m in range(n):
        for side in range(2):
            coin = source[used[m]] if side == 0 else target[used[m]]
            place = 0
            while place < known and coins[place] != coin:
                place += 1
            if place > n:
                return coins[:0].copy()  # more coins than a tree of so many edges has: some cannot be reached
            if place == known:
                coins[known] = coin
                known += 1
            ends[m, side] = place
        waiting[ends[m, 1]] += 1
    order = np.empty(known, np.int64)
    order[0], ordered, passed = 0, 1, 0
    done = 0
    while done < ordered:
        here = order[done]
        done += 1
        for m in range(n):
            if ends[m, 0] == here:
                there = ends[m, 1]
                far[there] = max(far[there], far[here] + 1)
                waiting[there] -= 1
                passed += 1
                if waiting[there] == 0 and ordered < known:
                    order[ordered] = there
                    ordered += 1
    if passed < n or far.max() > hops:
        return coins[:0].copy()
    return coins[order[:ordered]]


@compiled
def together(
    ways: Ints, owner: Ints, source: Ints, target: Ints, start: int, max_hops: int, max_legs: int, splits: bool
) -> Ints:
    """The edges of as many of the ways (one a row, filled up with -1), in their order, as make one route: no pool
    twice, no way round in a circle, no more hops and legs than allowed, and where it does not split (``splits``) coins
    in between, one edge from each. Ascending. ``owner``: of each edge."""
    kept = np.empty(0, np.int64)
    for n in range(len(ways)):
        room = np.empty(len(kept) + ways.shape[1], np.int64)
        count = len(kept)
        room[:count] = kept
        fits = True
        for k in ways[n]:
            if k < 0 or not fits:
                break
            new = True
            for q in range(count):
                if room[q] == k:
                    new = False
                elif owner[room[q]] == owner[k] or (not splits and source[k] != start and source[room[q]] == source[k]):
                    fits = False
            if new:
                room[count] = k
                count += 1
        if not fits or count == len(kept) or count > max_legs:
            continue
        union = np.sort(room[:count])
        if len(in_order(union, source, target, start, max_hops)):
            kept = union
    return kept
