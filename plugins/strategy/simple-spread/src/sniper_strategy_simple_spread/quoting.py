"""Keeps one quote on each side of an instrument where a model wants it, and none where it must not be.

What market makers have in common; the model is a subclass. Prices are ticks, sizes are lots.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import InstrumentStale, OrderChanged, Prices, TimerFired, Trade
from sniper.exchange_orders import Side
from sniper.strategy import Actions, CancelOrder, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND
from sniper.view import TickerView, WorkingOrder

__all__ = ["Distances", "Maker", "MakerConfig", "Market", "Quoter", "QuoterConfig"]

MILLION: Final = 10**6
SIDES: Final[tuple[Side, Side]] = ("buy", "sell")
FAILED: Final = frozenset({"denied", "rejected"})
OVER: Final = frozenset({"filled", "cancelled", "expired"})


class QuoterConfig(Config):
    """``size`` is coins of the base asset."""

    instrument: str = Field(description="id of what is quoted", examples=["binance:BTC/USDT"])
    size: PositiveCoins = Field(description="of each quote, coins", examples=["0.01"])
    requote_bps: NonNegativeInt = Field(
        2, description="a quote stays until the wanted price is so far from its own, bps of it; 0: it always moves"
    )
    follow_book: bool = Field(
        False, description="whether best prices are taken from the whole order book, which is kept for it"
    )
    post_only: bool = Field(True, description="whether the exchange shall refuse a quote that would be filled at once")
    retry_s: PositiveInt = Field(5, description="seconds after which a side is quoted again that was refused")


class MakerConfig(QuoterConfig):
    """``max_inventory`` is coins of the base asset, too."""

    max_inventory: PositiveCoins = Field(
        description="most that it may have bought more than sold, or sold more than bought, coins", examples=["0.05"]
    )
    min_edge_bps: NonNegativeInt = Field(
        0, description="least distance of a quote from the middle, bps; what a maker pays should be in it"
    )

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.max_inventory < self.size:
            raise ValueError(f"max_inventory {self.max_inventory} is below size {self.size}: nothing could be quoted")
        return self


class Market(NamedTuple):
    """What a model looks at.

    middle     Between the best prices, or the last price where none are known; ticks.
    inventory  Bought less sold since the position was flat, in orders of the configured size; below zero: sold.
    """

    now: int
    middle: float
    inventory: float


class Distances(NamedTuple):
    """How far below and above the middle to quote, ticks; may be below zero. Floats: rounded to ticks by `Maker`."""

    bid: float
    ask: float


class Quoter(Strategy):
    """A quote is moved by cancelling it, and placed anew once the exchange has said that it is over: at no time are
    there two on one side. It works by the account's orders, not by a memory of its own, so after a loss of its state it
    takes up the quotes that are there. Two of one account at one instrument would stand in each other's way.

    held_off  By side: until when it is not quoted, ns UTC, after a denial or a refusal.
    """

    opens: ClassVar[bool] = False
    config: QuoterConfig
    held_off: dict[str, int] = {}

    @abstractmethod
    def prices(self, ticker: TickerView, view: View) -> dict[Side, int]:
        """At which prices to quote, ticks, by side; no more of a side at which nothing may be quoted. Below the best
        ask, above the best bid."""

    def heard_prices(self, event: Prices, view: View) -> None:
        """For models that learn from best prices; called before quotes move."""

    def heard_trade(self, event: Trade, view: View) -> None:
        """For models that learn from trades; called before quotes move."""

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument,)

    def depth(self) -> tuple[str, ...]:
        return self.instruments() if self.config.follow_book else ()

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        self.heard_prices(event, view)
        yield from self.quote(view)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.heard_trade(event, view)
        yield from self.quote(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        yield from self.quote(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if event.key in SIDES and event.state in FAILED:
            self.held_off[event.key] = view.now + self.config.retry_s * SECOND
            yield SetTimer(key=event.key, at=self.held_off[event.key])
        elif event.state in OVER:
            yield from self.quote(view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.held_off.pop(event.key, None)
        yield from self.quote(view)

    def quote(self, view: View) -> Actions:
        """Cancel what is no longer wanted as it is, and place what is wanted and not there."""
        config = self.config
        ticker = view.ticker(config.instrument)
        if ticker is None:
            return
        working: dict[str, WorkingOrder] = {order.key: order for order in view.working(config.instrument)}
        prices = self.prices(ticker, view)
        for side in SIDES:
            order, price = working.get(side), prices.get(side, 0)
            if order is not None:
                if not order.cancelling and (not price or self._moved(order, price)):
                    yield CancelOrder(key=side)
            elif price and side not in self.held_off and not _meets(side, price, working):
                size = self.affordable(side, price, ticker, view)
                if size:
                    yield PlaceOrder(
                        key=side,
                        instrument=config.instrument,
                        side=side,
                        size=size,
                        price=price,
                        reason=f"quotes to {side} at {ticker.instrument.price(price)}",
                        flags=self._flags(ticker),
                    )

    def _moved(self, order: WorkingOrder, price: int) -> bool:
        """Whether a quote is too far from where it should be."""
        if order.price is None or order.price == price:
            return False
        return abs(order.price - price) * BPS >= self.config.requote_bps * order.price

    def affordable(self, side: Side, price: int, ticker: TickerView, view: View) -> int:
        """Lots: as configured, or what there is enough for; 0 where that is too little for the exchange. Whether there
        is margin for a contract, the kernel says."""
        instrument = ticker.instrument
        if instrument.linear:
            most = self.config.size // instrument.lot
        elif side == "buy":
            # the kernel reserves what it would cost a taker
            free = view.free(instrument.quote) * MILLION // (MILLION + max(0, instrument.taker_fee))
            most = instrument.affordable(max(0, free), price)
        else:
            most = max(0, view.free(instrument.base)) // instrument.lot
        return instrument.orderable(min(self.config.size // instrument.lot, most), price)

    def _flags(self, ticker: TickerView) -> tuple[str, ...]:
        return ("post-only",) if self.config.post_only and "post-only" in ticker.instrument.flags else ()


class Maker(Quoter):
    """Quotes around the middle of the best prices, or of the last price where none are known.

    Floats of the model end here: a bid is rounded down and an ask up, neither reaches the other side of the book, and
    what is no finite number is not quoted.
    """

    config: MakerConfig

    @abstractmethod
    def distances(self, market: Market) -> Distances | None:
        """Where to quote now; None: nowhere, such as before enough is known."""

    def prices(self, ticker: TickerView, view: View) -> dict[Side, int]:
        config, instrument = self.config, ticker.instrument
        middle = (ticker.bid + ticker.ask) / 2 if ticker.bid and ticker.ask else float(ticker.last)
        if ticker.stale or not middle:
            return {}
        held = view.positions.get(instrument.held)
        amount = held.amount if held is not None else 0
        wanted = self.distances(Market(view.now, middle, amount / config.size))
        if wanted is None or not (math.isfinite(wanted.bid) and math.isfinite(wanted.ask)):
            return {}
        least = middle * config.min_edge_bps / BPS
        found: dict[Side, int] = {}
        if amount + config.size <= config.max_inventory:
            bid = math.floor(middle - max(wanted.bid, least))
            found["buy"] = max(0, min(bid, ticker.ask - 1 if ticker.ask else bid))
        if amount - config.size >= -config.max_inventory:
            found["sell"] = max(math.ceil(middle + max(wanted.ask, least)), ticker.bid + 1, found.get("buy", 0) + 1)
        return found


def _meets(side: Side, price: int, working: Mapping[str, WorkingOrder]) -> bool:
    """Whether a quote would be filled by the account's own one on the other side, which has yet to move."""
    other = working.get("sell" if side == "buy" else "buy")
    if other is None or other.price is None:
        return False
    return price >= other.price if side == "buy" else price <= other.price
