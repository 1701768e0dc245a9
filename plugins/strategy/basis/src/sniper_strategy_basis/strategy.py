"""Holds coins and sells them short as a perpetual, while that is paid for."""

from typing import ClassVar, Final, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import InstrumentStale, OrderChanged, Prices, TimerFired
from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.strategy import Actions, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND
from sniper.view import TickerView
from sniper_strategy_simple_spread.taking import take

PART: Final = 10**5
"""Billionths in a bp."""
FAILED: Final = frozenset({"denied", "rejected"})
OVER: Final = frozenset({"filled", "cancelled", "expired"})
WAIT: Final = "wait"


class BasisConfig(Config):
    """The two legs have the same base asset; they may be at different exchanges."""

    spot: str = Field(description="id of what is bought", examples=["binance:BTC/USDT"])
    perpetual: str = Field(description="id of what is sold short", examples=["binance:BTC/USDT:USDT"])
    size: PositiveCoins = Field(description="of each leg, coins", examples=["0.1"])
    enter_funding_bps: PositiveInt = Field(3, description="it enters while the next funding pays at least this, bps")
    leave_funding_bps: int = Field(0, description="it leaves once the next funding pays less than this, bps")
    min_basis_bps: int = Field(
        -5, description="least that the perpetual's bid must be above the spot's ask to enter, bps of that"
    )
    slippage_bps: NonNegativeInt = Field(
        20, lt=BPS, description="how far beyond the best price an order may reach, bps"
    )
    retry_s: PositiveInt = Field(10, description="seconds for which it pauses after a denial or a refusal")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.spot == self.perpetual:
            raise ValueError("spot and perpetual are the same instrument")
        if self.leave_funding_bps >= self.enter_funding_bps:
            raise ValueError("leave_funding_bps must be below enter_funding_bps")
        return self


class Basis(Strategy):
    """Coins are bought up to the size, or sold, and the perpetual is always brought to the contrary of the coins that
    are there: so what is not hedged is never more than what one order of coins has filled meanwhile. Orders are filled
    at once or not at all, one at a time.

    carries  Whether it should be in. ``paused``: whether it waits after a denial.
    """

    opens: ClassVar[bool] = False
    config: BasisConfig
    carries: bool = False
    paused: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (self.config.spot, self.config.perpetual)

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        yield from self.adjust(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        yield from self.adjust(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if event.state in FAILED:
            self.paused = True
            yield SetTimer(key=WAIT, at=view.now + self.config.retry_s * SECOND)
        elif event.state in OVER and event.filled:
            yield from self.adjust(view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.paused = False
        yield from self.adjust(view)

    def adjust(self, view: View) -> Actions:
        """Hedge what is there, then buy or sell coins."""
        config = self.config
        spot, perpetual = view.ticker(config.spot), view.ticker(config.perpetual)
        if self.paused or spot is None or perpetual is None or spot.stale or perpetual.stale:
            return
        if not (spot.bid and spot.ask and perpetual.bid and perpetual.ask):
            return
        if view.working(config.spot) or view.working(config.perpetual):
            return
        self.carries = self._worth_it(spot, perpetual, view)
        held = _amount(spot.instrument, view)
        hedge = self._order(perpetual, -held - _amount(perpetual.instrument, view), "hedges the coins")
        if hedge is not None:
            yield hedge
            return
        wanted = config.size if self.carries else 0
        reason = "the funding pays for it" if self.carries else "the funding does not pay any more"
        coins = self._order(spot, wanted - held, reason)
        if coins is not None:
            yield coins

    def _worth_it(self, spot: TickerView, perpetual: TickerView, view: View) -> bool:
        """Whether to be in: to go on needs less than to begin."""
        funding, config = perpetual.funding, self.config
        if funding is None or funding.at < view.now:
            return self.carries
        if self.carries:
            return funding.rate >= config.leave_funding_bps * PART
        bid, ask = perpetual.bid * perpetual.instrument.tick, spot.ask * spot.instrument.tick
        return funding.rate >= config.enter_funding_bps * PART and (bid - ask) * BPS >= config.min_basis_bps * ask

    def _order(self, ticker: TickerView, amount: int, reason: str) -> PlaceOrder | None:
        """An order for so many base units, to be sold where that is below zero; None where it is too small for one."""
        side: Side = "buy" if amount > 0 else "sell"
        return take(side, ticker, side, abs(amount), self.config.slippage_bps, reason)


def _amount(instrument: Instrument, view: View) -> int:
    """What is held of it, base units of the base asset; below zero: sold short."""
    position = view.positions.get(instrument.held)
    return position.amount if position is not None else 0
