"""Buys at the levels of a grid and sells each purchase one level higher."""

from bisect import bisect_left
from functools import lru_cache
from typing import ClassVar, Final, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import Bar, InstrumentStale, OrderChanged, Prices, TimerFired, Trade
from sniper.exchange_orders import Side
from sniper.plugin import State
from sniper.strategy import Actions, CancelOrder, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import SECOND
from sniper.view import TickerView
from sniper_strategy_simple_spread.fills import fresh

Spacing = Literal["even", "ratio"]

RETRY: Final = "retry"
FAILED: Final = frozenset({"denied", "rejected"})
WORKING: Final = frozenset({"new", "open", "unknown"})


class GridConfig(Config):
    """Prices are coins of the quote asset for one coin of the base asset."""

    instrument: str = Field(description="id of what is traded", examples=["binance:BTC/USDT"])
    lower: PositiveCoins = Field(description="price of the lowest level", examples=["50000"])
    upper: PositiveCoins = Field(description="price of the highest", examples=["70000"])
    levels: int = Field(10, ge=2, le=200, description="how many there are, both ends included")
    spacing: Spacing = Field("ratio", description="the same distance between levels, or the same ratio")
    size: PositiveCoins = Field(description="of each order, coins of the base asset", examples=["0.001"])
    stop: PositiveCoins | None = Field(
        None, description="a price at which everything is sold and the grid ends; none, where left out"
    )
    post_only: bool = Field(True, description="whether the exchange shall refuse an order that would be filled at once")
    bar_s: NonNegativeInt = Field(
        60, description="seconds of the bars that it hears of besides trades and prices; 0: of none"
    )
    retry_s: PositiveInt = Field(
        60, description="seconds after which an order is tried again that was denied or refused"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError("lower must be below upper")
        if self.stop is not None and self.stop >= self.lower:
            raise ValueError("stop must be below lower")
        return self


class Cell(State):
    """What is between two neighbouring levels.

    held   Lots that were bought at the lower level and wait for the upper one.
    waits  Whether an order was denied or refused, and its time to be tried again has not come.
    """

    held: int = 0
    waits: bool = False


class Grid(Strategy):
    """Each cell has one order at a time: to buy at its lower level, while it holds nothing, and to sell what it holds
    at its upper one. Only what rests is ordered: a cell whose lower level is above the market waits until the price is
    above it.

    cells    By number, the lowest first. ``ended``: whether the stop was reached.
    filled   Lots that were told, by order.
    waiting  Whether a timer for a new try is set.
    below    How many levels are below the market; while that is so, only what becomes of orders changes what to order.
    """

    opens: ClassVar[bool] = False
    config: GridConfig
    cells: dict[str, Cell] = {}
    filled: dict[str, int] = {}
    ended: bool = False
    waiting: bool = False
    below: int = -1

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument,)

    def bars(self) -> tuple[tuple[str, int], ...]:
        return ((self.config.instrument, self.config.bar_s * SECOND),) if self.config.bar_s else ()

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if self._moved(view):
            yield from self.adjust(view)

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        if self._moved(view):
            yield from self.adjust(view)

    @on(Bar)
    def barred(self, event: Bar, view: View) -> Actions:
        if self._moved(view):
            yield from self.adjust(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        yield from self.adjust(view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.waiting = False
        for cell in self.cells.values():
            cell.waits = False
        yield from self.adjust(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        name, _, side = event.key.partition("/")
        if side not in ("buy", "sell"):
            return
        cell = self.cells.setdefault(name, Cell())
        new = fresh(self.filled, event)
        cell.held += new if side == "buy" else -new
        if event.state in FAILED:
            cell.waits = True
            if not self.waiting:
                self.waiting = True
                yield SetTimer(key=RETRY, at=view.now + self.config.retry_s * SECOND)
        elif event.state not in WORKING:
            yield from self.adjust(view)

    def adjust(self, view: View) -> Actions:
        """Order in each cell what it lacks; withdraw all while prices are stale, and for good at the stop."""
        config, ticker = self.config, view.ticker(self.config.instrument)
        if ticker is None:
            return
        working = {order.key: order for order in view.working(config.instrument)}
        if not ticker.stale and self._at_stop(ticker):
            self.ended = True
        if ticker.stale or self.ended:
            for key in sorted(working):
                if not working[key].cancelling:
                    yield CancelOrder(key=key)
            if self.ended and not working and not ticker.stale:
                yield from self._leave(ticker, view)
            return
        prices, instrument = self._levels(ticker), ticker.instrument
        self.below = bisect_left(prices, ticker.ask or ticker.last)
        for n in range(len(prices) - 1):
            cell = self.cells.get(str(n))
            if cell is not None and cell.waits:
                continue
            if f"{n}/buy" in working or f"{n}/sell" in working:
                continue
            held = cell.held if cell is not None else 0
            price = max(prices[n + 1], ticker.bid + 1)
            if instrument.orderable(held, price):
                sold = instrument.orderable(self._there(held, ticker, view), price)
                if sold:
                    yield self._order(ticker, n, "sell", sold, price)
            elif n < self.below:
                bought = instrument.orderable(config.size // instrument.lot - held, prices[n])
                if bought:
                    yield self._order(ticker, n, "buy", bought, prices[n])

    def _moved(self, view: View) -> bool:
        """Whether the market is between other levels than before, or at the stop. Hot."""
        ticker = view.ticker(self.config.instrument)
        if ticker is None or ticker.stale:
            return False
        return self.below != bisect_left(self._levels(ticker), ticker.ask or ticker.last) or self._at_stop(ticker)

    def _at_stop(self, ticker: TickerView) -> bool:
        stop = self.config.stop
        return stop is not None and 0 < ticker.to_sell() * ticker.instrument.tick <= stop

    def _levels(self, ticker: TickerView) -> tuple[int, ...]:
        config = self.config
        return levels(config.lower, config.upper, config.levels, config.spacing, ticker.instrument.tick)

    def _leave(self, ticker: TickerView, view: View) -> Actions:
        """Sell at the market what the cells hold, one after the other."""
        for name in sorted(self.cells, key=int):
            cell = self.cells[name]
            size = ticker.instrument.orderable(self._there(cell.held, ticker, view), ticker.to_sell())
            if size and not cell.waits:
                yield PlaceOrder(
                    key=f"{name}/sell",
                    instrument=self.config.instrument,
                    side="sell",
                    size=size,
                    reason="the price reached the stop of the grid",
                )

    def _there(self, held: int, ticker: TickerView, view: View) -> int:
        """Lots of what a cell holds that can be sold: a fee in coins has left less than was bought."""
        instrument = ticker.instrument
        return held if instrument.linear else min(held, max(0, view.free(instrument.base)) // instrument.lot)

    def _order(self, ticker: TickerView, n: int, side: Side, size: int, price: int) -> PlaceOrder:
        flag = self.config.post_only and "post-only" in ticker.instrument.flags
        return PlaceOrder(
            key=f"{n}/{side}",
            instrument=self.config.instrument,
            side=side,
            size=size,
            price=price,
            reason=f"level {n if side == 'buy' else n + 1} of the grid",
            flags=("post-only",) if flag else (),
        )


@lru_cache(maxsize=64)
def levels(lower: int, upper: int, count: int, spacing: Spacing, tick: int) -> tuple[int, ...]:
    """Prices of the levels, ticks, the lowest first: rounded down, exactly, and at least one tick; neighbours may be
    equal where ticks are coarse. ``lower``, ``upper``, ``tick``: base units.

    Of a ratio, level n is the (count - 1)-th root of lower^(count - 1 - n) · upper^n.
    """
    last = count - 1
    if spacing == "even":
        prices = [lower + (upper - lower) * n // last for n in range(count)]
    else:
        prices = [_root(lower ** (last - n) * upper**n, last) for n in range(count)]
    return tuple(max(1, price // tick) for price in prices)


def _root(number: int, degree: int) -> int:
    """The whole part of a root, by Newton's method in integers."""
    guess = 1 << -(-number.bit_length() // degree)
    while True:
        closer = ((degree - 1) * guess + number // guess ** (degree - 1)) // degree
        if closer >= guess:
            return guess
        guess = closer
