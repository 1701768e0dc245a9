"""The best way round through a pool that changed: a matrix of the best marginal prices between all pairs of coins."""

from contextlib import suppress
from itertools import permutations
from math import inf
from typing import Final

import numpy as np

from sniper.amm import Amm, NoLiquidity
from sniper.router import Leg, Listed
from sniper_router_dual.compiled import Floats, Ints, compiled

_ROOM: Final = 256
_MOST: Final = 2_048
"""Coins in the matrix; those that come later are in no cycle."""


@compiled
def keep_best(
    best: Floats, turned: Floats, holder: Ints, price: Floats, head: Ints, following: Ints, i: int, j: int
) -> None:
    """The best price from coin i to coin j over all edges between them."""
    top, edge = -np.inf, -1
    e = head[i, j]
    while e >= 0:
        if price[e] > top:
            top, edge = price[e], e
        e = following[e]
    best[i, j] = top
    turned[j, i] = top
    holder[i, j] = edge


@compiled
def note(
    fresh: Floats,
    first: int,
    count: int,
    best: Floats,
    turned: Floats,
    holder: Ints,
    source: Ints,
    target: Ints,
    price: Floats,
    head: Ints,
    following: Ints,
) -> None:
    """Put new prices on the edges ``first`` … of one pool."""
    for n in range(count):
        e = first + n
        i, j = source[e], target[e]
        if i < 0 or j < 0:
            continue
        old, new = price[e], np.log(fresh[n])
        price[e] = new
        if new >= best[i, j]:
            best[i, j] = new
            turned[j, i] = new
            holder[i, j] = e
        elif holder[i, j] == e and new < old:
            keep_best(best, turned, holder, price, head, following, i, j)


@compiled
def best_round(
    fresh: Floats,
    first: int,
    count: int,
    best: Floats,
    turned: Floats,
    holder: Ints,
    source: Ints,
    target: Ints,
    price: Floats,
    head: Ints,
    following: Ints,
) -> tuple[float, int, int]:
    """After `note`: (gain in logarithms, edge, coin in between) of the best cycle of two or three hops that begins with
    one of these edges; the coin is -1 where there are two hops. The row of what can be reached from the edge's end and
    the column of what reaches its start lie one behind the other in memory."""
    note(fresh, first, count, best, turned, holder, source, target, price, head, following)
    top, edge, between = -np.inf, -1, -1
    for e in range(first, first + count):
        i, j = source[e], target[e]
        if i < 0 or j < 0:
            continue
        if price[e] + best[j, i] > top:
            top, edge, between = price[e] + best[j, i], e, -1
        ahead, behind = best[j], turned[i]
        way, middle = -np.inf, -1
        for k in range(len(ahead)):
            there = ahead[k] + behind[k]
            if there > way:
                way, middle = there, k
        if price[e] + way > top:
            top, edge, between = price[e] + way, e, middle
    return top, edge, between


class Cycles:
    """Logarithms of marginal prices after fees, so that a cycle gains where they sum up to more than 0.

    Only coins that at least two pools trade have a place: no cycle leads through others.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._removed = 0
        self._pools: dict[str, tuple[Listed, int]] = {}
        """The pool, and its first edge; its edges follow each other. -1: it has none, for its coins have no place."""
        self._waiting: dict[str, list[Listed]] = {}
        self._place: dict[str, int] = {}
        self._leg: list[Leg] = []
        """By edge."""
        self._fresh = np.zeros(64)
        self._source, self._target, self._following = (np.full(_ROOM, -1, np.int64) for _ in range(3))
        self._price = np.full(_ROOM, -inf)
        self._best = np.zeros((0, 0))
        self._head = self._holder = np.zeros((0, 0), np.int64)
        self._grow(16)

    def changed(self, pool: Listed) -> tuple[Leg, ...]:
        """Note its prices; the legs of the best cycle through it, begun with it, where that gains at the margin. Raises
        what its AMM raises; the pool then takes part in no cycle."""
        known = self._pools.get(pool.address)
        if known is None or known[0].coins != pool.coins:
            self.removed(pool.address)
            first = self._add(pool)
        else:
            first = known[1]
            if known[0] is not pool:
                self._pools[pool.address] = pool, first
        if first < 0:
            return ()
        count = self._read(pool, first)
        gain, edge, between = best_round(self._fresh, first, count, *self._arrays)
        return self._legs(edge, between) if gain > 0 else ()

    def removed(self, address: str) -> None:
        """A pool is not in the market any more."""
        known = self._pools.pop(address, None)
        if known is None:
            return
        pool, first = known
        for coin in pool.coins:
            if coin in self._waiting:
                self._waiting[coin] = [other for other in self._waiting[coin] if other.address != address]
        if first >= 0:
            self._mute(pool, first)
            self._removed += 1
        if self._removed > _ROOM + len(self._pools):
            # Most edges are those of pools that are gone.
            pools = [pool for pool, _ in self._pools.values()]
            self._clear()
            for each in pools:
                first = self._add(each)
                if first >= 0:
                    with suppress(Exception):  # one that raises was reported when it changed, and stays mute
                        self._note(each, first)

    def _read(self, pool: Listed, first: int) -> int:
        """Marginal prices into ``_fresh``; how many there are."""
        fresh, impl = self._fresh, pool.impl
        try:
            if len(pool.coins) == 2:
                fresh[0], fresh[1] = _price(impl, 0, 1), _price(impl, 1, 0)
                return 2
            pairs = list(permutations(range(len(pool.coins)), 2))
            if len(pairs) > len(fresh):
                fresh = self._fresh = np.zeros(len(pairs))
            fresh[: len(pairs)] = [_price(impl, i, j) for i, j in pairs]
        except Exception:
            self._mute(pool, first)
            raise
        return len(pairs)

    def _note(self, pool: Listed, first: int) -> None:
        note(self._fresh, first, self._read(pool, first), *self._arrays)

    def _mute(self, pool: Listed, first: int) -> None:
        self._fresh[:] = 0.0
        note(self._fresh, first, len(pool.coins) * (len(pool.coins) - 1), *self._arrays)

    def _legs(self, edge: int, between: int) -> tuple[Leg, ...]:
        i, j, holder = self._source[edge], self._target[edge], self._holder
        edges = (edge, holder[j, between], holder[between, i]) if between >= 0 else (edge, holder[j, i])
        legs = tuple(self._leg[each] for each in edges)
        return legs if len({leg.pool for leg in legs}) == len(legs) else ()

    # ---- places ----

    def _add(self, pool: Listed) -> int:
        self._pools[pool.address] = pool, -1
        for coin in pool.coins:
            if coin in self._place:
                continue
            waiting = self._waiting.setdefault(coin, [])
            waiting.append(pool)
            if len(waiting) > 1 and len(self._place) < _MOST:
                self._settle(coin)
        return self._linked(pool)

    def _settle(self, coin: str) -> None:
        """Give a coin a place, and the pools that waited for it their edges."""
        if len(self._place) == len(self._best):
            self._grow(2 * len(self._best))
        self._place[coin] = len(self._place)
        for other in self._waiting.pop(coin)[:-1]:
            first = self._linked(self._pools[other.address][0])
            if first >= 0:
                self._note(self._pools[other.address][0], first)

    def _linked(self, pool: Listed) -> int:
        """The first edge of a pool, made where two of its coins have a place."""
        places = [self._place.get(coin, -1) for coin in pool.coins]
        if sum(place >= 0 for place in places) < 2:
            return -1
        first = self._pools[pool.address][1]
        if first < 0:
            first = len(self._leg)
            self._leg += [
                Leg(pool=pool.address, token_in=coin, token_out=other) for coin, other in permutations(pool.coins, 2)
            ]
            if len(self._leg) > len(self._price):
                self._lengthen()
            self._pools[pool.address] = pool, first
        for edge, (i, j) in enumerate(permutations(places, 2), first):
            if i >= 0 and j >= 0 and self._source[edge] < 0:
                self._source[edge], self._target[edge] = i, j
                self._following[edge], self._head[i, j] = self._head[i, j], edge
        return first

    def _lengthen(self) -> None:
        def longer(old: Ints) -> Ints:
            return np.concatenate([old, np.full(2 * len(self._leg) - len(old), -1, np.int64)])

        self._source, self._target, self._following = map(longer, (self._source, self._target, self._following))
        self._price = np.concatenate([self._price, np.full(len(self._source) - len(self._price), -inf)])
        self._gather()

    def _grow(self, coins: int) -> None:
        old, heads = self._best, (self._head, self._holder)
        self._best = np.full((coins, coins), -inf)
        self._best[: len(old), : len(old)] = old
        self._turned = np.ascontiguousarray(self._best.T)
        self._head, self._holder = (np.full((coins, coins), -1, np.int64) for _ in range(2))
        for new, before in zip((self._head, self._holder), heads, strict=True):
            new[: len(before), : len(before)] = before
        self._gather()

    def _gather(self) -> None:
        self._arrays = (
            self._best, self._turned, self._holder, self._source, self._target, self._price, self._head,
            self._following,
        )  # fmt: skip


def _price(amm: Amm, i: int, j: int) -> float:
    """Of the first piece where the curve is made of pieces; 0 where nothing can be bought."""
    pieces = amm.segments(i, j)
    if pieces is None:
        try:
            return float(amm.price(i, j))
        except NoLiquidity:
            return 0.0
    if not pieces:
        return 0.0
    x, y, kept, _ = pieces[0]
    return y * kept / x
