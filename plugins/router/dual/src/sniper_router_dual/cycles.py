"""The best way round through a pool that changed: a matrix of the best marginal prices between all pairs of coins."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import permutations
from math import inf
from typing import Final

import numpy as np

from sniper.router import Leg, Listed, NoRoute
from sniper_router_dual import rounds

_ROOM: Final = 256
_MOST: Final = 2_048
"""Coins in the matrix; those that come later are in no cycle."""
_NEAR: Final = 3
"""Hops up to which the matrix says at once what is best."""


class Cycles:
    """Marginal prices after fees of all pools, in the arrays of `sniper_router_dual.rounds`.

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
        self._edges = np.full((4, _ROOM), -1, np.int64)
        self._price = np.full(_ROOM, -inf)
        self._pairs = np.full((2, 16, 16), -inf)
        self._links = np.full((2, 16, 16), -1, np.int64)

    def changed(self, pool: Listed, max_hops: int = _NEAR, through: str | None = None) -> tuple[Leg, ...]:
        """Note its prices; the legs of the best cycle of at most ``max_hops`` through it, begun with it, where that
        gains at the margin; of those that pass coin ``through``, where one is named. Raises what its AMM raises; the
        pool then takes part in no cycle; and `NoRoute` for fewer hops than 2."""
        if max_hops < 2:
            raise NoRoute(f"max_hops is {max_hops}; a way round has at least 2")
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
        fresh = self._read(pool, first)
        wanted = -1
        if through is not None:
            wanted = self._place.get(through, -1)
            if wanted < 0:
                self._note(fresh, first)
                return ()
        if len(fresh) == 2 and max_hops == _NEAR:
            market = (len(self._place), self._pairs, self._links, self._edges, self._price)
            if wanted < 0:
                a, b, c, apart = rounds.pair_changed(fresh, first, *market)
            else:
                a, b, c, apart = rounds.pair_changed_through(wanted, fresh, first, *market)
            if apart:
                legs = self._leg
                return () if a < 0 else (legs[a], legs[b]) if c < 0 else (legs[a], legs[b], legs[c])
        else:
            self._note(fresh, first)
        places = len(self._place)
        edges = rounds.search(
            wanted, first, len(fresh), max_hops, places, self._pairs, self._links, self._edges, self._price
        )
        return tuple(self._leg[edge] for edge in edges.tolist())

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
                        self._note(self._read(each, first), first)

    def _read(self, pool: Listed, first: int) -> tuple[float, ...]:
        """Marginal prices between all its coins, in the order of its edges."""
        impl, coins = pool.impl, len(pool.coins)
        try:
            if coins == 2:
                return impl.rate(0, 1), impl.rate(1, 0)
            return tuple(impl.rate(i, j) for i, j in permutations(range(coins), 2))
        except Exception:
            self._mute(pool, first)
            raise

    def _mute(self, pool: Listed, first: int) -> None:
        self._note([0.0] * (len(pool.coins) * (len(pool.coins) - 1)), first)

    def _note(self, fresh: Sequence[float], first: int) -> None:
        rounds.note(np.array(fresh), first, self._pairs, self._links, self._edges, self._price)

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
        if len(self._place) == self._pairs.shape[1]:
            self._grow(2 * len(self._place))
        self._place[coin] = len(self._place)
        for other in self._waiting.pop(coin)[:-1]:
            pool = self._pools[other.address][0]
            first = self._linked(pool)
            if first >= 0:
                self._note(self._read(pool, first), first)

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
            self._edges[rounds.POOL, first : len(self._leg)] = first
            self._pools[pool.address] = pool, first
        source, target, following = self._edges[:3]
        for edge, (i, j) in enumerate(permutations(places, 2), first):
            if i >= 0 and j >= 0 and source[edge] < 0:
                source[edge], target[edge] = i, j
                following[edge], self._links[0, i, j] = self._links[0, i, j], edge
        return first

    def _lengthen(self) -> None:
        more = 2 * len(self._leg) - len(self._price)
        self._edges = np.concatenate([self._edges, np.full((4, more), -1, np.int64)], axis=1)
        self._price = np.concatenate([self._price, np.full(more, -inf)])

    def _grow(self, coins: int) -> None:
        pairs, links = self._pairs, self._links
        self._pairs, self._links = np.full((2, coins, coins), -inf), np.full((2, coins, coins), -1, np.int64)
        before = pairs.shape[1]
        self._pairs[:, :before, :before], self._links[:, :before, :before] = pairs, links
