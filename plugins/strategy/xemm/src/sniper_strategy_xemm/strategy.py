"""Quotes at one exchange by the prices of another, where it hedges each fill at once."""

from typing import Final, Self

from pydantic import Field, NonNegativeInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import OrderChanged, Prices, TimerFired
from sniper.exchange_orders import Side
from sniper.strategy import Actions, SetTimer, View, on
from sniper.types import BPS, SECOND, place_of
from sniper.view import TickerView
from sniper_strategy_simple_spread.fills import fresh
from sniper_strategy_simple_spread.quoting import FAILED, Quoter, QuoterConfig
from sniper_strategy_simple_spread.taking import take

HEDGE: Final = "hedge"
MILLION: Final = 10**6


class XemmConfig(QuoterConfig):
    """``instrument`` is quoted, and ``hedge`` is what its fills are hedged with: the same coins at another exchange."""

    hedge: str = Field(description="id of the instrument at the other exchange", examples=["kraken:BTC/USDT"])
    edge_bps: NonNegativeInt = Field(10, description="what a fill with its hedge shall gain after all fees, bps")
    max_unhedged: PositiveCoins = Field(
        description="no side is quoted that could add to what is not hedged, while so much is not, coins",
        examples=["0.02"],
    )
    hedge_slippage_bps: int = Field(
        50, ge=0, lt=BPS, description="how far beyond the best price of the other exchange a hedge may reach, bps"
    )

    @model_validator(mode="after")
    def _elsewhere(self) -> Self:
        if place_of(self.instrument) == place_of(self.hedge):
            raise ValueError("instrument and hedge are at the same exchange")
        return self


class Xemm(Quoter):
    """A bid stands so far below what the hedge would bring, and an ask so far above what it would cost, that both fees
    and the edge are in between. A fill is hedged with an order that takes the best price at once or not at all, one at
    a time; what it leaves is tried again when prices change.

    Each side is quoted for no more than the other exchange can hedge: its coins for a bid, its cash for an ask.

    unhedged  Bought less sold at both exchanges, base units of the base asset.
    filled    Lots that were told, by order.
    """

    config: XemmConfig
    unhedged: int = 0
    filled: dict[str, int] = {}

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument, self.config.hedge)

    def prices(self, ticker: TickerView, view: View) -> dict[Side, int]:
        hedge = view.ticker(self.config.hedge)
        if hedge is None or hedge.stale or ticker.stale or not hedge.bid or not hedge.ask:
            return {}
        maker, taker = ticker.instrument, hedge.instrument
        edge = MILLION * self.config.edge_bps // BPS
        found: dict[Side, int] = {}
        if self.unhedged < self.config.max_unhedged:
            # what selling there brings, less what buying here costs, is the edge; rounded down
            brings = hedge.bid * taker.tick * (MILLION - taker.taker_fee)
            bid = brings // ((MILLION + maker.maker_fee + edge) * maker.tick)
            found["buy"] = min(bid, ticker.ask - 1) if ticker.ask else bid
        if -self.unhedged < self.config.max_unhedged:
            costs = hedge.ask * taker.tick * (MILLION + taker.taker_fee)
            ask = -(-costs // ((MILLION - maker.maker_fee - edge) * maker.tick))
            found["sell"] = max(ask, ticker.bid + 1)
        return found

    def affordable(self, side: Side, price: int, ticker: TickerView, view: View) -> int:
        size, instrument = super().affordable(side, price, ticker, view), ticker.instrument
        hedge = view.ticker(self.config.hedge)
        if hedge is None or not size:
            return 0
        size = instrument.orderable(min(size, _hedgeable(side, hedge, view) // instrument.lot), price)
        return size if hedge.instrument.orderable(size * instrument.lot // hedge.instrument.lot, hedge.bid) else 0

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        if event.instrument == self.config.hedge:
            yield from self.cover(view)
        yield from self.quote(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        lots = fresh(self.filled, event)
        ticker = view.ticker(event.instrument)
        if lots and ticker is not None:
            # of its own orders: a bid was bought, an ask was sold, and a hedge goes against what was not hedged
            bought = event.key in ("buy", f"{HEDGE}/buy")
            self.unhedged += (lots if bought else -lots) * ticker.instrument.lot
        if event.key.startswith(HEDGE):
            if event.state in FAILED:
                self.held_off[HEDGE] = view.now + self.config.retry_s * SECOND
                yield SetTimer(key=HEDGE, at=self.held_off[HEDGE])
        elif lots:
            yield from self.cover(view)
        yield from super().changed(event, view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.held_off.pop(event.key, None)
        yield from self.cover(view)
        yield from self.quote(view)

    def cover(self, view: View) -> Actions:
        """Hedge what is not hedged, where that is enough for an order."""
        config, hedge = self.config, view.ticker(self.config.hedge)
        if hedge is None or not self.unhedged or HEDGE in self.held_off:
            return
        if any(order.key.startswith(HEDGE) for order in view.working(config.hedge)):
            return
        side: Side = "sell" if self.unhedged > 0 else "buy"
        reason = f"hedges what was {'bought' if side == 'sell' else 'sold'} at {place_of(config.instrument)}"
        order = take(f"{HEDGE}/{side}", hedge, side, abs(self.unhedged), config.hedge_slippage_bps, reason)
        if order is not None:
            yield order


def _hedgeable(side: Side, hedge: TickerView, view: View) -> int:
    """Base units of which a fill of this side could be hedged."""
    instrument = hedge.instrument
    if instrument.linear:
        return 2**255  # the kernel says whether there is margin
    if side == "buy":
        return max(0, view.free(instrument.base))
    free = max(0, view.free(instrument.quote)) * MILLION // (MILLION + max(0, instrument.taker_fee))
    return instrument.affordable(free, hedge.ask) * instrument.lot
