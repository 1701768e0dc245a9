"""An exchange that is played on recorded order books: the model of fills ``book``.

An order that arrives is one of two things:

- It would trade with the book as it stands: it meets the book that is told next, level by level, and so nothing that
  was known before it arrived. What that book leaves of it rests, or ends where it may not. Post-only: it is refused.
- It would not: it rests at the end of the queue of its price (see `sniper.runtime.queues`), and is filled by trades at
  its price once nothing is ahead of it any more, by trades beyond its price, and by offers of the other side that the
  book tells at its price or beyond: always at its own price, as the maker, and never with more than there was.

Its own impact: what it takes of a level is gone for it until the recorded level has shrunk below that, so nothing is
taken twice. It changes nothing for others: nobody withdraws or follows because of it, it is in no queue of theirs, and
two orders of one account pass by each other. The smaller it is beside what is recorded, the less that matters.

Of an instrument whose book is not whole, only trades fill orders. Bars and best prices fill nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

from sniper.events import Bar, BookChanged, Event, InstrumentStale, Trade
from sniper.exchange_orders import NewOrder, Side
from sniper.instrument import Instrument
from sniper.kernel.exchange.order_book import OrderBook
from sniper.runtime.queues import UNSEEN, Place, Withdrawn, risk_averse
from sniper.runtime.simulated_exchange import Resting, SimulatedExchange


class _Market:
    """One instrument. ``taken``: lots that our orders took of levels that are still told, by the side that took them
    and by price."""

    __slots__ = ("book", "taken")

    def __init__(self) -> None:
        self.book = OrderBook()
        self.taken: dict[tuple[Side, int], int] = {}


class BookExchange(SimulatedExchange):
    """See `SimulatedExchange`. ``withdrawn``: the model of the queue."""

    def __init__(
        self,
        account: str,
        venue: str,
        balances: Mapping[str, int],
        *,
        latency: int = 0,
        answer_latency: int | None = None,
        withdrawn: Withdrawn = risk_averse,
        leverage: int = 0,
    ) -> None:
        super().__init__(account, venue, balances, latency=latency, answer_latency=answer_latency, leverage=leverage)
        self.active = True  # what happens before the first order makes the book that it meets
        self._withdrawn = withdrawn
        self._markets: dict[str, _Market] = {}
        self._places: dict[str, Place] = {}
        """By client id, of orders that rest."""

    def adopt(self, instrument: Instrument, new: NewOrder, venue_id: str, filled: int) -> None:
        super().adopt(instrument, new, venue_id, filled)
        self._places[new.client_id] = Place(UNSEEN)

    def until(self, time: int) -> list[Event]:
        found = super().until(time)
        self.active = True
        return found

    # ---- what is asked ----

    def _refusal(self, new: NewOrder, instrument: Instrument) -> tuple[str, str] | None:
        if "post-only" in new.flags and self._crosses(new):
            return "would-take", "it would not rest, and may do nothing else"
        return super()._refusal(new, instrument)

    def _took(self, order: Resting) -> None:
        new, market = order.new, self._markets.get(order.new.instrument)
        if market is None or not market.book.whole or self._crosses(new):
            return
        if new.lives in ("ioc", "fok"):
            self._moved(order, "expired", order.arrived)
        else:
            self._rest(order, market.book)

    def _crosses(self, new: NewOrder) -> bool:
        market = self._markets.get(new.instrument)
        if market is None or not market.book.whole:
            return False
        best = market.book.ask if new.side == "buy" else market.book.bid
        return new.price is None or (bool(best) and (new.price >= best if new.side == "buy" else new.price <= best))

    def _rest(self, order: Resting, book: OrderBook) -> None:
        order.rests = True
        price, side = order.new.price, order.new.side
        if price is None:
            return
        known = book.tells(side, price)
        self._places[order.new.client_id] = Place(book.offered(side, price) if known else UNSEEN)

    # ---- what the market does ----

    def opened(self, bar: Bar) -> None:
        """It fills nothing."""

    def heard(self, event: Event) -> None:
        kind = type(event)
        if kind is BookChanged:
            self._changed(event)  # type: ignore[arg-type]  # as asked
        elif kind is Trade:
            self._printed(event)  # type: ignore[arg-type]  # as asked
        elif kind is InstrumentStale and event.stale:  # type: ignore[attr-defined]  # as asked
            market = self._markets.get(event.instrument)  # type: ignore[attr-defined]  # as asked
            if market is not None:
                market.book.lose()
        if self.contracts is not None:
            self._follow(self.contracts, event)

    def _changed(self, event: BookChanged) -> None:
        market = self._markets.get(event.instrument)
        if market is None:
            market = self._markets[event.instrument] = _Market()
        book, waiting = market.book, self._open.get(event.instrument)
        if not waiting:
            book.change(event)
            self._forget(market)
            return
        before = {
            client_id: book.offered(order.new.side, price)
            for client_id, order in waiting.items()
            if order.rests and (price := order.new.price) is not None and book.tells(order.new.side, price)
        }
        if not book.change(event):
            return
        self._forget(market)
        for order in _by_priority(waiting.values()):
            if order.rests:
                self._queue(order, market, before.get(order.new.client_id), event.time)
            else:
                self._take(order, market, event.time)

    def _forget(self, market: _Market) -> None:
        """What was taken of levels that are gone."""
        if not market.taken:
            return
        for (side, price), taken in list(market.taken.items()):
            left = min(taken, market.book.offered("sell" if side == "buy" else "buy", price))
            if left:
                market.taken[side, price] = left
            else:
                del market.taken[side, price]

    def _queue(self, order: Resting, market: _Market, before: int | None, at: int) -> None:
        """The book has changed, in which an order rests."""
        new, book = order.new, market.book
        price, place = new.price, self._places[new.client_id]
        assert price is not None  # orders at the market do not rest
        if self._crosses(new):
            place.ahead = 0  # whoever stood there is gone
            for level, size in self._reached(new, market):
                filled = min(size, new.size - order.filled)
                self._mark(market, new.side, level, filled)
                self._deal(order, price, filled, at, maker=True)
                if order.state != "open":
                    return
        elif book.tells(new.side, price):
            place.level(before, book.offered(new.side, price), self._withdrawn)

    def _take(self, order: Resting, market: _Market, at: int) -> None:
        """An order has arrived that wants what the other side offers."""
        new = order.new
        reached = list(self._reached(new, market))
        if reached and "post-only" in new.flags:  # no book was known when it arrived
            self._moved(order, "expired", at)
            return
        if new.lives == "fok" and sum(size for _, size in reached) < new.size:
            reached = []
        for level, size in reached:
            filled = min(size, new.size - order.filled)
            self._mark(market, new.side, level, filled)
            self._deal(order, level, filled, at, maker=False)
            if order.state != "open":
                return
        if new.price is None or new.lives in ("ioc", "fok"):
            self._moved(order, "expired", at)
        else:
            self._rest(order, market.book)

    def _reached(self, new: NewOrder, market: _Market) -> Iterator[tuple[int, int]]:
        """(price, lots) that are there for an order."""
        for price, size in market.book.facing(new.side):
            if new.price is not None and (price > new.price if new.side == "buy" else price < new.price):
                return
            left = size - market.taken.get((new.side, price), 0)
            if left > 0:
                yield price, left

    def _mark(self, market: _Market, side: Side, price: int, size: int) -> None:
        market.taken[side, price] = market.taken.get((side, price), 0) + size

    def _printed(self, event: Trade) -> None:
        waiting = self._open.get(event.instrument)
        if not waiting:
            return
        for side in ("buy", "sell"):
            self._reach(side, _by_priority(each for each in waiting.values() if each.new.side == side), event)

    def _reach(self, side: Side, orders: Iterable[Resting], event: Trade) -> None:
        """Orders of one side, best first: of one trade, each has what those before it left."""
        price, given = event.price, 0
        for order in orders:
            limit = order.new.price
            if limit is None or not order.rests or (price > limit if side == "buy" else price < limit):
                continue
            place = self._places[order.new.client_id]
            if price == limit:
                reached = place.trade(event.size)
            else:
                place.ahead, reached = 0, event.size
            size = min(reached - given, order.new.size - order.filled)
            if size > 0:
                given += size
                self._deal(order, limit, size, event.time, maker=True)

    def _over_with(self, order: Resting, state: str) -> None:
        super()._over_with(order, state)
        self._places.pop(order.new.client_id, None)


def _by_priority(orders: Iterable[Resting]) -> list[Resting]:
    """By price, then by arrival; those at the market first."""

    def key(order: Resting) -> tuple[bool, int]:
        price = order.new.price
        if price is None:
            return False, 0
        return True, -price if order.new.side == "buy" else price

    return sorted(orders, key=key)
