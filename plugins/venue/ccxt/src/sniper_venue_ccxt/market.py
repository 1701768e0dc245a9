"""Trades and best prices of instruments, as events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, Final

from sniper.events import Event, FundingRate, Prices, Trade
from sniper.instrument import Instrument, from_decimal
from sniper_venue_ccxt.books import Book
from sniper_venue_ccxt.capabilities import Capabilities
from sniper_venue_ccxt.errors import GapFound, NotOffered
from sniper_venue_ccxt.joined import joined

KEPT: Final = 1000
"""How many trades ccxt keeps between two looks ("tradesLimit")."""
BILLION: Final = 10**9
MILLISECOND: Final = 10**6
FUNDING_POLL_S: Final = 60
DEPTH: Final = 5
"""Levels of a book that is asked for."""


class Connections:
    """The WebSockets of a client. One that is another one than before has been down, whether or not anybody was told:
    ccxt tells only who waits at that moment, and connects anew by itself."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._seen: dict[str, Any] = {}

    def demand_same(self) -> None:
        """Raises `GapFound`."""
        for url, connection in self.client.clients.items():
            if self._seen.setdefault(url, connection) is not connection:
                raise GapFound(f"{self.client.id}: a connection broke and was made anew; what came between was missed")


class Market:
    """``clock``: ns UTC. ``levels``: of each side of a book that is followed."""

    def __init__(
        self, client: Any, can: Capabilities, poll_s: float, clock: Callable[[], int], levels: int = DEPTH
    ) -> None:
        self.client = client
        self.can = can
        self.poll_s = poll_s
        self.clock = clock
        self.levels = levels

    def events(
        self, instruments: Collection[Instrument], depth: Collection[str] = ()
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Raises `GapFound`, and what ccxt raises where a connection is lost or a sequence or checksum is wrong."""
        connections = Connections(self.client)
        sources: list[AsyncIterator[Sequence[Event]]] = []
        for each in instruments:
            followed = Book(each, self.levels) if each.id in depth else None
            sources += [self._trades(each, connections), self._books(each, connections, followed)]
            if each.kind == "perpetual" and "fetchFundingRate" in self.can.methods:
                sources.append(self._funding_rates(each))
        return joined(sources)

    def _trades(self, instrument: Instrument, connections: Connections) -> AsyncIterator[Sequence[Event]]:
        if "watchTrades" in self.can.methods:
            return self._watched_trades(instrument, connections)
        if "fetchTrades" in self.can.methods:
            return self._asked_trades(instrument)
        raise NotOffered(f"{self.can.exchange} tells no trades of others")

    def _books(
        self, instrument: Instrument, connections: Connections, followed: Book | None
    ) -> AsyncIterator[Sequence[Event]]:
        for name in ("watchOrderBook", "fetchOrderBook"):
            if name in self.can.methods:
                return self._books_by(instrument, connections, followed, streamed=name == "watchOrderBook")
        raise NotOffered(f"{self.can.exchange} tells no order books")

    async def _funding_rates(self, instrument: Instrument) -> AsyncIterator[Sequence[Event]]:
        """Where the next payment is not told, or the rate, nothing is."""
        last: tuple[int, int] | None = None
        while True:
            told = await self.client.fetch_funding_rate(instrument.symbol)
            rate, at = told.get("fundingRate"), told.get("fundingTimestamp")
            if rate is not None and at is not None:
                found = (round(Decimal(str(rate)) * BILLION), int(at) * MILLISECOND)
                if found != last:
                    last = found
                    yield [FundingRate(time=self.clock(), instrument=instrument.id, rate=found[0], at=found[1])]
            await asyncio.sleep(FUNDING_POLL_S)

    async def _watched_trades(self, instrument: Instrument, connections: Connections) -> AsyncIterator[Sequence[Event]]:
        while True:
            trades = await self.client.watch_trades(instrument.symbol)
            connections.demand_same()
            if len(trades) >= KEPT:
                raise GapFound(f"{instrument.id}: {len(trades)} trades at once; earlier ones may have been dropped")
            yield self._told(trades, instrument)

    async def _asked_trades(self, instrument: Instrument) -> AsyncIterator[Sequence[Event]]:
        seen: set[str] | None = None
        while True:
            trades = await self.client.fetch_trades(instrument.symbol)
            ids = [str(trade["id"]) for trade in trades]
            fresh = [trade for trade, each in zip(trades, ids, strict=True) if seen is not None and each not in seen]
            if seen and len(fresh) == len(trades) > 0:
                raise GapFound(f"{instrument.id}: none of the newest {len(trades)} trades was known before")
            seen = set(ids) or seen
            if fresh:
                yield self._told(fresh, instrument)
            await asyncio.sleep(self.poll_s)

    async def _books_by(
        self, instrument: Instrument, connections: Connections, followed: Book | None, *, streamed: bool
    ) -> AsyncIterator[Sequence[Event]]:
        last: tuple[int, ...] = ()
        while True:
            if streamed:
                book = await self.client.watch_order_book(instrument.symbol)
                connections.demand_same()
            else:
                book = await self.client.fetch_order_book(instrument.symbol, followed.levels if followed else DEPTH)
            bid, bid_size = _best(book["bids"], instrument)
            ask, ask_size = _best(book["asks"], instrument)
            if 0 < ask <= bid:
                raise GapFound(f"{instrument.id}: its book bids {bid} and asks {ask} ticks, so something was missed")
            best, now = (bid, bid_size, ask, ask_size), self.clock()
            found: list[Event] = []
            if best != last:
                last = best
                found.append(
                    Prices(
                        time=now,
                        instrument=instrument.id,
                        bid=bid,
                        bid_size=bid_size,
                        ask=ask,
                        ask_size=ask_size,
                    )
                )
            changed = followed.changed(book, now) if followed is not None else None
            if changed is not None:
                found.append(changed)
            if found:
                yield found
            if not streamed:
                await asyncio.sleep(self.poll_s)

    def _told(self, trades: Sequence[Any], instrument: Instrument) -> Sequence[Event]:
        now = self.clock()
        return [
            Trade(
                time=now,
                venue=instrument.venue,
                instrument=instrument.id,
                price=instrument.ticks(str(trade["price"])),
                size=_lots(trade["amount"], instrument),
            )
            for trade in trades
        ]


def _best(side: Any, instrument: Instrument) -> tuple[int, int]:
    if not side:
        return 0, 0
    return instrument.ticks(str(side[0][0])), _lots(side[0][1], instrument)


def _lots(size: Any, instrument: Instrument) -> int:
    """Whole lots of what others trade or offer: what is left of them by other rules, before, may be no whole number."""
    return from_decimal(str(size)) // instrument.lot_size
