"""A strategy at an exchange: kernel, desk and simulated exchange together, without a chain."""

from collections.abc import Iterable
from typing import Any

import pytest
from floor import BTC

from sniper.config import Config
from sniper.events import Event, InstrumentListed, KillSwitch, OrderChanged, Prices, Started, Trade
from sniper.instrument import COIN
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, CheckWiring, DeskWiring, StrategyWiring, Wiring
from sniper.risk import Findings, RiskCheck, at_most
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, CancelOrder, PlaceOrder, Strategy, on
from sniper.types import Entry
from sniper.view import View

DOLLARS = 100_000 * COIN
MS = 10**6


class NoConfig(Config):
    pass


class Scripted(Strategy):
    """Yields what it is told to at the n-th trade, and remembers what it hears."""

    config: NoConfig
    heard: list[tuple[str, str, int, str]] = []
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        if self.seen in SCRIPT:
            yield from SCRIPT[self.seen]

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.heard.append((event.key, event.state, event.filled, event.note))
        yield from ()


SCRIPT: dict[int, list[Any]] = {}


class AtMost(RiskCheck):
    """No order above 5,000 dollars."""

    exchanges = True

    def judge(self, intent: Entry, view: View) -> Findings:
        yield at_most("amount", intent.amount, 5_000 * COIN)


class World:
    def __init__(
        self,
        script: dict[int, list[Any]],
        *,
        latency: int = 0,
        checks: tuple[CheckWiring, ...] = (),
        claims: tuple[tuple[str, str], ...] = (),
    ) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        self.wiring = Wiring(
            chains=(),
            venues={},
            accounts=(
                AccountWiring(
                    name="main",
                    chain_id=0,
                    address="",
                    strategies=(StrategyWiring(name="s", strategy=Scripted, config=NoConfig(), sizer=None, venue="x"),),
                    checks=checks,
                    desks=(DeskWiring(venue="x", quote="x:USDT"),),
                    claims=claims,
                ),
            ),
        )
        self.kernel = Kernel(self.wiring, report=self.reported)
        self.exchange = SimulatedExchange("main", "x", {"x:USDT": DOLLARS}, latency=latency)
        self.exchanges = {("main", "x"): self.exchange}
        self.time = 0
        self.play([Started(time=0, mode="backtest"), InstrumentListed(time=0, instrument=BTC)])
        finish(self.kernel, self.exchanges, self.time + 10 * latency)
        self.time += 10 * latency

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, events: Iterable[Event]) -> None:
        play(self.kernel, events, self.exchanges)

    def trades(self, *prices: int, every: int = 1) -> None:
        for price in prices:
            self.time += every
            self.play([Trade(time=self.time, venue="x", instrument=BTC.id, price=price, size=10)])

    @property
    def book(self) -> Any:
        return self.kernel.accounts["main"].book

    @property
    def heard(self) -> list[tuple[str, str, int, str]]:
        strategy = self.kernel.accounts["main"].instances["s"].strategy
        assert isinstance(strategy, Scripted)
        return strategy.heard

    def rules(self) -> list[str]:
        return [fact.rule for _, fact in self.kernel.facts if isinstance(fact, f.Verdict) and not fact.allowed]


def buy(size: int = 100, price: int | None = None, key: str = "a", lives: str = "gtc") -> PlaceOrder:
    return PlaceOrder(key=key, instrument=BTC.id, side="buy", size=size, price=price, reason="test", lives=lives)


def sell(size: int = 100, price: int | None = None, key: str = "b") -> PlaceOrder:
    return PlaceOrder(key=key, instrument=BTC.id, side="sell", size=size, price=price, reason="test")


def test_a_purchase_and_a_sale_leave_what_they_gained() -> None:
    world = World({1: [buy()], 3: [sell()]})
    world.trades(4_000_000, 4_000_000, 4_100_000, 4_100_000, 4_100_000)
    assert world.book.positions == {}
    assert world.book.cash["x:USDT"] == world.exchange.balances["x:USDT"] == DOLLARS + 100 * COIN
    assert [state for _, state, _, _ in world.heard] == ["open", "filled", "open", "filled"]
    assert world.kernel.accounts["main"].view.realised(last_ns=10**18, place="x") == 100 * COIN


@pytest.mark.parametrize("id_", [BTC.id, BTC.base])
def test_what_another_strategy_claims_is_not_bought(id_: str) -> None:
    world = World({1: [buy()]}, claims=((id_, "another"),))
    world.trades(4_000_000, 4_000_000)
    assert world.rules() == ["kernel.claimed"]
    mine = World({1: [buy()]}, claims=((id_, "s"), ("x:ETH", "another")))
    mine.trades(4_000_000, 4_000_000)
    assert mine.rules() == []


def test_nothing_is_filled_by_what_was_known_when_it_was_decided() -> None:
    world = World({1: [buy(price=4_000_000)]})
    world.trades(3_900_000, 4_100_000, 4_100_000)
    assert [state for _, state, _, _ in world.heard] == ["open"]
    world.trades(3_950_000, 3_950_000)
    assert world.exchange.fills[0].price == 4_000_000, "it stood there first, so it gets its own price"


def test_a_request_takes_its_time_and_so_does_the_answer() -> None:
    world = World({1: [buy()]}, latency=5 * MS)
    world.trades(4_000_000, 4_010_000, 4_020_000, every=3 * MS)
    assert world.heard == []
    assert world.exchange.fills[0].price == 4_020_000, "the one at 3 ms came before it arrived"
    world.trades(4_030_000, every=8 * MS)
    assert [state for _, state, _, _ in world.heard] == ["open", "filled"]


def test_an_order_that_cannot_be_filled_at_once_expires_where_it_says_so() -> None:
    world = World({1: [buy(price=3_900_000, lives="ioc")]})
    world.trades(4_000_000, 4_000_000, 4_000_000)
    assert [state for _, state, _, _ in world.heard] == ["open", "expired"]
    assert world.book.desks["x"].reserved == {}


def test_an_order_is_cancelled_by_its_key() -> None:
    world = World({1: [buy(price=3_900_000)], 2: [CancelOrder(key="a")], 4: [CancelOrder(key="a")]})
    world.trades(4_000_000, 4_000_000, 4_000_000, 3_000_000, 3_000_000)
    assert [state for _, state, _, _ in world.heard] == ["open", "cancelled"]
    assert world.exchange.fills == []


def test_best_prices_fill_too_and_a_market_order_pays_the_other_side() -> None:
    world = World({1: [buy()]})
    world.trades(4_000_000)
    prices = Prices(time=world.time + 1, instrument=BTC.id, bid=3_990_000, bid_size=1, ask=4_010_000, ask_size=1)
    world.play([prices])
    assert world.exchange.fills[0].price == 4_010_000


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ([buy(size=0)], "kernel.size"),
        ([buy(price=0)], "kernel.price"),
        ([buy(size=10_000)], "kernel.cash"),
        ([sell()], "kernel.cash"),
        ([buy(price=1), buy(price=1)], "kernel.key-free"),
        ([buy(lives="never")], "kernel.lives"),
        ([PlaceOrder(key="a", instrument="y:BTC/USDT", side="buy", size=1, reason="")], "kernel.instrument-known"),
        ([PlaceOrder(key="a", instrument="x:ETH/USDT", side="buy", size=1, reason="")], "kernel.instrument-known"),
    ],
)
def test_what_cannot_be_placed_is_denied_with_its_rule(wanted: list[PlaceOrder], rule: str) -> None:
    world = World({1: wanted})
    world.trades(4_000_000)
    assert world.rules() == [rule]
    assert ("a" if wanted[0].side == "buy" else "b", "denied", 0, rule) in world.heard


def test_checks_that_judge_exchanges_judge_what_opens_and_not_what_closes() -> None:
    world = World(
        {1: [buy(size=200)], 2: [buy(size=100)], 4: [sell(size=100)]},
        checks=(CheckWiring(name="limit", check=AtMost()),),
    )
    world.trades(4_000_000, 4_000_000, 4_000_000, 9_000_000, 9_000_000, 9_000_000)
    assert world.rules() == ["limit.amount"]
    assert [fill.side for fill in world.exchange.fills] == ["buy", "sell"]


def test_a_policy_that_says_nothing_of_exchanges_denies_them() -> None:
    class Chains(AtMost):
        exchanges = False

    world = World({1: [buy()]}, checks=(CheckWiring(name="chains", check=Chains(), policy=True),))
    world.trades(4_000_000)
    assert world.rules() == ["kernel.judges-exchanges"]


def test_the_kill_switch_cancels_what_opens_and_lets_positions_go() -> None:
    world = World({1: [buy()], 3: [buy(price=3_000_000, key="c")], 5: [buy(key="d"), sell()]})
    world.trades(4_000_000, 4_000_000, 4_000_000, 4_000_000)
    world.play([KillSwitch(time=world.time, account="*", level="no-entries", reason="test")])
    world.trades(4_000_000, 4_000_000, 4_000_000)
    assert world.rules() == ["kernel.kill-switch-off"]
    assert world.book.desks["x"].ended["main/s/2.1"].state == "cancelled"
    assert world.book.positions == {}


def test_a_snapshot_goes_on_where_it_was() -> None:
    world = World({1: [buy(price=3_900_000)]})
    world.trades(4_000_000, 4_000_000)
    again = Kernel(world.wiring)
    assert restore(again, dump(world.kernel)) == ()
    assert dump(again) == dump(world.kernel)
    world.kernel.facts.clear()
    for kernel in (again, world.kernel):
        kernel.handle(Trade(time=world.time, venue="x", instrument=BTC.id, price=1, size=1))
    assert dump(again) == dump(world.kernel)


def test_a_strategy_sees_its_instrument_its_orders_and_what_is_free() -> None:
    world = World({1: [buy(1_000, 4_000_000)]}, latency=MS)
    world.trades(4_100_000, 4_200_000, every=5 * MS)
    view = world.kernel.accounts["main"].view
    ticker = view.ticker(BTC.id)
    assert ticker is not None
    assert (ticker.instrument, ticker.last, ticker.to_buy()) == (BTC, 4_200_000, 4_200_000)
    assert view.ticker("x:ETH/USDT") is None
    (order,) = view.working(BTC.id)
    assert (order.key, order.instance, order.side, order.size, order.price) == ("a", "s", "buy", 1_000, 4_000_000)
    assert (order.filled, order.state) == (0, "open")
    assert view.working("x:ETH/USDT") == ()
    assert view.quote_asset("x") == "x:USDT"
    assert view.free("x:USDT") == view.cash("x:USDT") < DOLLARS
    assert view.free("x:BTC") == 0
