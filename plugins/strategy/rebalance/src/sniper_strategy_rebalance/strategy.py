"""Holds target weights of several assets at an exchange, by bands of drift and by time."""

from typing import ClassVar, Final, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sniper.events import Bar, InstrumentStale, OrderChanged, PlanChanged, Prices, TimerFired, Trade
from sniper.exchange_orders import Side
from sniper.instrument import COIN, to_decimal
from sniper.order_types import Twap
from sniper.strategy import Actions, CancelOrder, Config, PlaceOrder, SetTimer, StartPlan, Strategy, View, on
from sniper.types import BPS, SECOND
from sniper_strategy_rebalance.drift import Change, Portfolio, Share, portfolio
from sniper_strategy_rebalance.lots import DAY, Lot, Method, Tax, followed
from sniper_strategy_rebalance.weights import Weight

EVERY: Final = "every"
END: Final = "end"
WORKING: Final = frozenset({"new", "open", "unknown"})
GOES_ON: Final = frozenset({"working", "ending"})


class RebalanceConfig(Config):
    """Assets are named as the exchange does; each is traded against the quote asset."""

    exchange: str = Field(description="the exchange, by the name of its section", examples=["binance"])
    quote: str = Field("USDT", description="asset in which all is counted, and which holds the rest")
    targets: dict[str, Weight] = Field(
        min_length=1,
        description="share of the whole by asset: bps, or an exact decimal share as text; 0: all of it is sold",
        examples=[{"BTC": "0.5", "ETH": "0.3"}],
    )
    band_bps: NonNegativeInt = Field(
        500,
        le=BPS,
        description="drift of an asset, or of the quote asset, that begins a round, bps of the whole; 0: none",
    )
    every_s: NonNegativeInt = Field(
        0, description="seconds between rounds that begin whatever the drift, counted from midnight UTC; 0: none do"
    )
    at_s: NonNegativeInt = Field(0, description="so many seconds after each multiple of every_s")
    cost_factor: NonNegativeInt = Field(
        2, description="what has drifted by less than so many times the cost of its trade is left as it is"
    )
    tax_bps: NonNegativeInt = Field(
        0, le=BPS, description="tax on what a sale gains, part of the cost of its trade; 0: none is looked at"
    )
    long_tax_bps: NonNegativeInt | None = Field(
        None, le=BPS, description="the same, of what was held for long_after_days; as tax_bps where it is not set"
    )
    long_after_days: PositiveInt = Field(365, description="days from the purchase on to which tax_bps applies")
    lots: Method = Field("hifo", description="which lots a sale takes first: the oldest, the newest, or the dearest")
    slippage_bps: int = Field(50, ge=0, lt=BPS, description="how much worse than the best price an order may be filled")
    execution: Literal["limit", "twap"] = Field(
        "limit", description="each change as one order, whose unfilled rest is left, or in equal parts over twap_s"
    )
    twap_s: PositiveInt = Field(600, description="seconds that a change in parts takes")
    twap_slices: PositiveInt = Field(10, le=1000, description="how many parts")
    rest_s: PositiveInt = Field(60, description="least seconds between the end of a round and the next one")
    bar_s: NonNegativeInt = Field(
        60, description="seconds of the bars that it hears of besides trades and prices; 0: of none"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if sum(self.targets.values()) > COIN:
            raise ValueError(f"targets add up to {to_decimal(sum(self.targets.values())):f}, which is more than 1")
        if self.quote in self.targets:
            raise ValueError(f"targets must not name {self.quote}: it holds what the others leave")
        if not self.band_bps and not self.every_s:
            raise ValueError("band_bps or every_s must be above zero: nothing would ever begin a round")
        if self.long_tax_bps is not None and not self.tax_bps:
            raise ValueError("long_tax_bps is of nothing without tax_bps: set both, or none")
        return self

    @property
    def tax(self) -> Tax | None:
        """None: none is looked at."""
        if not self.tax_bps:
            return None
        long = self.tax_bps if self.long_tax_bps is None else self.long_tax_bps
        return Tax(self.lots, self.tax_bps, long, self.long_after_days * DAY)


class Rebalance(Strategy):
    """A round sells what is too much, and once none of that is on its way any more, buys what is too little.

    phase    ``sell`` or ``buy`` while a round goes on, else empty.
    on_way   Key of the order or plan that is on its way, by instrument.
    due      Whether a round is to begin whatever the drift.
    rests    No round begins before, ns UTC. ``begun``: whether the clock was started.
    lots     Of each asset, as far as its position is known; ``costs``: what that had cost then, quote base units.
    """

    opens: ClassVar[bool] = False
    config: RebalanceConfig
    phase: str = ""
    on_way: dict[str, str] = {}
    due: bool = False
    rests: int = 0
    begun: bool = False
    lots: dict[str, list[Lot]] = {}
    costs: dict[str, int] = {}

    def instruments(self) -> tuple[str, ...]:
        return tuple(self._instrument(name) for name in sorted(self.config.targets))

    def bars(self) -> tuple[tuple[str, int], ...]:
        return tuple((each, self.config.bar_s * SECOND) for each in self.instruments()) if self.config.bar_s else ()

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        yield from self._look(view)

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        yield from self._look(view)

    @on(Bar)
    def barred(self, event: Bar, view: View) -> Actions:
        yield from self._look(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        """An order ends by itself; a plan would go on for a price that is not known."""
        key = self.on_way.get(event.instrument)
        if event.stale and key is not None and self.config.execution == "twap":
            yield CancelOrder(key=key)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        if event.key == EVERY:
            self.due = True
            yield SetTimer(key=EVERY, at=self._next(view.now))
            yield from self._look(view)
        else:
            for instrument in sorted(self.on_way):
                yield CancelOrder(key=self.on_way[instrument])

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self._follow(view)
        if event.state not in WORKING and self.on_way.get(event.instrument) == event.key:
            yield from self._over(event.instrument, view)

    @on(PlanChanged)
    def planned(self, event: PlanChanged, view: View) -> Actions:
        self._follow(view)
        if event.state not in GOES_ON and self.on_way.get(event.instrument) == event.key:
            yield from self._over(event.instrument, view)

    def _look(self, view: View) -> Actions:
        """Begin a round where it is time for one, or something has drifted too far."""
        config = self.config
        if config.every_s and not self.begun:
            self.begun = True
            yield SetTimer(key=EVERY, at=self._next(view.now))
        if self.phase or view.now < self.rests or not (self.due or config.band_bps):
            return
        held = self._held(view)
        if held is None or not (self.due or held.beyond(config.band_bps)):
            return
        if self._changes(held, "sell"):
            yield from self._trade(held, "sell", view)
        else:
            yield from self._trade(held, "buy", view)

    def _over(self, instrument: str, view: View) -> Actions:
        """Nothing of an order is on its way any more; after the last sale come the purchases."""
        del self.on_way[instrument]
        if self.on_way:
            return
        held = self._held(view) if self.phase == "sell" else None
        if held is not None:
            yield from self._trade(held, "buy", view)
        else:
            if self.phase == "buy":
                self.due = False
            self._rest(view)

    def _trade(self, held: Portfolio, side: Side, view: View) -> Actions:
        changes = self._changes(held, side)
        if not changes:
            self.due = False
            if self.phase:
                self._rest(view)
            return
        self.phase = side
        # before the first of them leaves, for what is denied is told at once
        self.on_way = {change.instrument.id: f"{change.name}/{side}" for change in changes}
        for change in changes:
            yield self._order(change, held)
        if self.config.execution == "twap" and self.on_way:
            part = self.config.twap_s * SECOND // self.config.twap_slices
            yield SetTimer(key=END, at=view.now + self.config.twap_s * SECOND + part)

    def _order(self, change: Change, held: Portfolio) -> PlaceOrder | StartPlan:
        config, instrument = self.config, change.instrument.id
        away = abs(change.drift) * BPS // held.total
        reason = f"{change.name} is {away} bps of the whole {'above' if change.drift > 0 else 'below'} its target"
        key = f"{change.name}/{change.side}"
        if config.execution == "limit":
            return PlaceOrder(
                key=key,
                instrument=instrument,
                side=change.side,
                size=change.size,
                price=change.limit,
                lives="ioc",
                reason=reason,
            )
        plan = Twap(
            instrument=instrument,
            side=change.side,
            size=change.size,
            duration=config.twap_s * SECOND,
            slices=config.twap_slices,
            limit=change.limit,
        )
        return StartPlan(key=key, plan=plan, reason=reason)

    def _changes(self, held: Portfolio, side: Side) -> tuple[Change, ...]:
        return held.changes(side, self.config.slippage_bps, self.config.cost_factor)

    def _follow(self, view: View) -> None:
        """Let the lots hold what positions have become: what came, came at what it cost and now."""
        tax = self.config.tax
        if tax is None:
            return
        for name in self.config.targets:
            position = view.positions.get(f"{self.config.exchange}:{name}")
            amount, cost = (position.amount, position.cost) if position is not None else (0, 0)
            lots, before = self.lots.get(name, []), self.costs.get(name, 0)
            at = view.now if lots or position is None else position.opened_at
            self.lots[name], self.costs[name] = followed(lots, before, max(0, amount), max(0, cost), at, tax), cost

    def _held(self, view: View) -> Portfolio | None:
        config, shares = self.config, []
        self._follow(view)
        for name in sorted(config.targets):
            ticker = view.ticker(self._instrument(name))
            if ticker is None:
                return None
            owned = max(0, view.free(ticker.instrument.base))
            shares.append(Share(name, ticker, owned, config.targets[name], tuple(self.lots.get(name, ()))))
        cash = max(0, view.free(f"{config.exchange}:{config.quote}"))
        return portfolio(shares, cash, view.now, config.tax)

    def _instrument(self, name: str) -> str:
        return f"{self.config.exchange}:{name}/{self.config.quote}"

    def _rest(self, view: View) -> None:
        self.phase, self.rests = "", view.now + self.config.rest_s * SECOND

    def _next(self, now: int) -> int:
        """The first time for a round that lies after ``now``, ns UTC."""
        every, shift = self.config.every_s * SECOND, self.config.at_s * SECOND
        return (now - shift) // every * every + every + shift
