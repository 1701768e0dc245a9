"""Trades cycles of coins at one exchange that end with more than they began with."""

from collections.abc import Iterator
from typing import ClassVar, Final, NamedTuple, Self

from pydantic import Field, PositiveInt, model_validator

from sniper.amounts import PositiveCoins
from sniper.events import InstrumentStale, OrderChanged, PositionClosed, Prices, TimerFired
from sniper.exchange_orders import Side
from sniper.strategy import Actions, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND, place_of
from sniper.view import TickerView
from sniper_strategy_simple_spread.fills import fresh
from sniper_strategy_simple_spread.taking import take
from sniper_strategy_triangular_arbitrage.cycles import Hop, Step, Way, coins, hop, run, through, ways

FAILED: Final = frozenset({"denied", "rejected"})
WORKS: Final = frozenset({"new", "open", "unknown"})
WAIT: Final = "wait"
KEY: Final = "cycle/"


class TriangularArbitrageConfig(Config):
    instruments: tuple[str, ...] = Field(
        min_length=3,
        max_length=20,
        description="ids of spot instruments at one exchange; each coin needs one in what the desk counts in",
        examples=[["binance:BTC/USDT", "binance:ETH/USDT", "binance:ETH/BTC"]],
    )
    size: PositiveCoins = Field(
        description="most that one cycle begins with, coins of what the desk counts in", examples=["1000"]
    )
    min_gain_bps: PositiveInt = Field(
        5, description="what a cycle must gain after all fees, bps of what it begins with"
    )
    max_legs: int = Field(3, ge=3, le=5, description="most trades of one cycle")
    slippage_bps: int = Field(
        50,
        ge=0,
        lt=BPS,
        description="how far beyond the best price an order may reach that sells what a cycle left, at each try",
    )
    retry_s: PositiveInt = Field(10, description="seconds for which it pauses after a denial or a refusal")

    @model_validator(mode="after")
    def _makes_cycles(self) -> Self:
        if len({place_of(each) for each in self.instruments}) > 1:
            raise ValueError("instruments are at several exchanges; a cycle is at one")
        if odd := next((each for each in self.instruments if each.count(":") != 1 or each.count("/") != 1), ""):
            raise ValueError(f"{odd} is no spot instrument such as binance:ETH/BTC")
        if not any(self.cycles(coins(each)[1]) for each in self.instruments):
            raise ValueError(
                "no cycle can be made of these instruments: name those of at least two coins in what the desk counts "
                "in, and one in which the two are traded for each other"
            )
        return self

    def cycles(self, money: str) -> tuple[Way, ...]:
        """All that begin and end with ``money`` (asset id)."""
        return ways(self.instruments, money, money, 2, self.max_legs - 1)


class Chance(NamedTuple):
    """``gain``: base units of what the desk counts in."""

    cycle: Way
    first: Step
    gain: int


class TriangularArbitrage(Strategy):
    """One leg after the other, each a limit at the best price, filled at once or not at all, and as large as what the
    leg before it really brought. So one coin is open, or two where a leg was filled in part, and one order ends each.

    A coin that is held takes the way on which it brings more: the rest of a cycle, or its own instrument. Nothing but
    what is held decides that, so a crash, a part that was not filled, or a denial in between need no rule of their own.

    bought  Asset ids of the coins that its orders brought, until their positions are closed.
    hops    Trades since the last cycle began; after as many as a cycle has, what is held is sold directly.
    filled  Lots that were told, by order. ``paused``: whether it waits after a denial.
    """

    opens: ClassVar[bool] = False
    config: TriangularArbitrageConfig
    bought: tuple[str, ...] = ()
    hops: int = 0
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

    @on(PositionClosed)
    def closed(self, event: PositionClosed, view: View) -> Actions:
        self.bought = tuple(each for each in self.bought if each != event.token)
        yield from ()

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if fresh(self.filled, event):
            base, quote = coins(event.instrument)
            brought = quote if event.key.endswith("sell") else base
            self.bought = tuple(sorted({*self.bought, brought} - {view.quote_asset(place_of(event.instrument))}))
        if event.state in WORKS:
            return
        onward = event.key.startswith(f"{KEY}on")
        if event.state in FAILED and onward:
            self.hops = self.config.max_legs  # no way leads on: what is held is sold
        elif event.state in FAILED:
            self.paused = True
            yield SetTimer(key=WAIT, at=view.now + self.config.retry_s * SECOND)
        if event.filled or onward:  # else the price was gone: the next one is waited for
            yield from self.look(view)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        self.paused = False
        yield from self.look(view)

    def look(self, view: View) -> Actions:
        """Bring home what is held, or begin the best cycle, unless orders of it are on their way."""
        orders = (order for each in self.config.instruments for order in view.working(each))
        if self.paused or any(order.key.startswith(KEY) for order in orders):
            return
        held = [coin for coin in self.bought if coin in view.positions]
        money = view.quote_asset(place_of(self.config.instruments[0]))
        home = [self._home(coin, view.positions[coin].amount, money, view) for coin in held]
        if any(home):
            yield from filter(None, home)
        elif not any(self._waits(coin, view.positions[coin].amount, money, view) for coin in held):
            yield from self._begin(money, view)

    # ---- from money to coins ----

    def _begin(self, money: str, view: View) -> Actions:
        chance = max(self._chances(money, view), key=lambda each: each.gain, default=None)
        if chance is None:
            return
        self.hops = 1
        first, bps = chance.cycle[0], chance.gain * BPS // chance.first.paid
        path = " > ".join([money, *(_brings(each) for each in chance.cycle)])
        yield _order(f"{KEY}begin/buy", first, chance.first, view, f"{path} gains {bps} bps")

    def _chances(self, money: str, view: View) -> Iterator[Chance]:
        amount = min(self.config.size, view.cash(money))
        for cycle in self.config.cycles(money):
            steps = self._run(cycle, amount, view)
            if steps is not None:
                gain = steps[-1].got - steps[0].paid
                if gain * BPS >= self.config.min_gain_bps * steps[0].paid:
                    yield Chance(cycle, steps[0], gain)

    def _run(self, way: Way, amount: int, view: View) -> list[Step] | None:
        """The steps of a way; None where it cannot be gone: not over coins either that another strategy holds, for what
        is bought would become that one's."""
        if any(coin in view.positions and coin not in self.bought for coin in map(_brings, way)):
            return None
        known = [(view.ticker(each.instrument), each.side) for each in way]
        tickers = [(ticker, side) for ticker, side in known if ticker is not None]
        return run(tickers, amount) if len(tickers) == len(way) else None

    # ---- and back ----

    def _home(self, coin: str, amount: int, money: str, view: View) -> PlaceOrder | None:
        """The next order for a coin that is held; None where it cannot be traded now."""
        ticker = self._ticker(coin, money, view)
        if ticker is None or ticker.stale:
            return None
        if amount < 0:
            return self._direct(coin, ticker, "buy", -amount, money)
        _, onward, step = max(self._onward(coin, amount, ticker, view), default=(0, None, None))
        if onward is None or step is None:
            return self._direct(coin, ticker, "sell", amount, money)
        self.hops += 1
        return _order(f"{KEY}on/{coin}/{onward.side}", onward, step, view, f"{coin} goes on to {_brings(onward)}")

    def _onward(self, coin: str, amount: int, ticker: TickerView, view: View) -> Iterator[tuple[int, Hop, Step]]:
        """The first trades of ways that bring more than selling the coin, and how much more."""
        money = ticker.instrument.quote
        for way in ways(self.config.instruments, coin, money, 1, self.config.max_legs - self.hops - 1):
            steps = self._run(way, amount, view)
            direct = through(ticker, "sell", steps[0].paid, any_size=True) if steps is not None else None
            if steps is not None and direct is not None and steps[-1].got > direct.got:
                yield steps[-1].got - direct.got, way[0], steps[0]

    def _direct(self, coin: str, ticker: TickerView, side: Side, amount: int, money: str) -> PlaceOrder | None:
        key = f"{KEY}home/{coin}/{side}"
        return take(key, ticker, side, amount, self.config.slippage_bps, f"{coin} goes back to {money}")

    def _waits(self, coin: str, amount: int, money: str, view: View) -> bool:
        """Whether what is held of a coin is more than dust, which no exchange trades, and has to be waited with."""
        ticker = self._ticker(coin, money, view)
        if ticker is None or ticker.stale:
            return True
        price = ticker.bid if amount > 0 else ticker.ask
        return not price or ticker.instrument.orderable(abs(amount) // ticker.instrument.lot, price) > 0

    def _ticker(self, coin: str, money: str, view: View) -> TickerView | None:
        direct = hop(self.config.instruments, coin, money)
        return view.ticker(direct.instrument) if direct is not None else None


def _brings(each: Hop) -> str:
    base, quote = coins(each.instrument)
    return base if each.side == "buy" else quote


def _order(key: str, each: Hop, step: Step, view: View, reason: str) -> PlaceOrder:
    """At the best price, at once or not at all."""
    ticker = view.ticker(each.instrument)
    assert ticker is not None  # the step was computed by it
    return PlaceOrder(
        key=key,
        instrument=each.instrument,
        side=each.side,
        size=step.size,
        price=ticker.ask if each.side == "buy" else ticker.bid,
        reason=reason,
        lives="ioc",
    )
