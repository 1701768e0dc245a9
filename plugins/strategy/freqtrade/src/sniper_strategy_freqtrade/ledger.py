"""The trades and locks of one run."""

from datetime import UTC, datetime
from typing import NamedTuple

from sniper_strategy_freqtrade.surface.timeframes import timeframe_to_next_date
from sniper_strategy_freqtrade.trade import Trade


class Lock(NamedTuple):
    """No entry into ``pair`` (``*``: any) before ``until``; ``side``: ``long``, ``short`` or ``*``."""

    pair: str
    until: datetime
    reason: str | None
    side: str


class Ledger:
    """``open``: by pair, in the order in which they were opened; ``closed``: all that are over."""

    def __init__(self, timeframe: str) -> None:
        self.timeframe = timeframe
        self.open: dict[str, list[Trade]] = {}
        self.closed: list[Trade] = []
        self.locks: list[Lock] = []
        self.now = datetime.fromtimestamp(0, UTC)
        self.closed_profit = 0.0

    def trades_open(self) -> list[Trade]:
        """In the order in which they were opened."""
        return sorted((trade for trades in self.open.values() for trade in trades), key=lambda trade: trade.id)

    def count(self) -> int:
        return sum(map(len, self.open.values()))

    def add(self, trade: Trade) -> None:
        self.open.setdefault(trade.pair, []).append(trade)

    def drop(self, trade: Trade) -> None:
        """Of a trade of which nothing was ever filled."""
        self.open[trade.pair].remove(trade)

    def close(self, trade: Trade) -> None:
        self.open[trade.pair].remove(trade)
        self.closed.append(trade)
        self.closed_profit += trade.close_profit_abs or 0.0

    def candle_end(self, at: datetime) -> datetime:
        return timeframe_to_next_date(self.timeframe, at)

    def locked(self, pair: str, side: str, at: datetime) -> bool:
        """Whether no entry may be made then."""
        return any(lock.pair in (pair, "*") and lock.side in (side, "*") and lock.until > at for lock in self.locks)
