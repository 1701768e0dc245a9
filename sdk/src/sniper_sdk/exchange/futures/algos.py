"""Orders that wait for a price before they are placed (Binance, "Algo Order": conditional orders)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sniper_sdk.exchange.order import Side, TimeInForce


class AlgoType(StrEnum):
    """What it becomes: those at the market have ``_MARKET`` in their name."""

    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"


class AlgoStatus(StrEnum):
    """Where it is."""

    NEW = "NEW"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


_STOPS: Final = frozenset({AlgoType.STOP, AlgoType.STOP_MARKET})
_WHOLE: Final = 10_000


@dataclass(slots=True, eq=False)
class Algo:
    """``callback``: of one that trails, in hundredths of a percent; ``extreme``: the best price since it follows.

    by_mark   Whether the mark price triggers it; else that of trades.
    order_id  Of what it became.
    """

    id: int
    account: str
    client_id: str
    symbol: str
    side: Side
    type: AlgoType
    quantity: int
    price: int
    trigger: int
    created: int
    updated: int
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    by_mark: bool = False
    callback: int = 0
    extreme: int = 0
    status: AlgoStatus = AlgoStatus.NEW
    order_id: int = 0
    failed: str = field(default="")

    def crossed(self, price: int) -> bool:
        """Whether this price is at its trigger or beyond."""
        above = (self.side is Side.BUY) == (self.type in _STOPS)
        return price >= self.trigger if above else price <= self.trigger

    def reached(self, price: int) -> bool:
        """Whether this price makes it an order. One that trails follows sales up and purchases down, from its
        activation price on, where it has one."""
        if self.type is not AlgoType.TRAILING_STOP_MARKET:
            return self.crossed(price)
        sells = self.side is Side.SELL
        if not self.extreme:
            if self.trigger and not (price >= self.trigger if sells else price <= self.trigger):
                return False
            self.extreme = price
        self.extreme = max(self.extreme, price) if sells else min(self.extreme, price)
        if sells:
            return price * _WHOLE <= self.extreme * (_WHOLE - self.callback)
        return price * _WHOLE >= self.extreme * (_WHOLE + self.callback)
