"""Buys for the same amount at regular times."""

from typing import ClassVar, Final

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.amounts import PositiveCoins
from sniper.events import Bar, OrderChanged, Prices, TimerFired, Trade
from sniper.strategy import Actions, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import DAY, SECOND

KEY: Final = "purchase"
FAILED: Final = frozenset({"denied", "rejected", "expired", "cancelled"})


class DcaConfig(Config):
    """Amounts are coins of the instrument's quote asset."""

    instrument: str = Field(description="id of what is bought", examples=["binance:BTC/USDT"])
    amount: PositiveCoins = Field(description="what is spent each time, fee included", examples=["50"])
    every_s: PositiveInt = Field(DAY // SECOND, description="seconds between two purchases, counted from midnight UTC")
    at_s: int = Field(0, ge=0, description="so many seconds after each multiple of every_s")
    bar_s: NonNegativeInt = Field(
        60, description="seconds of the bars that it hears of besides trades and prices; 0: of none"
    )
    catch_up: PositiveInt = Field(
        3, description="most purchases that one may make up for, where earlier ones could not be made"
    )
    most: PositiveCoins | None = Field(None, description="all that it may ever spend; without an end, where left out")


class Dca(Strategy):
    """What a purchase leaves over because lots are whole is added to the next one, so that on average it spends what
    it should.

    due     What is to be spent and is not yet, base units; ``spent``: by orders that are over, fees not counted.
    price   At which the order on its way is reckoned, ticks. ``begun``: whether the clock was started.
    """

    opens: ClassVar[bool] = False
    config: DcaConfig
    begun: bool = False
    due: int = 0
    spent: int = 0
    price: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument,)

    def bars(self) -> tuple[tuple[str, int], ...]:
        return ((self.config.instrument, self.config.bar_s * SECOND),) if self.config.bar_s else ()

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        yield from self._begin(view)

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        yield from self._begin(view)

    @on(Bar)
    def barred(self, event: Bar, view: View) -> Actions:
        yield from self._begin(view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        config = self.config
        yield SetTimer(key=KEY, at=self._next(view.now))
        self.due = min(self.due + config.amount, config.catch_up * config.amount)
        if config.most is not None:
            self.due = min(self.due, max(0, config.most - self.spent))
        ticker = view.ticker(config.instrument)
        if ticker is None or ticker.stale or not ticker.to_buy() or view.working(config.instrument):
            return
        instrument, self.price = ticker.instrument, ticker.to_buy()
        before_fee = self.due * 10**6 // (10**6 + max(0, instrument.taker_fee))
        size = instrument.orderable(instrument.affordable(before_fee, self.price), self.price)
        if size:
            yield PlaceOrder(
                key=KEY,
                instrument=config.instrument,
                side="buy",
                size=size,
                reason=f"the purchase of every {config.every_s} s",
            )

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        """An order is paid for when it is over, by the price at which it was reckoned."""
        ticker = view.ticker(event.instrument)
        if ticker is not None and event.filled and event.state in ("filled", *FAILED):
            paid = ticker.instrument.value(self.price, event.filled)
            paid += paid * max(0, ticker.instrument.taker_fee) // 10**6
            self.due = max(0, self.due - paid)
            self.spent += paid
        yield from ()

    def _begin(self, view: View) -> Actions:
        if not self.begun:
            self.begun = True
            yield SetTimer(key=KEY, at=self._next(view.now))

    def _next(self, now: int) -> int:
        """The first time for a purchase that lies after ``now``, ns UTC."""
        every, shift = self.config.every_s * SECOND, self.config.at_s * SECOND
        return (now - shift) // every * every + every + shift
