"""The market as arrays: one edge for each pool and ordered pair of its coins, kept up to date pool by pool."""

from collections.abc import Iterator, Sequence
from itertools import islice, permutations
from typing import Final

import numpy as np

from sniper.amm import NoLiquidity
from sniper.router import Listed
from sniper_router_dual.compiled import Floats, Ints
from sniper_router_dual.curves import Curve, curve, refined

_LEAST: Final = 256


class Stretch:
    """What an edge has of the arrays: ``used`` of ``room`` places from ``at`` on."""

    __slots__ = ("at", "room", "used")

    def __init__(self) -> None:
        self.at = self.room = self.used = 0


class Place:
    """A pool and where its edges are, and their pieces and vertices. ``refused``: why it cannot be quoted; empty where
    it can."""

    __slots__ = ("curves", "edges", "number", "pieces", "pool", "refused", "vertices")

    def __init__(self, pool: Listed, number: int, edges: range) -> None:
        self.pool = pool
        self.number = number
        self.edges = edges
        self.curves: list[Curve] = []
        self.pieces = [Stretch() for _ in edges]
        self.vertices = [Stretch() for _ in edges]
        self.refused = ""


class Mirror:
    """All pools that were told of. Implements `sniper.router.Graph`.

    Of each edge: ``source`` and ``target`` coin and ``owner`` (numbers), ``price`` at the margin (0: it cannot be
    used), and where its pieces and vertices lie in ``x``, ``y``, ``most`` and ``vertex_in``, ``vertex_out``.
    The edges of one pool follow each other.
    """

    def __init__(self) -> None:
        self.coins: dict[str, int] = {}
        self.names: list[str] = []
        self.places: dict[str, Place] = {}
        self.owners: list[Place] = []
        self.generation = 0
        """Grows when coins, edges and pools get other numbers."""
        self._stale: dict[str, Listed] = {}
        self._gone: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        self.coins, self.names, self.places, self.owners = {}, [], {}, []
        self._of: dict[str, dict[str, Place]] = {}
        self._refused: set[str] = set()
        self._used = {"edge": 0, "piece": 0, "vertex": 0}
        self._removed = 0
        self.source, self.target, self.owner = (np.zeros(_LEAST, np.int64) for _ in range(3))
        self.piece_at, self.pieces, self.vertex_at, self.vertices = (np.zeros(_LEAST, np.int64) for _ in range(4))
        self.price = np.zeros(_LEAST)
        self.x, self.y, self.most = (np.zeros(_LEAST) for _ in range(3))
        self.vertex_in, self.vertex_out = (np.zeros(_LEAST) for _ in range(2))

    @property
    def size(self) -> int:
        """Edges, unusable ones included."""
        return self._used["edge"]

    def find(self, address: str) -> Listed | None:
        place = self.places.get(address)
        return place.pool if place else None

    def trading(self, coin: str) -> Sequence[Listed]:
        return [place.pool for place in self._of.get(coin, {}).values()]

    def pools(self) -> list[Listed]:
        """All that were told of and not removed, in the order of their addresses."""
        known = {address: place.pool for address, place in self.places.items() if address not in self._gone}
        known |= self._stale
        return [known[address] for address in sorted(known)]

    def changed(self, pool: Listed) -> None:
        """Read it at the next `settle`: between two routes a pool may change many times."""
        self._stale[pool.address] = pool

    def removed(self, address: str) -> None:
        """Forget it at the next `settle`, as another thread may be reading the arrays."""
        self._stale.pop(address, None)
        if address in self.places:
            self._gone.add(address)

    def _remove(self, address: str) -> None:
        place = self.places.pop(address, None)
        if place is not None:
            self._withdraw(place)
            self._refused.discard(address)
            for coin in place.pool.coins:
                del self._of[coin][address]
            self._removed += 1

    @property
    def waiting(self) -> int:
        """Pools that changed and were not read since."""
        return len(self._stale)

    def settle(self, most: int | None = None) -> None:
        """Read what changed since the last time; of many the first ``most``."""
        for address in sorted(self._gone):
            self._remove(address)
        self._gone.clear()
        if self._removed > _LEAST + len(self.places):
            # Most of what is in the arrays belongs to pools that are gone.
            pools = {address: place.pool for address, place in self.places.items()} | self._stale
            self._clear()
            self._stale = pools
            self.generation += 1
        for pool in list(islice(self._stale.values(), most)):
            del self._stale[pool.address]
            self._read(pool)

    def refused(self) -> Iterator[tuple[str, str]]:
        """Pools that cannot be quoted, with the reason."""
        return ((address, self.places[address].refused) for address in sorted(self._refused))

    def ends(self, edge: int) -> tuple[Place, int, int]:
        """The pool of an edge, and the numbers in it of the coins that it sells and buys."""
        place = self.owners[self.owner[edge]]
        i, j = list(permutations(range(len(place.pool.coins)), 2))[edge - place.edges.start]
        return place, i, j

    def is_stale(self, edge: int) -> bool:
        """Whether its pool changed, or went, and was not read since."""
        address = self.owners[self.owner[edge]].pool.address
        return address in self._stale or address in self._gone

    def is_sampled(self, edge: int) -> bool:
        return bool(self.vertices[edge])

    def refine(self, edge: int, amounts: Sequence[int]) -> None:
        """Sample a curve at further amounts."""
        place, i, j = self.ends(edge)
        at = edge - place.edges.start
        place.curves[at] = refined(place.pool.impl, i, j, place.curves[at], amounts)
        self._write(place, at)

    def _read(self, pool: Listed) -> None:
        place = self.places.get(pool.address)
        if place is None or place.pool.coins != pool.coins:
            if place is not None:
                self._remove(pool.address)
            place = self._placed(pool)
        place.pool = pool
        try:
            impl = pool.impl
            if len(pool.coins) == 2:
                place.curves = [curve(impl, 0, 1), curve(impl, 1, 0)]
            else:
                place.curves = [curve(impl, i, j) for i, j in permutations(range(len(pool.coins)), 2)]
            place.refused = "" if any(each.pieces for each in place.curves) else _why_empty(pool)
        except Exception as error:  # a plugin's code: whatever it raises makes this pool unusable, and only this pool
            self.refuse(place, f"{type(error).__name__}: {error}")
            return
        if place.refused:
            self._refused.add(pool.address)
        else:
            self._refused.discard(pool.address)
        for at in range(len(place.curves)):
            self._write(place, at)

    def _placed(self, pool: Listed) -> Place:
        for coin in pool.coins:
            if coin not in self.coins:
                self.coins[coin] = len(self.names)
                self.names.append(coin)
        pairs = list(permutations((self.coins[coin] for coin in pool.coins), 2))
        edges = range(self.size, self.size + len(pairs))
        place = Place(pool, len(self.owners), edges)
        self.places[pool.address] = place
        for coin in pool.coins:
            self._of.setdefault(coin, {})[pool.address] = place
        self.owners.append(place)
        self._reserve("edge", len(pairs), "source", "target", "owner", "price", "piece_at", "pieces")
        self._reserve("edge", 0, "vertex_at", "vertices")
        for edge, (i, j) in zip(edges, pairs, strict=True):
            self.source[edge], self.target[edge], self.owner[edge] = i, j, place.number
        return place

    def refuse(self, place: Place, reason: str) -> None:
        """Leave a pool out until it changes."""
        self._withdraw(place)
        place.refused = reason
        self._refused.add(place.pool.address)

    def _withdraw(self, place: Place) -> None:
        edges = slice(place.edges.start, place.edges.stop)
        self.price[edges] = 0.0
        self.pieces[edges] = self.vertices[edges] = 0
        for stretch in (*place.pieces, *place.vertices):
            stretch.used = 0

    def _write(self, place: Place, n: int) -> None:
        """The n-th curve of a pool into the arrays. What is as before is not written: that costs as much as reading."""
        edge, (pieces, vertices, _) = place.edges[n], place.curves[n]
        stretch = place.pieces[n]
        if len(pieces) > stretch.room:
            stretch.at, stretch.room = self._room("piece", len(pieces), "x", "y", "most")
            self.piece_at[edge] = stretch.at
        if len(pieces) != stretch.used:
            self.pieces[edge] = stretch.used = len(pieces)
        for at, (x, y, most) in enumerate(pieces, stretch.at):
            self.x[at], self.y[at], self.most[at] = x, y, most
        stretch = place.vertices[n]
        if len(vertices) > stretch.room:
            stretch.at, stretch.room = self._room("vertex", len(vertices), "vertex_in", "vertex_out")
            self.vertex_at[edge] = stretch.at
        if len(vertices) != stretch.used:
            self.vertices[edge] = stretch.used = len(vertices)
        for at, (amount, out) in enumerate(vertices, stretch.at):
            self.vertex_in[at], self.vertex_out[at] = amount, out
        self.price[edge] = pieces[0][1] / pieces[0][0] if pieces else 0.0

    def _room(self, of: str, wanted: int, *arrays: str) -> tuple[int, int]:
        """A new stretch of the arrays, with room for as much again where it is long: ranges come and go."""
        room = wanted if wanted == 1 else 2 * wanted
        return self._reserve(of, room, *arrays), room

    def _reserve(self, of: str, room: int, *arrays: str) -> int:
        at = self._used[of]
        self._used[of] = at + room
        for name in arrays:
            array: Floats | Ints = getattr(self, name)
            if len(array) < self._used[of]:
                grown = np.zeros(2 * self._used[of], array.dtype)
                grown[: len(array)] = array
                setattr(self, name, grown)
        return at


def _why_empty(pool: Listed) -> str:
    try:
        pool.impl.price(0, 1)
    except NoLiquidity as error:
        return f"NoLiquidity: {error}"
    return "it has no liquidity"
