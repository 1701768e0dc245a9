"""Two strategies of one account that want one market."""

from typing import Any

from floor import BTC

from sniper.config import Config
from sniper.events import Event, InstrumentListed, KillSwitch, OrderChanged, Prices, Started, Trade
from sniper.instrument import COIN
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.order_types import Stop
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.types import SECOND, StartPlan
from sniper.view import View

SCRIPT: dict[tuple[str, int], list[Any]] = {}


class Named(Config):
    name: str


class Scripted(Strategy):
    """Yields what it is told to at the n-th trade, and remembers what it hears."""

    config: Named
    seen: int = 0
    heard: list[tuple[str, str, str]] = []

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get((self.config.name, self.seen), [])

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.heard.append((event.key, event.state, event.note))
        yield from ()


class World:
    def __init__(self, script: dict[tuple[str, int], list[Any]], priorities: tuple[tuple[str, int], ...] = ()) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        strategies = tuple(
            StrategyWiring(name=name, strategy=Scripted, config=Named(name=name), sizer=None, venue="x")
            for name in ("low", "high")
        )
        account = AccountWiring(
            name="main",
            chain_id=0,
            address="",
            strategies=strategies,
            desks=(DeskWiring(venue="x", quote="x:USDT"),),
            priorities=priorities,
        )
        self.wiring = Wiring(chains=(), venues={}, accounts=(account,))
        self.kernel = Kernel(self.wiring, report=self.reported)
        balances = {"x:USDT": 100_000 * COIN}
        self.exchanges = {("main", "x"): SimulatedExchange("main", "x", balances, latency=SECOND // 10)}
        self.time = 0
        self.play(Started(time=0, mode="backtest"), InstrumentListed(time=0, instrument=BTC))
        finish(self.kernel, self.exchanges, SECOND)
        self.time = SECOND

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, *events: Event) -> None:
        play(self.kernel, events, self.exchanges)

    def trades(self, *prices: int) -> None:
        for price in prices:
            self.time += SECOND
            self.play(Trade(time=self.time, venue="x", instrument=BTC.id, price=price, size=10))
        finish(self.kernel, self.exchanges, self.time + SECOND // 2)

    @property
    def book(self) -> Any:
        return self.kernel.accounts["main"].book

    def working(self) -> list[tuple[str, str]]:
        return [(order.instance, order.key) for order in self.book.desks["x"].orders.values()]

    def rules(self) -> list[str]:
        return [fact.rule for _, fact in self.kernel.facts if isinstance(fact, f.Verdict) and not fact.allowed]

    def findings(self, rule: str) -> list[tuple[bool, str, str]]:
        judged = [fact for _, fact in self.kernel.facts if isinstance(fact, f.Judged)]
        return [(each.ok, each.severity, each.note) for fact in judged for each in fact.findings if each.rule == rule]


def order(side: Any, price: int | None, key: str, size: int = 100, flags: tuple[str, ...] = ()) -> PlaceOrder:
    return PlaceOrder(key=key, instrument=BTC.id, side=side, size=size, price=price, reason="test", flags=flags)


HIGH = (("high", 1),)


def test_who_waits_to_open_first_keeps_it() -> None:
    world = World({("low", 1): [order("buy", 900_000, "a")], ("high", 2): [order("buy", 950_000, "b")]})
    world.trades(1_000_000, 1_000_000)
    assert world.working() == [("low", "a")]
    assert world.rules() == ["kernel.no-rival"]
    assert [note for ok, _, note in world.findings("no-rival") if not ok] == ["low"]


def test_a_higher_priority_takes_the_place_of_what_only_waits() -> None:
    """It asks again once that is withdrawn; the other one is kept off for a moment, and may come back after it."""
    again = {("high", n): [order("buy", 950_000, f"b{n}")] for n in (2, 3)}
    low = {("low", n): [order("buy", 900_000, f"a{n}")] for n in (1, 3, 4)}
    world = World({**again, **low}, HIGH)
    world.trades(1_000_000, 1_000_000)
    assert world.working() == []
    assert world.book.wishes[BTC.held].instance == "high"
    world.trades(1_000_000)
    assert world.working() == [("high", "b3")]
    assert "kernel.not-outranked" in world.rules()
    world.trades(1_000_000)
    assert world.rules()[-1] == "kernel.no-rival"


def test_what_was_kept_free_in_vain_is_free_again() -> None:
    world = World(
        {
            ("low", 1): [order("buy", 900_000, "a")],
            ("high", 2): [order("buy", 950_000, "b")],
            ("low", 3): [order("buy", 900_000, "a3")],
            ("low", 9): [order("buy", 900_000, "a9")],
        },
        HIGH,
    )
    world.trades(*[1_000_000] * 4)
    assert world.working() == []
    restored = Kernel(world.wiring)
    restore(restored, dump(world.kernel))
    assert restored.accounts["main"].book.wishes == world.book.wishes
    world.trades(*[1_000_000] * 5)
    assert world.working() == [("low", "a9")]


def test_a_position_is_not_taken_from_anybody() -> None:
    world = World({("low", 1): [order("buy", None, "a")], ("high", 4): [order("buy", None, "b")]}, HIGH)
    world.trades(*[1_000_000] * 5)
    assert world.rules() == ["kernel.one-owner"]
    assert world.book.positions[BTC.held].instance == "low"


def test_a_plan_that_would_open_gives_way_too() -> None:
    stop = StartPlan(key="p", plan=Stop(instrument=BTC.id, side="buy", size=100, trigger=1_100_000), reason="test")
    world = World({("low", 1): [stop], ("high", 2): [order("buy", 950_000, "b")]})
    world.trades(1_000_000, 1_000_000)
    assert world.rules() == ["kernel.no-rival"]
    other = World({("low", 1): [stop], ("high", 2): [order("buy", 950_000, "b")], ("high", 3): [stop]}, HIGH)
    other.trades(1_000_000, 1_000_000, 1_000_000)
    assert {plan.started.instance for plan in other.book.plans.values()} == {"high"}


def test_what_would_open_does_not_meet_an_own_order() -> None:
    world = World(
        {
            ("low", 1): [order("buy", None, "in")],
            ("low", 3): [order("sell", 1_100_000, "out")],
            ("low", 4): [order("buy", 1_100_000, "more"), order("buy", 1_099_999, "below")],
        }
    )
    world.trades(*[1_000_000] * 5)
    assert world.rules() == ["kernel.no-self-trade"]
    assert [(severity, note) for _, severity, note in world.findings("no-self-trade")] == [("deny", "main/low/2.1")]
    assert ("low", "out") in world.working()


def test_an_order_at_the_market_reaches_as_far_as_the_slippage() -> None:
    script = {
        ("low", 1): [order("buy", None, "in")],
        ("low", 3): [order("sell", 1_009_000, "out", size=50), order("sell", 1_020_000, "far", size=50)],
        ("low", 4): [order("buy", None, "more")],
    }
    world = World(script)
    world.trades(*[1_000_000] * 4)
    (told,) = world.findings("no-self-trade")
    assert told[2] == "main/low/2.1"  # one hundred bps, and not two


def test_a_sale_by_hand_of_the_kernel_waits_until_what_it_would_meet_is_withdrawn() -> None:
    """A bid of the same strategy rests at the best price when all is to be sold: the sale leaves only once that is
    withdrawn, and then at once or at its next try."""
    world = World(
        {("low", 1): [order("buy", None, "in", size=50)], ("low", 3): [order("buy", 999_000, "bid", size=50)]}
    )
    world.trades(1_000_000, 1_000_000, 1_000_000)
    world.play(Prices(time=world.time, instrument=BTC.id, bid=999_000, ask=1_000_000, bid_size=5, ask_size=5))
    world.play(KillSwitch(time=world.time, account="main", level="flatten"))
    placed = [fact for _, fact in world.kernel.facts if isinstance(fact, f.ExchangeOrderPlaced)]
    assert [each.new.side for each in placed] == ["buy", "buy"]
    assert [severity for _, severity, _ in world.findings("no-self-trade")] == ["deny"]
    world.trades(1_000_000, 1_000_000, 1_000_000)
    assert world.book.positions == {}
    assert [fact.new.side for _, fact in world.kernel.facts if isinstance(fact, f.ExchangeOrderPlaced)][-1] == "sell"


def test_what_reduces_a_position_is_never_kept_from_it() -> None:
    """A strategy sells what it holds into its own bid: that is withdrawn, and said; the order leaves."""
    world = World(
        {
            ("low", 1): [order("buy", None, "in", size=50)],
            ("low", 3): [order("buy", 999_000, "bid", size=50)],
            ("low", 4): [order("sell", 999_000, "out", size=50)],
        }
    )
    world.trades(1_000_000, 1_000_000, 1_000_000, 1_000_000)
    assert world.rules() == []
    assert [severity for _, severity, _ in world.findings("no-self-trade")] == ["warn"]
    assert ("low", "bid") not in world.working()
