"""Bars of one second, and any longer ones made of them."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sniper_sdk.exchange.events import Trade

SECOND_NS: Final = 10**9
INTERVALS: Final = {
    "1s": 1, "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14_400,
    "6h": 21_600, "8h": 28_800, "12h": 43_200, "1d": 86_400,
}  # fmt: skip
"""Seconds, by the name on the wire."""
KEPT: Final = 90_000


@dataclass(slots=True)
class Candle:
    """``start``: seconds. Volumes in units of 10^-8 of base and quote; ``bought``: by orders that came to the book."""

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote: int
    trades: int
    bought: int
    bought_quote: int
    first_trade: int
    last_trade: int

    def join(self, later: "Candle") -> None:
        """Take a later one in."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.close, self.last_trade = later.close, later.last_trade
        self.volume += later.volume
        self.quote += later.quote
        self.trades += later.trades
        self.bought += later.bought
        self.bought_quote += later.bought_quote


class Candles:
    """Of one symbol, a day of them; seconds without a trade have none."""

    def __init__(self) -> None:
        self._seconds: deque[Candle] = deque(maxlen=KEPT)

    def add(self, trade: Trade) -> None:
        """A trade happened, after all others."""
        bought = 0 if trade.buyer_is_maker else trade.quantity
        bought_quote = 0 if trade.buyer_is_maker else trade.quote
        price = trade.price
        made = Candle(
            trade.time // SECOND_NS, price, price, price, price, trade.quantity, trade.quote, 1,
            bought, bought_quote, trade.id, trade.id,
        )  # fmt: skip
        if self._seconds and self._seconds[-1].start == made.start:
            self._seconds[-1].join(made)
        else:
            self._seconds.append(made)

    def of(self, seconds: int, since: int = 0, until: int | None = None) -> list[Candle]:
        """Bars of so many seconds which begin in ``[since, until]``, seconds, in order."""
        return _joined((each for each in self._seconds if each.start >= since), seconds, until)

    def current(self, seconds: int) -> Candle | None:
        """The newest bar."""
        if not self._seconds:
            return None
        found: list[Candle] = []
        start = self._seconds[-1].start // seconds * seconds
        for each in reversed(self._seconds):
            if each.start < start:
                break
            found.append(each)
        return _joined(reversed(found), seconds, None)[0]


def _joined(parts: Iterable[Candle], seconds: int, until: int | None) -> list[Candle]:
    bars: list[Candle] = []
    for each in parts:
        start = each.start // seconds * seconds
        if until is not None and start > until:
            break
        if bars and bars[-1].start == start:
            bars[-1].join(each)
        else:
            bars.append(replace(each, start=start))
    return bars
