"""Holds an instrument while the faster of two moving averages is above the slower."""

from typing import ClassVar, Final, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import Bar, InstrumentStale, OrderChanged, TimerFired, Trade
from sniper.exchange_orders import Side
from sniper.strategy import Actions, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import SECOND
from sniper_strategy_ema_cross.averages import Averages, Kind

KEY: Final = "order"
FAILED: Final = frozenset({"denied", "rejected"})


class EmaCrossConfig(Config):
    """Averages of the closes of bars, or of trades."""

    instrument: str = Field(description="id of what is traded", examples=["binance:BTC/USDT"])
    size: PositiveCoins = Field(description="of the position, coins of the base asset", examples=["0.1"])
    interval_s: NonNegativeInt = Field(
        60, description="seconds of a bar; 0: each trade counts, and no bar is looked at"
    )
    fast: PositiveInt = Field(10, description="prices in the faster average")
    slow: int = Field(20, ge=2, le=10_000, description="prices in the slower one")
    average: Kind = Field("ema", description="exponential averages, or simple ones")
    retry_s: PositiveInt = Field(
        60, description="seconds after which an order is tried again that was denied or refused"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast {self.fast} must be below slow {self.slow}")
        return self


class EmaCross(Strategy):
    """Long or flat, with orders at the market. One order at a time; what it should hold is looked at again when that
    is over.

    averages  None before the first price.
    trend     What the newest price made of them: see `Averages.add`.
    waits     Whether an order was denied or refused, and its time to be tried again has not come.
    """

    opens: ClassVar[bool] = False
    config: EmaCrossConfig
    averages: Averages | None = None
    trend: int = 0
    waits: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument,)

    def bars(self) -> tuple[tuple[str, int], ...]:
        interval = self.config.interval_s
        return ((self.config.instrument, interval * SECOND),) if interval else ()

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if not self.config.interval_s and self._turned(event.price):
            yield from self.adjust(view)

    @on(Bar)
    def closed(self, event: Bar, view: View) -> Actions:
        if self._turned(event.close):
            yield from self.adjust(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        yield from self.adjust(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if event.state in FAILED:
            self.waits = True
            yield SetTimer(key=KEY, at=view.now + self.config.retry_s * SECOND)
        else:
            yield from self.adjust(view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.waits = False
        yield from self.adjust(view)

    def adjust(self, view: View) -> Actions:
        """Order what is missing of the position, or all that is left of it."""
        config, ticker = self.config, view.ticker(self.config.instrument)
        if not self.trend or self.waits or ticker is None or view.working(config.instrument):
            return
        instrument = ticker.instrument
        position = view.positions.get(instrument.held)
        held = position.amount // instrument.lot if position is not None else 0
        least = max(1, instrument.min_size)
        if self.trend > 0 and held < least and not ticker.stale:
            yield self._order("buy", config.size // instrument.lot, "above")
        elif self.trend < 0 and held >= least:
            yield self._order("sell", held, "below")

    def _order(self, side: Side, size: int, where: str) -> PlaceOrder:
        config = self.config
        return PlaceOrder(
            key=KEY,
            instrument=config.instrument,
            side=side,
            size=size,
            reason=f"the average of {config.fast} prices is {where} that of {config.slow}",
        )

    def _turned(self, price: int) -> bool:
        """Whether a price made the averages change places. Hot."""
        averages = self.averages
        if averages is None:
            config = self.config
            averages = self.averages = Averages(kind=config.average, fast=config.fast, slow=config.slow)
        trend = averages.add(price)
        if trend == self.trend:
            return False
        self.trend = trend
        return True
