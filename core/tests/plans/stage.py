"""A strategy that does as it is told, a kernel, a desk and a simulated exchange, on prices that a test names."""

from collections.abc import Iterable
from typing import Any

from sniper.config import Config
from sniper.events import Event, InstrumentListed, OrderChanged, PlanChanged, Prices, Started, Trade
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.kernel import Kernel
from sniper.kernel.plans.book import PlanState
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, CheckWiring, DeskWiring, StrategyWiring, WatchWiring, Wiring
from sniper.order_types import Plan
from sniper.risk import RiskWatch
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, PlaceOrder, StartPlan, Strategy, on
from sniper.view import View

BTC = Instrument(
    id="x:BTC/USDT",
    kind="spot",
    base="x:BTC",
    quote="x:USDT",
    settle="x:USDT",
    tick=COIN // 100,
    lot=COIN // 1000,
    min_size=5,
)
DOLLARS = 1_000_000 * COIN
SCRIPT: dict[int, list[Any]] = {}
"""By the number of the trade that it hears: what the strategy yields. Any: intents."""


class NoConfig(Config):
    pass


class Scripted(Strategy):
    config: NoConfig
    heard: list[tuple[str, str, int, str]] = []
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get(self.seen, ())

    @on(PlanChanged)
    def plan(self, event: PlanChanged, view: View) -> Actions:
        self.heard.append((event.key, event.state, event.filled, event.note))
        yield from ()

    @on(OrderChanged)
    def order(self, event: OrderChanged, view: View) -> Actions:
        self.heard.append((event.key, event.state, event.filled, event.note))
        yield from ()


def wired(
    strategy: type[Strategy], checks: tuple[CheckWiring, ...] = (), watches: tuple[type[RiskWatch], ...] = ()
) -> Wiring:
    """One account with one strategy and one desk."""
    return Wiring(
        chains=(),
        venues={},
        accounts=(
            AccountWiring(
                name="main",
                chain_id=0,
                address="",
                strategies=(StrategyWiring(name="s", strategy=strategy, config=NoConfig(), sizer=None, venue="x"),),
                checks=checks,
                watches=tuple(WatchWiring(name="w", watch=watch, config=NoConfig()) for watch in watches),
                desks=(DeskWiring(venue="x", quote="x:USDT"),),
            ),
        ),
    )


class Stage:
    """``held``: lots of BTC that are there from the beginning, bought by the same strategy at 100 dollars."""

    def __init__(
        self,
        script: dict[int, list[Any]],
        *,
        held: int = 0,
        instrument: Instrument = BTC,
        latency: int = 0,
        checks: tuple[CheckWiring, ...] = (),
        watches: tuple[type[RiskWatch], ...] = (),
    ) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        self.instrument = instrument
        self.wiring = wired(Scripted, checks, watches)
        self.kernel = Kernel(self.wiring, report=self.reported)
        leverage = 5 if instrument.linear else 0
        self.exchange = SimulatedExchange("main", "x", {"x:USDT": DOLLARS}, latency=latency, leverage=leverage)
        self.exchanges = {("main", "x"): self.exchange}
        self.time = 0
        self.before = 0
        self.play([Started(time=0, mode="backtest"), InstrumentListed(time=0, instrument=instrument)])
        self.wait(10 * latency)
        if held:
            SCRIPT.clear()
            SCRIPT[1] = [PlaceOrder(key="held", instrument=BTC.id, side="buy", size=held, reason="")]
            self.trades(100, 100, 100, every=1 + 10 * latency)
            assert self.book.positions["x:BTC"].amount == held * instrument.lot
            scripted = self.strategy
            scripted.seen = 0
            scripted.heard.clear()
            self.before = len(self.exchange.fills)
            SCRIPT.clear()
            SCRIPT.update(script)

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, events: Iterable[Event]) -> None:
        play(self.kernel, events, self.exchanges)

    def wait(self, time: int) -> None:
        """Let time pass: what is on its way arrives, and timers fire with the next event."""
        self.time += time
        finish(self.kernel, self.exchanges, self.time)

    def trades(self, *prices: int, every: int = 1, size: int = 10) -> None:
        """Trades at whole dollars."""
        for price in prices:
            self.time += every
            self.play([Trade(time=self.time, venue="x", instrument=BTC.id, price=price * 100, size=size)])

    def prices(self, bid: int, ask: int) -> None:
        self.time += 1
        event = Prices(time=self.time, instrument=BTC.id, bid=bid * 100, bid_size=10, ask=ask * 100, ask_size=10)
        self.play([event])

    def crash(self) -> None:
        """Another process takes over what is on record, and hears of everything that it asks for anew."""
        kernel = Kernel(self.wiring, report=self.reported)
        assert restore(kernel, dump(self.kernel)) == ()
        self.kernel = kernel
        kernel.handle(Started(time=self.time, mode="backtest"))
        self.wait(0)

    @property
    def book(self) -> Book:
        return self.kernel.accounts["main"].book

    @property
    def strategy(self) -> Scripted:
        strategy = self.kernel.accounts["main"].instances["s"].strategy
        assert isinstance(strategy, Scripted)
        return strategy

    @property
    def heard(self) -> list[tuple[str, str, int, str]]:
        return self.strategy.heard

    def states(self, key: str = "p") -> list[str]:
        """What the strategy was told of a plan."""
        return [state for told, state, _, _ in self.heard if told == key]

    @property
    def plan(self) -> PlanState:
        """The only one."""
        (plan,) = self.book.plans.values()
        return plan

    def working(self) -> list[tuple[str, int, int | None]]:
        """Side, lots that are left and price of what is at the exchange, as the kernel knows it."""
        orders = self.book.desks["x"].working(BTC.id)
        return [(order.side, order.size - order.filled, _dollars(order.price)) for order in orders]

    def fills(self) -> list[tuple[str, int, int]]:
        """Side, lots and price in dollars of what the exchange has filled."""
        return [(fill.side, fill.size, fill.price // 100) for fill in self.exchange.fills[self.before :]]

    def rules(self) -> list[str]:
        return [fact.rule for _, fact in self.kernel.facts if isinstance(fact, f.Verdict) and not fact.allowed]


def _dollars(price: int | None) -> int | None:
    return None if price is None else price // 100


def start(plan: Plan, key: str = "p") -> StartPlan:
    return StartPlan(key=key, plan=plan, reason="test")
