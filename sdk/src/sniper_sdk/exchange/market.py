"""One symbol's market: its book, its waiting stops, and what was traded."""

from collections import deque
from dataclasses import dataclass, field

from sniper_sdk.exchange.book import Book
from sniper_sdk.exchange.candles import Candles
from sniper_sdk.exchange.events import Trade
from sniper_sdk.exchange.order import Order, Side
from sniper_sdk.exchange.symbol import Symbol

KEPT_TRADES = 100_000


@dataclass
class Market:
    """``last``: price of the newest trade, 0 before the first. ``prints``: prices that stops have not seen yet."""

    symbol: Symbol
    book: Book = field(default_factory=Book)
    stops: dict[int, Order] = field(default_factory=dict)
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=KEPT_TRADES))
    candles: Candles = field(default_factory=Candles)
    last: int = 0
    trade_id: int = 0
    prints: deque[int] = field(default_factory=deque)
    halted: bool = False

    @property
    def reference(self) -> int:
        """What relative limits are about: the newest trade, else the middle of the book, else 0."""
        if self.last:
            return self.last
        bid, ask = self.book.top(Side.BUY)[0], self.book.top(Side.SELL)[0]
        return (bid + ask) // 2 if bid and ask else bid or ask

    def record(self, trade: Trade) -> None:
        """A trade happened."""
        self.last = trade.price
        self.trades.append(trade)
        self.prints.append(trade.price)
        self.candles.add(trade)
