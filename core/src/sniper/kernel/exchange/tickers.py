"""What is known of the instruments of all exchanges: one per process, shared by all accounts."""

from typing import TYPE_CHECKING

from sniper.events import Bar, FundingRate, Prices, Trade
from sniper.instrument import Instrument

if TYPE_CHECKING:
    from sniper.kernel.instances import Instance


class Ticker:
    """One instrument.

    last     Price of its newest trade, ticks; ``bid``, ``ask`` and their sizes: the best prices and how much of each,
             lots; 0: none is known.
    funding  What holders of a perpetual pay next; None: nothing is known.
    hearing  Strategy instances that asked for it, in the order of their accounts.
    """

    __slots__ = ("ask", "ask_size", "bid", "bid_size", "funding", "hearing", "instrument", "last", "stale")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.last = 0
        self.bid = self.bid_size = 0
        self.ask = self.ask_size = 0
        self.stale = False
        self.funding: FundingRate | None = None
        self.hearing: tuple[Instance, ...] = ()

    def to_buy(self) -> int:
        """The price to expect of what buys at the market, ticks; 0 where nothing tells."""
        return self.ask or self.last

    def to_sell(self) -> int:
        """The same of what sells."""
        return self.bid or self.last


class Tickers:
    """All instruments, by their ids."""

    def __init__(self) -> None:
        self.known: dict[str, Ticker] = {}
        self._wanted: dict[str, tuple[Instance, ...]] = {}

    def want(self, instance: "Instance", instruments: tuple[str, ...]) -> None:
        """A strategy asks for instruments, listed already or not."""
        for instrument in instruments:
            self._wanted[instrument] = (*self._wanted.get(instrument, ()), instance)

    def listed(self, instrument: Instrument) -> Ticker:
        """An instrument, or other rules for one. What its market did goes on."""
        ticker = self.known.get(instrument.id)
        if ticker is None:
            ticker = self.known[instrument.id] = Ticker(instrument)
            ticker.hearing = self._wanted.get(instrument.id, ())
        ticker.instrument = instrument
        return ticker

    def bar(self, event: Bar) -> None:
        """A bar that a source tells. Hot."""
        ticker = self.known.get(event.instrument)
        if ticker is not None:
            ticker.last = event.close

    def trade(self, event: Trade) -> tuple["Instance", ...]:
        """A trade: who hears of it. Hot."""
        ticker = self.known.get(event.instrument)
        if ticker is None:
            return ()
        ticker.last = event.price
        return ticker.hearing

    def prices(self, event: Prices) -> tuple["Instance", ...]:
        """The best prices: who hears of them. Hot."""
        ticker = self.known.get(event.instrument)
        if ticker is None:
            return ()
        ticker.bid, ticker.bid_size = event.bid, event.bid_size
        ticker.ask, ticker.ask_size = event.ask, event.ask_size
        return ticker.hearing

    def funding_rate(self, event: FundingRate) -> tuple["Instance", ...]:
        """What holders pay next: who hears of it."""
        ticker = self.known.get(event.instrument)
        if ticker is None:
            return ()
        ticker.funding = event
        return ticker.hearing
