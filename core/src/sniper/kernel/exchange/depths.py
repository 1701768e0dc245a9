"""The order books that strategies follow; those of other instruments are not kept.

What follows from a book stands before it: of such an instrument the best prices are the book's, and those that a feed
tells beside it count for nothing.
"""

from typing import TYPE_CHECKING

from sniper.events import BookChanged, InstrumentStale, Prices
from sniper.kernel.exchange.order_book import OrderBook
from sniper.kernel.exchange.tickers import Ticker, Tickers

if TYPE_CHECKING:
    from sniper.kernel.instances import Instance


class Followed:
    """``hearing``: strategy instances that asked for this book, in the order of their accounts."""

    __slots__ = ("book", "hearing")

    def __init__(self) -> None:
        self.book = OrderBook()
        self.hearing: tuple[Instance, ...] = ()


class Depths:
    """By instrument id. A book that is not whole makes its instrument stale, the next whole one makes it fresh."""

    def __init__(self, tickers: Tickers) -> None:
        self.followed: dict[str, Followed] = {}
        self._tickers = tickers

    def want(self, instance: "Instance", instruments: tuple[str, ...]) -> None:
        """A strategy asks for books, of instruments listed already or not."""
        for instrument in instruments:
            followed = self.followed.setdefault(instrument, Followed())
            followed.hearing = (*followed.hearing, instance)

    def book(self, instrument: str) -> OrderBook | None:
        """None where nobody asked for it, and while it is not whole."""
        followed = self.followed.get(instrument)
        return followed.book if followed is not None and followed.book.whole else None

    def changed(self, event: BookChanged) -> None:
        """What an exchange tells of a book. Hot."""
        followed = self.followed.get(event.instrument)
        ticker = self._tickers.known.get(event.instrument)
        if followed is None or ticker is None:
            return
        book = followed.book
        whole = book.whole
        if not book.change(event):
            if whole and not book.whole:
                self._stale(followed, ticker, event.time, stale=True)
            return
        if event.whole and ticker.stale:
            self._stale(followed, ticker, event.time, stale=False)
        bid, ask = book.bid, book.ask
        bid_size, ask_size = book.size_at(bid), book.size_at(ask)
        if bid != ticker.bid or ask != ticker.ask or bid_size != ticker.bid_size or ask_size != ticker.ask_size:
            news = Prices(
                time=event.time,
                instrument=event.instrument,
                bid=bid,
                bid_size=bid_size,
                ask=ask,
                ask_size=ask_size,
            )
            for instance in self._tickers.prices(news):
                instance.deliver(news)
        for instance in followed.hearing:
            instance.deliver(event)

    def stale(self, event: InstrumentStale) -> None:
        """A stream was lost, or goes on. A book that is followed is true again once it was told as a whole."""
        ticker = self._tickers.known.get(event.instrument)
        if ticker is None:
            return
        followed = self.followed.get(event.instrument)
        if followed is not None and event.stale:
            followed.book.lose()
        known = event.stale or followed is None or followed.book.whole
        if known and ticker.stale != event.stale:
            self._stale(followed, ticker, event.time, stale=event.stale)

    def began(self, now: int) -> None:
        """A process took over: what changed while there was none is not in the books."""
        for instrument in sorted(self.followed):
            followed, ticker = self.followed[instrument], self._tickers.known.get(instrument)
            if followed.book.whole and ticker is not None:
                followed.book.lose()
                self._stale(followed, ticker, now, stale=True)

    def _stale(self, followed: Followed | None, ticker: Ticker, now: int, *, stale: bool) -> None:
        ticker.stale = stale
        news = InstrumentStale(time=now, instrument=ticker.instrument.id, stale=stale)
        besides = followed.hearing if followed is not None else ()
        for instance in (*ticker.hearing, *(each for each in besides if each not in ticker.hearing)):
            instance.deliver(news)
