"""Buys at one exchange what another one pays more for after fees."""

from math import lcm
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import Field, PositiveInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import InstrumentStale, OrderChanged, Prices, TimerFired
from sniper.exchange_orders import Side
from sniper.strategy import Actions, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND, place_of
from sniper.view import TickerView
from sniper_strategy_simple_spread.fills import fresh
from sniper_strategy_simple_spread.taking import take

MILLION: Final = 10**6
FAILED: Final = frozenset({"denied", "rejected"})
WAIT: Final = "wait"


class ExchangeArbitrageConfig(Config):
    """Sizes are coins of the base asset, which is the same in all instruments."""

    instruments: tuple[str, ...] = Field(
        min_length=2,
        max_length=10,
        description="ids of the same coins at different exchanges",
        examples=[["binance:BTC/USDT", "kraken:BTC/USDT"]],
    )
    size: PositiveCoins = Field(description="most of one arbitrage, coins", examples=["0.05"])
    min_gain_bps: PositiveInt = Field(5, description="what it must gain after both fees, bps of what is paid")
    slippage_bps: int = Field(
        50,
        ge=0,
        lt=BPS,
        description="how far beyond the best price an order may reach that evens out what one leg left",
    )
    retry_s: PositiveInt = Field(10, description="seconds for which it pauses after a denial or a refusal")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if len({place_of(each) for each in self.instruments}) < len(self.instruments):
            raise ValueError("two instruments are at the same exchange")
        return self


class Chance(NamedTuple):
    """``size``: base units. ``gain``: base units of the quote asset for it, after fees."""

    buy: TickerView
    sell: TickerView
    size: int
    gain: int


class ExchangeArbitrage(Strategy):
    """Both legs leave at once, as limits at the best prices that were known, to be filled at once or not at all: what
    both fill gains what was seen, at least. What one leg fills beyond the other is evened out with the next prices, at
    the exchange where that costs least, before anything else is begun.

    uneven  Bought less sold, base units of the base asset.
    filled  Lots that were told, by order. ``paused``: whether it waits after a denial.
    """

    opens: ClassVar[bool] = False
    config: ExchangeArbitrageConfig
    uneven: int = 0
    filled: dict[str, int] = {}
    paused: bool = False

    def instruments(self) -> tuple[str, ...]:
        return self.config.instruments

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        yield from self.look(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        if not event.stale:
            yield from self.look(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        lots, ticker = fresh(self.filled, event), view.ticker(event.instrument)
        if lots and ticker is not None:
            self.uneven += (lots if event.key.endswith("buy") else -lots) * ticker.instrument.lot
        if event.state in FAILED:
            self.paused = True
            yield SetTimer(key=WAIT, at=view.now + self.config.retry_s * SECOND)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.paused = False
        yield from self.look(view)

    def look(self, view: View) -> Actions:
        """Even out what one leg left, or trade the best chance, unless orders are on their way."""
        if self.paused or any(view.working(each) for each in self.config.instruments):
            return
        told = [view.ticker(each) for each in self.config.instruments]
        known = [ticker for ticker in told if ticker is not None and not ticker.stale and ticker.bid and ticker.ask]
        evening = self._evening(known)
        if evening is not None:
            yield evening
            return
        chance = max(
            (self._chance(buy, sell, view) for buy in known for sell in known if buy is not sell),
            key=lambda each: each.gain,
            default=None,
        )
        if chance is None or chance.gain <= 0:
            return
        for side, ticker, price in (("buy", chance.buy, chance.buy.ask), ("sell", chance.sell, chance.sell.bid)):
            yield PlaceOrder(
                key=side,
                instrument=ticker.instrument.id,
                side="buy" if side == "buy" else "sell",
                size=chance.size // ticker.instrument.lot,
                price=price,
                reason=f"{chance.sell.instrument.venue} pays more than {chance.buy.instrument.venue} takes",
                lives="ioc",
            )

    def _chance(self, buy: TickerView, sell: TickerView, view: View) -> Chance:
        """What buying here and selling there gains with as much as is offered and can be paid for; 0 where it is less
        than it must be, or the exchanges do not take it."""
        here, there = buy.instrument, sell.instrument
        cost = buy.ask * here.tick * (MILLION + here.taker_fee)
        brings = sell.bid * there.tick * (MILLION - there.taker_fee)
        if (brings - cost) * BPS < self.config.min_gain_bps * cost:
            return Chance(buy, sell, 0, 0)
        free = max(0, view.free(here.quote)) * MILLION // (MILLION + max(0, here.taker_fee))
        size = min(
            self.config.size,
            buy.ask_size * here.lot,
            sell.bid_size * there.lot,
            here.affordable(free, buy.ask) * here.lot,
            self.config.size if there.linear else max(0, view.free(there.base)),
        )
        size -= size % lcm(here.lot, there.lot)
        taken = here.orderable(size // here.lot, buy.ask), there.orderable(size // there.lot, sell.bid)
        if taken != (size // here.lot, size // there.lot) or not size:
            return Chance(buy, sell, 0, 0)
        return Chance(buy, sell, size, (brings - cost) * size // (MILLION * 10**18))

    def _evening(self, tickers: list[TickerView]) -> PlaceOrder | None:
        """An order for what one leg filled beyond the other, where it costs least; None where nothing is to be done."""
        side: Side = "sell" if self.uneven > 0 else "buy"
        reason, slippage = "evens out what one leg filled beyond the other", self.config.slippage_bps
        best: tuple[int, PlaceOrder] | None = None
        for ticker in tickers:
            of = ticker.instrument
            brings = ticker.bid * of.tick * (MILLION - of.taker_fee)
            costs = ticker.ask * of.tick * (MILLION + of.taker_fee)
            order = take(f"even/{side}", ticker, side, abs(self.uneven), slippage, reason)
            worth = brings if side == "sell" else -costs
            if order is not None and (best is None or worth > best[0]):
                best = worth, order
        return best[1] if best is not None else None
