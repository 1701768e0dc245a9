"""A limit order book: best price first, and at one price who came first."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from itertools import takewhile

from sniper_sdk.exchange.order import Order, Side


class HalfBook:
    """One side. ``levels``: by price, the orders there in the order in which they trade, by id."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.levels: dict[int, OrderedDict[int, Order]] = {}
        self._sign = 1 if side is Side.BUY else -1
        self._keys: list[int] = []  # ascending; the best price has the last

    @property
    def best(self) -> int | None:
        """The price that trades first."""
        return self._sign * self._keys[-1] if self._keys else None

    def prices(self) -> Iterator[int]:
        """From the best one on."""
        return (self._sign * key for key in reversed(self._keys))

    def reaches(self, price: int, limit: int | None) -> bool:
        """Whether somebody with that limit on the other side trades at that price; None: at any."""
        return limit is None or self._sign * price >= self._sign * limit

    def reached(self, limit: int) -> list[int]:
        """The prices at which somebody with that limit on the other side trades, from the best one on."""
        return list(takewhile(lambda price: self.reaches(price, limit), self.prices()))

    def append(self, price: int, order: Order) -> None:
        """Put it behind all others at its price."""
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = OrderedDict()
            insort(self._keys, self._sign * price)
        level[order.id] = order

    def remove(self, price: int, order: Order) -> None:
        """Take it out."""
        level = self.levels[price]
        del level[order.id]
        if not level:
            del self.levels[price]
            del self._keys[bisect_left(self._keys, self._sign * price)]

    def visible(self, price: int) -> int:
        """What others see at a price."""
        return sum(order.visible for order in self.levels.get(price, {}).values())


class Book:
    """``update_id`` grows by one with each change of a level; ``changed`` has the levels since it was last cleared."""

    def __init__(self) -> None:
        self.bids = HalfBook(Side.BUY)
        self.asks = HalfBook(Side.SELL)
        self.update_id = 1
        self.changed: dict[tuple[Side, int], None] = {}

    def half(self, side: Side) -> HalfBook:
        """Where orders of that side rest."""
        return self.bids if side is Side.BUY else self.asks

    def rest(self, order: Order) -> None:
        """Put an order into the book, behind what is at its price. An iceberg shows its first part."""
        order.visible = min(order.asked.shown or order.remaining, order.remaining)
        self.half(order.asked.side).append(order.asked.price, order)
        self._touch(order)

    def remove(self, order: Order) -> None:
        """Take an order out."""
        self.half(order.asked.side).remove(order.asked.price, order)
        order.visible = 0
        self._touch(order)

    def take(self, order: Order, quantity: int) -> None:
        """So much of what an order shows is traded, or prevented. An iceberg shows its next part behind all others."""
        order.visible -= quantity
        order.remaining -= quantity
        if order.visible:
            self._touch(order)
            return
        self.remove(order)
        if order.remaining:
            self.rest(order)

    def depth(self, side: Side, limit: int) -> list[tuple[int, int]]:
        """(price, quantity) of the best levels."""
        half = self.half(side)
        return [(price, half.visible(price)) for price, _ in zip(half.prices(), range(limit), strict=False)]

    def top(self, side: Side) -> tuple[int, int]:
        """The best price and how much is there; zeros where nothing is."""
        half = self.half(side)
        return (0, 0) if half.best is None else (half.best, half.visible(half.best))

    def _touch(self, order: Order) -> None:
        self.update_id += 1
        self.changed[order.asked.side, order.asked.price] = None
