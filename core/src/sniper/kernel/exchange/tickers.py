"""What is known of the instruments of all exchanges: one per process, shared by all accounts."""

from collections.abc import Collection
from typing import Protocol

from sniper.events import Event, FundingRate, Prices
from sniper.instrument import Instrument
from sniper.kernel.exchange.bars import Bars, Series


class Hears(Protocol):
    """A strategy instance, or the plans of an account."""

    def deliver(self, event: Event) -> None: ...


class Ticker:
    """One instrument.

    last     Price of its newest trade, ticks; ``bid``, ``ask`` and their sizes: the best prices and how much of each,
             lots; 0: none is known.
    funding  What holders of a perpetual pay next; None: nothing is known.
    hearing  Strategy instances that asked for it, in the order of their accounts; then ``plans`` that trade it.
    series   Its bars.
    """

    __slots__ = (
        "ask", "ask_size", "bid", "bid_size", "funding", "hearing", "instrument", "last", "plans", "series", "stale",
    )  # fmt: skip

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.last = 0
        self.bid = self.bid_size = 0
        self.ask = self.ask_size = 0
        self.stale = False
        self.funding: FundingRate | None = None
        self.hearing: tuple[Hears, ...] = ()
        self.plans: tuple[Hears, ...] = ()
        self.series: tuple[Series, ...] = ()

    def to_buy(self) -> int:
        """The price to expect of what buys at the market, ticks; 0 where nothing tells."""
        return self.ask or self.last

    def to_sell(self) -> int:
        """The same of what sells."""
        return self.bid or self.last


class Tickers:
    """All instruments, by their ids."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self.known: dict[str, Ticker] = {}
        self._wanted: dict[str, tuple[Hears, ...]] = {}
        self._following: dict[str, dict[str, Hears]] = {}

    def want(self, instance: Hears, instruments: tuple[str, ...]) -> None:
        """A strategy asks for instruments, listed already or not."""
        for instrument in instruments:
            self._wanted[instrument] = (*self._wanted.get(instrument, ()), instance)

    def follow(self, account: str, plans: Hears, instruments: Collection[str]) -> None:
        """The plans of an account trade these instruments, and no others any more."""
        for instrument in sorted({*instruments, *(each for each, who in self._following.items() if account in who)}):
            who = self._following.setdefault(instrument, {})
            if instrument in instruments:
                who[account] = plans
            else:
                del who[account]
            ticker = self.known.get(instrument)
            if ticker is not None:
                self._told(ticker)

    def _told(self, ticker: Ticker) -> None:
        """Who hears of it from now on."""
        instrument = ticker.instrument.id
        following = self._following.get(instrument, {})
        ticker.plans = tuple(following[account] for account in sorted(following))
        ticker.hearing = (*self._wanted.get(instrument, ()), *ticker.plans)
        ticker.series = self._bars.of.get(instrument, ())

    def wanted(self) -> frozenset[str]:
        """Ids of all that strategies and plans asked for."""
        return frozenset((*self._wanted, *self._following, *self._bars.of))

    def listed(self, instrument: Instrument) -> Ticker:
        """An instrument, or other rules for one. What its market did goes on."""
        ticker = self.known.get(instrument.id)
        if ticker is None:
            ticker = self.known[instrument.id] = Ticker(instrument)
            self._told(ticker)
        ticker.instrument = instrument
        return ticker

    def prices(self, event: Prices) -> tuple[Hears, ...]:
        """The best prices: who hears of them. Hot."""
        ticker = self.known.get(event.instrument)
        if ticker is None:
            return ()
        ticker.bid, ticker.bid_size = event.bid, event.bid_size
        ticker.ask, ticker.ask_size = event.ask, event.ask_size
        return ticker.hearing

    def funding_rate(self, event: FundingRate) -> tuple[Hears, ...]:
        """What holders pay next: who hears of it."""
        ticker = self.known.get(event.instrument)
        if ticker is None:
            return ()
        ticker.funding = event
        return ticker.hearing
