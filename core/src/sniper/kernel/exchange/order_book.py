"""The order book of one instrument: both sides with all their levels, held together by sequence numbers.

Prices in ticks, sizes in lots. Kept as what is changed most asks for: a level's size is found by its price, and prices
stand sorted with the best ones last, where lists change cheapest.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from sniper.events import BookChanged
from sniper.exchange_orders import Side

Levels = tuple[tuple[int, int], ...]


class OrderBook:
    """See `sniper.view.DepthView`.

    whole  Whether it is what the exchange has: False before the first whole book, and from a gap to the next one.
    last   Number of the newest change in it; 0 where the exchange numbers none.
    """

    __slots__ = ("_ask_prices", "_asks", "_bid_prices", "_bids", "last", "whole")

    def __init__(self) -> None:
        self.whole = False
        self.last = 0
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._bid_prices: list[int] = []
        self._ask_prices: list[int] = []
        """Negated, so that the best one is the last here too."""

    def change(self, event: BookChanged) -> bool:
        """Take a change, or a whole book. False: it is older than the book, or something is missing before it; then
        the book is not `whole` any more. One that crosses itself has missed something as well. Hot."""
        if event.whole:
            self._bids.clear()
            self._asks.clear()
            self._bid_prices.clear()
            self._ask_prices.clear()
            self.whole = True
        elif not self.whole:
            return False
        elif event.last:
            if event.last <= self.last:
                return False
            if event.first > self.last + 1:
                self.whole = False
                return False
        self.last = event.last
        sizes, prices = self._bids, self._bid_prices
        for price, size in event.bids:
            if price in sizes:
                if size:
                    sizes[price] = size
                else:
                    del sizes[price]
                    del prices[bisect_left(prices, price)]
            elif size:
                sizes[price] = size
                insort(prices, price)
        sizes, prices = self._asks, self._ask_prices
        for price, size in event.asks:
            if price in sizes:
                if size:
                    sizes[price] = size
                else:
                    del sizes[price]
                    del prices[bisect_left(prices, -price)]
            elif size:
                sizes[price] = size
                insort(prices, -price)
        if prices and self._bid_prices and self._bid_prices[-1] >= -prices[-1]:
            self.whole = False
        return self.whole

    def lose(self) -> None:
        """Something was missed: only a whole book tells again."""
        self.whole = False

    # ---- what there is ----

    @property
    def bid(self) -> int:
        return self._bid_prices[-1] if self._bid_prices else 0

    @property
    def ask(self) -> int:
        return -self._ask_prices[-1] if self._ask_prices else 0

    def bids(self, levels: int) -> Levels:
        return tuple((price, self._bids[price]) for price in self._bid_prices[: -levels - 1 : -1])

    def asks(self, levels: int) -> Levels:
        return tuple((-price, self._asks[-price]) for price in self._ask_prices[: -levels - 1 : -1])

    def size_at(self, price: int) -> int:
        return self._bids.get(price) or self._asks.get(price, 0)

    def offered(self, side: Side, price: int) -> int:
        """Lots that are bid (``side`` ``buy``) or asked at this price."""
        return (self._bids if side == "buy" else self._asks).get(price, 0)

    def tells(self, side: Side, price: int) -> bool:
        """Whether what bids (``side`` ``buy``) or asks at this price is told: it is not deeper than the last level."""
        prices = self._bid_prices if side == "buy" else self._ask_prices
        return self.whole and bool(prices) and prices[0] <= (price if side == "buy" else -price)

    def size_to(self, side: Side, price: int) -> int:
        found = 0
        for level, size in self.facing(side):
            if level > price if side == "buy" else level < price:
                break
            found += size
        return found

    def cost(self, side: Side, size: int) -> int | None:
        left, cost = size, 0
        for price, there in self.facing(side):
            taken = min(left, there)
            cost += price * taken
            left -= taken
            if not left:
                return cost
        return None if left else 0

    def average(self, side: Side, size: int) -> int | None:
        cost = self.cost(side, size) if size > 0 else None
        if cost is None:
            return None
        return -(-cost // size) if side == "buy" else cost // size

    def facing(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, size) of what one who buys or sells would meet, best first."""
        if side == "buy":
            return ((-price, self._asks[-price]) for price in reversed(self._ask_prices))
        return ((price, self._bids[price]) for price in reversed(self._bid_prices))


def restored(bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], last: int, *, whole: bool) -> OrderBook:
    """The book that had these levels."""
    book = OrderBook()
    book.change(BookChanged(time=0, instrument="", bids=tuple(bids), asks=tuple(asks), last=last, whole=True))
    book.whole = whole
    return book
