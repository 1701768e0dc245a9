"""What is compiled: the dual function with its derivatives, its bound, and paths through the market.

Numbers of coins here are those of one problem, numbers of edges those of the mirror. ``edges`` lists the edges of the
problem, ``source`` and ``target`` their coins, ``cap`` the most that may be sold on each.
"""

import numpy as np

from sniper_router_dual.compiled import Flags, Floats, Ints, compiled, compiled_aside


@compiled_aside
def reachable(
    source: Ints, target: Ints, price: Floats, usable: Flags, coins: int, start: int, end: int, hops: int
) -> tuple[Ints, Ints]:
    """Hops to each coin from ``start``, and from it to ``end``; more than ``hops`` where it is too far. A route never
    buys what it starts with and never sells what it ends with."""
    ahead = np.full(coins, hops + 1, np.int64)
    behind = np.full(coins, hops + 1, np.int64)
    ahead[start] = 0
    behind[end] = 0
    for n in range(1, hops + 1):
        for e in range(len(source)):
            if price[e] > 0 and usable[e]:
                i, j = source[e], target[e]
                if i != end and j != start:
                    if ahead[i] == n - 1 and ahead[j] > n:
                        ahead[j] = n
                    if behind[j] == n - 1 and behind[i] > n:
                        behind[i] = n
    return ahead, behind


@compiled_aside
def chosen(
    source: Ints, target: Ints, price: Floats, usable: Flags, ahead: Ints, behind: Ints, start: int, end: int, hops: int
) -> Ints:
    """The edges that lie on some way of at most ``hops``."""
    found = np.empty(len(source), np.int64)
    n = 0
    for e in range(len(source)):
        i, j = source[e], target[e]
        if price[e] > 0 and usable[e] and i != end and j != start and ahead[i] + 1 + behind[j] <= hops:
            found[n] = e
            n += 1
    return found[:n].copy()


@compiled_aside
def pairs_alone(edges: Ints, owner: Ints) -> bool:
    """Whether no pool has more than the two edges of a pair."""
    most = 0
    for k in range(2, len(edges)):
        most += owner[edges[k]] == owner[edges[k - 2]]
    return most == 0


@compiled_aside
def placed(
    edges: Ints, source: Ints, target: Ints, coins: int, start: int, end: int, fixed: int
) -> tuple[Ints, Ints, Ints]:
    """The coins of these edges, ascending but for ``fixed``, which is the last; each edge's two as places in that."""
    there = np.zeros(coins, np.bool_)
    there[start] = there[end] = True
    for e in edges:
        there[source[e]] = there[target[e]] = True
    there[fixed] = False
    found = np.append(np.flatnonzero(there), fixed)
    place = np.empty(coins, np.int64)
    for n in range(len(found)):
        place[found[n]] = n
    sold, bought = np.empty(len(edges), np.int64), np.empty(len(edges), np.int64)
    for k in range(len(edges)):
        sold[k], bought[k] = place[source[edges[k]]], place[target[edges[k]]]
    return found, sold, bought


@compiled_aside
def first_prices(
    edges: Ints, source: Ints, target: Ints, price: Floats, piece_at: Ints, x: Floats, y: Floats, coins: int, fixed: int
) -> Floats:
    """A price for each coin from the deepest pools that connect it to ``fixed``, which has 1 (Prim)."""
    order = np.argsort(source, kind="mergesort")
    first = np.searchsorted(source[order], np.arange(coins + 1))
    back = np.argsort(target, kind="mergesort")
    first_back = np.searchsorted(target[back], np.arange(coins + 1))
    known = np.zeros(coins, np.bool_)
    depth = np.zeros(coins)
    prices = np.ones(coins)
    depth[fixed] = np.inf
    for _ in range(coins):
        best = -1
        for c in range(coins):
            if not known[c] and depth[c] > 0 and (best < 0 or depth[c] > depth[best]):
                best = c
        if best < 0:
            break
        known[best] = True
        for n in range(first[best], first[best + 1]):  # edges that sell the coin
            k = order[n]
            e, other = edges[k], target[k]
            value = x[piece_at[e]] * prices[best]
            if not known[other] and value > depth[other]:
                depth[other] = value
                prices[other] = prices[best] / price[e]
        for n in range(first_back[best], first_back[best + 1]):  # edges that buy it
            k = back[n]
            e, other = edges[k], source[k]
            value = y[piece_at[e]] * prices[best]
            if not known[other] and value > depth[other]:
                depth[other] = value
                prices[other] = prices[best] * price[e]
    return prices


@compiled
def best_sale(
    e: int, ratio: float, cap: float, piece_at: Ints, pieces: Ints, x: Floats, y: Floats, most: Floats
) -> tuple[float, float, float]:
    """What edge ``e`` sells and buys where one unit bought is worth ``ratio`` units sold; and how fast that changes:
    d + x of the piece in which it ends, 0 where it ends at a limit."""
    sold = 0.0
    bought = 0.0
    left = cap
    for q in range(piece_at[e], piece_at[e] + pieces[e]):
        better = y[q] / x[q] * ratio
        if better <= 1.0 or left <= 0.0:
            break
        here = x[q] * (better - 1.0) / (1.0 + np.sqrt(better))
        limit = min(most[q], left)
        if here < limit:
            return sold + here, bought + y[q] * here / (x[q] + here), here + x[q]
        sold += limit
        bought += y[q] * limit / (x[q] + limit)
        left -= limit
    return sold, bought, 0.0


@compiled_aside
def dual(
    prices: Floats,
    supply: Floats,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    price: Floats,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
    flow: Floats,
    net: Floats,
    curvature: Floats,
) -> float:
    """The value of the supply at these prices and of what every pool's own arbitrage earns at them.

    flow       Out: what each edge sells.
    net        Out: the supply and what all edges buy and sell, by coin: the gradient.
    curvature  Out, symmetric: the second derivative, scaled by the prices on both sides. Not touched where it is empty.
    """
    value = 0.0
    for c in range(len(prices)):
        net[c] = supply[c]
        value += supply[c] * prices[c]
    curved = curvature.size > 0
    if curved:
        curvature[:] = 0.0
    for k in range(len(edges)):
        e, i, j = edges[k], source[k], target[k]
        flow[k] = 0.0
        if price[e] * prices[j] <= prices[i]:
            continue
        sold, bought, end = best_sale(e, prices[j] / prices[i], cap[k], piece_at, pieces, x, y, most)
        flow[k] = sold
        value += bought * prices[j] - sold * prices[i]
        net[i] -= sold
        net[j] += bought
        if curved and end > 0.0:
            weight = 0.5 * prices[i] * end
            curvature[i, i] += weight
            curvature[j, j] += weight
            curvature[i, j] -= weight
            curvature[j, i] -= weight
    return value


@compiled
def all_curvature(
    prices: Floats, edges: Ints, source: Ints, target: Ints, piece_at: Ints, x: Floats, curvature: Floats
) -> None:
    """The second derivative as if every edge traded at the margin: how the prices of the market hang together."""
    curvature[:] = 0.0
    for k in range(len(edges)):
        i, j = source[k], target[k]
        weight = 0.5 * prices[i] * x[piece_at[edges[k]]]
        curvature[i, i] += weight
        curvature[j, j] += weight
        curvature[i, j] -= weight
        curvature[j, i] -= weight


@compiled_aside
def certified(
    prices: Floats,
    supply: Floats,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    owner: Ints,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
    vertex_at: Ints,
    vertices: Ints,
    vertex_in: Floats,
    vertex_out: Floats,
) -> float:
    """The same value as a bound that holds whatever the prices: sampled curves count by their envelope. A route uses a
    pool at most once, so of all pairs of coins of one pool only the one that earns most counts. Edges of one pool
    follow each other."""
    value = 0.0
    for c in range(len(prices)):
        value += supply[c] * prices[c]
    best = 0.0
    for k in range(len(edges)):
        e = edges[k]
        if k > 0 and owner[e] != owner[edges[k - 1]]:
            value += best
            best = 0.0
        here, there = prices[source[k]], prices[target[k]]
        if vertices[e] > 0:
            before_in, before_out = 0.0, 0.0
            for q in range(vertex_at[e], vertex_at[e] + vertices[e]):
                amount, out = vertex_in[q], vertex_out[q]
                if amount > cap[k]:
                    part = (cap[k] - before_in) / (amount - before_in)
                    best = max(best, (before_out + (out - before_out) * part) * there - cap[k] * here)
                    break
                best = max(best, out * there - amount * here)
                before_in, before_out = amount, out
        else:
            sold, bought, _ = best_sale(e, there / here, cap[k], piece_at, pieces, x, y, most)
            best = max(best, bought * there - sold * here)
    return value + best


@compiled_aside
def slack(
    prices: Floats,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
    vertex_at: Ints,
    vertices: Ints,
    vertex_in: Floats,
    vertex_out: Floats,
    looseness: Floats,
    amount: Floats,
) -> None:
    """By how much the envelope of each sampled edge earns more than its pieces, and with what amount."""
    for k in range(len(edges)):
        e = edges[k]
        looseness[k] = 0.0
        if vertices[e] == 0:
            continue
        here, there = prices[source[k]], prices[target[k]]
        best = 0.0
        for q in range(vertex_at[e], vertex_at[e] + vertices[e]):
            earned = vertex_out[q] * there - vertex_in[q] * here
            if earned > best and vertex_in[q] <= cap[k]:
                best = earned
                amount[k] = vertex_in[q]
        sold, bought, _ = best_sale(e, there / here, cap[k], piece_at, pieces, x, y, most)
        looseness[k] = best - (bought * there - sold * here)


@compiled_aside
def carried(
    prices: Floats,
    worse: float,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
) -> Floats:
    """The value of what each edge would sell where what it buys were worth so many times more."""
    value = np.zeros(len(edges))
    for k in range(len(edges)):
        here = prices[source[k]]
        sold, _, _ = best_sale(edges[k], prices[target[k]] / here * worse, cap[k], piece_at, pieces, x, y, most)
        value[k] = sold * here
    return value


@compiled
def along(e: int, amount: float, cap: float, piece_at: Ints, pieces: Ints, x: Floats, y: Floats, most: Floats) -> float:
    """What edge ``e`` buys for so much; -1 where it does not take it."""
    if amount > cap:
        return -1.0
    bought: float = 0.0
    for q in range(piece_at[e], piece_at[e] + pieces[e]):
        here = min(amount, most[q])
        bought += y[q] * here / (x[q] + here)
        amount -= here
        if amount <= 0.0:
            return bought
    return -1.0


@compiled
def leaving(source: Ints, coins: int) -> tuple[Ints, Ints]:
    """Edges ordered by the coin that they sell, and where each coin's begin among them."""
    first = np.zeros(coins + 1, np.int64)
    for c in source:
        first[c + 1] += 1
    for c in range(coins):
        first[c + 1] += first[c]
    order, free = np.empty(len(source), np.int64), first.copy()
    for k in range(len(source)):
        order[free[source[k]]] = k
        free[source[k]] += 1
    return order, first


@compiled_aside
def best_path(
    amount: float,
    hops: int,
    start: int,
    end: int,
    order: Ints,
    first: Ints,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    owner: Ints,
    usable: Flags,
    price: Floats,
    sold: Floats,
    bought: Floats,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
) -> Ints:
    """The edges (places in ``edges``) by which this amount becomes most, on top of what each has ``sold`` already; by
    dynamic programming over the number of hops, no coin and no pool twice. Empty where there is none.

    order, first  See `leaving`.
    """
    coins = len(first) - 1
    have = np.zeros((hops + 1, coins))
    via = np.full((hops + 1, coins), -1, np.int64)
    have[0, start] = amount
    for h in range(hops):
        for i in range(coins):
            there = have[h, i]
            if there <= 0.0:
                continue
            for n in range(first[i], first[i + 1]):
                k = order[n]
                e, j = edges[k], target[k]
                # No amount buys more than at the margin: most edges need no more than this.
                if (h + 1 == hops and j != end) or there * price[e] <= have[h + 1, j] or not usable[k]:
                    continue
                gets = along(e, sold[k] + there, cap[k], piece_at, pieces, x, y, most) - bought[k]
                if gets <= have[h + 1, j]:
                    continue
                back, at, seen = h, i, False
                while back > 0 and not seen:
                    used = via[back, at]
                    seen = at == j or owner[edges[used]] == owner[e]
                    at = source[used]
                    back -= 1
                if seen or at == j:
                    continue
                have[h + 1, j] = gets
                via[h + 1, j] = k
    best = 0
    for h in range(1, hops + 1):
        if have[h, end] > have[best, end]:
            best = h
    path = np.empty(best, np.int64)
    at = end
    for h in range(best, 0, -1):
        path[h - 1] = via[h, at]
        at = source[via[h, at]]
    return path


@compiled_aside
def greedy(
    amount: float,
    slices: int,
    hops: int,
    coins: int,
    start: int,
    end: int,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    owner: Ints,
    price: Floats,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
    sold: Floats,
) -> Ints:
    """Send the amount in equal slices, each by the path that is best after those before it. A pool goes on to trade the
    pair that it was first used for.

    sold  Out: by edge. Returns the path of each slice, one row each, filled up with -1; fewer where no path is left.
    """
    order, first = leaving(source, coins)
    bought = np.zeros(len(edges))
    usable = np.ones(len(edges), np.bool_)
    paths = np.full((slices, hops), -1, np.int64)
    for n in range(slices):
        path = best_path(
            amount / slices, hops, start, end, order, first, edges, source, target, cap, owner, usable, price, sold,
            bought, piece_at, pieces, x, y, most,
        )  # fmt: skip
        if len(path) == 0:
            return paths[:n]
        there = amount / slices
        for h in range(len(path)):
            k = path[h]
            paths[n, h] = k
            e = edges[k]
            if sold[k] == 0.0:
                for step in (-1, 1):  # edges of one pool follow each other
                    other = k + step
                    while 0 <= other < len(edges) and owner[edges[other]] == owner[e]:
                        usable[other] = False
                        other += step
            total = along(e, sold[k] + there, cap[k], piece_at, pieces, x, y, most)
            sold[k] += there
            there = total - bought[k]
            bought[k] = total
    return paths
