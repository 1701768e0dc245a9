"""Contracts at a simulated exchange: kernel, desk and exchange together keep the same books."""

from typing import Any

import pytest
from floor import contract
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from sniper.config import Config
from sniper.events import (
    Bar,
    ClosePosition,
    Event,
    FundingRate,
    InstrumentListed,
    KillSwitch,
    OrderChanged,
    PositionForced,
    Prices,
    Started,
    Trade,
)
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

BTC = contract(flags=("reduce-only", "post-only"), taker_fee=500)
ETH = contract(id="x:ETH/USDT:USDT", base="x:ETH", flags=("reduce-only",))
USDT = "x:USDT"
DOLLARS = 1_000 * COIN


class NoConfig(Config):
    pass


class Scripted(Strategy):
    """Yields what it is told to at the n-th trade, and remembers what it hears."""

    config: NoConfig
    heard: list[tuple[str, str]] = []
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id, ETH.id)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get(self.seen, ())

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.heard.append((event.key, event.note or event.state))
        yield from ()

    @on(PositionForced)
    def forced(self, event: PositionForced, view: View) -> Actions:
        self.heard.append((event.instrument, f"{event.reason} of {event.size} at {event.price}, {event.left} left"))
        yield from ()


SCRIPT: dict[int, list[Any]] = {}


class Notional(RiskCheck):
    exchanges = True

    def judge(self, intent: Entry, view: View) -> Findings:
        exposure = view.exposure("x") + (intent.amount if intent.side == "increase" else 0)
        yield at_most("exposure", exposure, 3_500 * COIN)


class World:
    def __init__(self, script: dict[int, list[Any]], *, leverage: int = 10, latency: int = 0) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        strategy = StrategyWiring(name="s", strategy=Scripted, config=NoConfig(), sizer=None, venue="x")
        self.wiring = Wiring(
            chains=(),
            venues={},
            accounts=(
                AccountWiring(
                    name="main",
                    chain_id=0,
                    address="",
                    strategies=(strategy,),
                    checks=(CheckWiring(name="notional", check=Notional()),),
                    desks=(DeskWiring(venue="x", quote=USDT),),
                ),
            ),
        )
        self.reports: list[str] = []
        self.kernel = Kernel(self.wiring, report=lambda what, error: self.reports.append(f"{what}: {error}"))
        self.exchange = SimulatedExchange("main", "x", {USDT: DOLLARS}, latency=latency, leverage=leverage)
        self.time = 0
        listed = [InstrumentListed(time=0, instrument=each) for each in (BTC, ETH)]
        self.play(Started(time=0, mode="backtest"), *listed)
        self.pause(10 * latency)

    def play(self, *events: Event) -> None:
        play(self.kernel, events, {("main", "x"): self.exchange})

    def restore(self) -> None:
        """Another kernel takes over from a snapshot."""
        kernel = Kernel(self.wiring, report=self.kernel.report)
        assert restore(kernel, dump(self.kernel)) == ()
        self.kernel = kernel

    def pause(self, nanoseconds: int) -> None:
        self.time += nanoseconds
        finish(self.kernel, {("main", "x"): self.exchange}, self.time)

    def trades(self, *prices: int, instrument: str = BTC.id) -> None:
        for price in prices:
            self.time += 1
            self.play(Trade(time=self.time, venue="x", instrument=instrument, price=price, size=10))
            self.pause(0)

    @property
    def account(self) -> Any:
        return self.kernel.accounts["main"]

    @property
    def heard(self) -> list[tuple[str, str]]:
        strategy = self.account.instances["s"].strategy
        assert isinstance(strategy, Scripted)
        return strategy.heard

    def same_books(self) -> None:
        """What the kernel holds is what the exchange says, to the last unit."""
        assert self.account.book.cash.get(USDT, 0) == self.exchange.balances[USDT]
        assert self.exchange.contracts is not None
        for state in self.exchange.contracts.states():
            position = self.account.book.positions.get(state.instrument.id)
            held = (position.amount // state.instrument.lot, position.cost) if position is not None else (0, 0)
            assert held == (state.size, state.cost)
        assert not [fact for _, fact in self.kernel.facts if isinstance(fact, f.ContractAdjusted)]
        assert not self.reports


def order(side: Any, size: int, price: int | None = None, *flags: str, key: str = "a") -> PlaceOrder:
    return PlaceOrder(key=key, instrument=BTC.id, side=side, size=size, price=price, reason="test", flags=flags)


def test_a_short_is_opened_turned_and_closed_with_what_it_gains() -> None:
    world = World({1: [order("sell", 50)], 3: [order("buy", 80)], 5: [order("sell", 30, None, "reduce-only")]})
    world.trades(4_000_000, 4_000_000)
    held = world.account.view.contract(BTC.id)
    assert (held.lots, held.entry, held.margin, held.leverage) == (-50, 4_000_000, 200 * COIN, 10)
    world.trades(3_800_000, 3_800_000)
    held = world.account.view.contract(BTC.id)
    assert (held.lots, held.entry, held.unrealised) == (30, 3_800_000, 0)
    world.trades(3_900_000)
    assert held.unrealised == 30 * COIN
    world.trades(3_900_000)
    assert world.account.view.contract(BTC.id) is None
    fees = (2_000 + 3_040 + 1_170) * COIN // 2_000
    assert world.account.book.cash[USDT] == DOLLARS + 100 * COIN + 30 * COIN - fees
    assert world.account.view.realised(last_ns=10**18, place="x") == 130 * COIN - fees
    assert world.account.view.equity("x") == world.account.book.cash[USDT]
    world.same_books()


def test_margin_is_all_that_an_order_reserves_and_notional_all_that_it_risks() -> None:
    world = World({1: [order("buy", 50, 3_000_000)], 2: [order("buy", 70, 3_000_000, key="b")]})
    world.trades(4_000_000)
    view = world.account.view
    assert view.free(USDT) == DOLLARS - 150 * COIN - 1_500 * COIN // 2_000
    assert view.exposure("x") == 1_500 * COIN
    world.trades(4_000_000)
    assert world.heard[-1] == ("b", "notional.exposure")


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (order("sell", 10, None, "reduce-only"), "kernel.reduces"),
        (order("buy", 260), "kernel.cash"),
    ],
)
def test_what_is_not_covered_or_reduces_nothing_is_denied(wanted: PlaceOrder, rule: str) -> None:
    world = World({1: [wanted]})
    world.trades(4_000_000)
    assert world.heard == [("a", rule)]


def test_a_loss_that_is_not_realised_is_margin_no_more() -> None:
    world = World({1: [order("buy", 60)], 3: [order("buy", 1, key="b")]}, leverage=3)
    world.trades(4_000_000, 4_000_000, 3_600_000)
    assert world.heard[-1] == ("b", "kernel.cash"), "800 are held, 240 lost: nothing is free"


def test_what_reduces_needs_no_margin_and_ends_with_the_position() -> None:
    only = "reduce-only"
    world = World(
        {1: [order("buy", 50)], 3: [order("sell", 50, 4_500_000, only, key="b"), order("sell", 50, None, only)]}
    )
    world.trades(4_000_000, 4_000_000, 4_000_000, 4_000_000, 4_600_000)
    assert world.heard[-2:] == [("a", "filled"), ("b", "expired")]
    world.same_books()


def test_funding_is_paid_when_it_falls_due_and_counts_as_profit() -> None:
    world = World({1: [order("sell", 50)]})
    world.play(FundingRate(time=0, instrument=BTC.id, rate=100_000, at=1_000))
    world.trades(4_000_000, 4_000_000)
    before = world.account.book.cash[USDT]
    world.time = 998
    world.trades(5_000_000)
    assert world.account.book.cash[USDT] == before
    world.trades(5_000_000)
    assert world.account.book.cash[USDT] == before + 2_500 * COIN // 10_000
    assert world.account.view.ticker(BTC.id).funding.rate == 100_000
    world.same_books()


def test_a_rate_of_the_past_is_paid_at_once() -> None:
    world = World({1: [order("buy", 50)]})
    world.trades(4_000_000, 4_000_000)
    before = world.account.book.cash[USDT]
    world.time += 1
    world.play(FundingRate(time=world.time, instrument=BTC.id, rate=-100_000, at=world.time))
    world.pause(0)
    assert world.account.book.cash[USDT] == before + 2_000 * COIN // 10_000


@pytest.mark.parametrize("latency", [0, 5])
def test_a_position_is_liquidated_where_its_liquidation_price_says(latency: int) -> None:
    script = {1: [order("buy", 70), order("buy", 1, 2_000_000, key="b")]}
    world = World(script, leverage=10, latency=latency)
    world.trades(4_000_000)
    world.pause(100)
    world.trades(4_000_000)
    world.pause(100)
    price = world.account.view.contract(BTC.id).liquidation
    world.trades(price + 1)
    world.pause(100)
    assert world.account.book.positions
    world.trades(price)
    world.pause(100)
    assert world.account.book.positions == {}
    assert (BTC.id, f"liquidation of 70 at {price}, 0 left") in world.heard
    assert ("b", "cancelled") in world.heard
    assert 0 < world.account.book.cash[USDT] < 20 * COIN
    world.same_books()


def test_a_bar_liquidates_by_its_worst_price() -> None:
    world = World({1: [order("buy", 70)]})
    world.trades(4_000_000, 4_000_000)
    world.time += 100
    bar = Bar(
        time=world.time, instrument=BTC.id, interval=60, start=world.time - 60, open=4_000_000, high=4_000_000,
        low=2_500_000, close=4_000_000, volume=9,
    )  # fmt: skip
    world.play(bar)
    world.pause(0)
    assert world.heard[-1] == (BTC.id, "liquidation of 70 at 2500000, 0 left")
    assert world.account.book.cash[USDT] == 0, "what it lost beyond what there was, it does not owe"


def test_without_leverage_contracts_are_refused() -> None:
    world = World({1: [order("buy", 10)]}, leverage=0)
    world.trades(4_000_000, 4_000_000)
    assert "no contracts are traded here" in world.heard[-1][1]


def test_a_snapshot_knows_margins_funding_and_what_was_told() -> None:
    world = World({1: [order("sell", 50)]})
    world.play(FundingRate(time=0, instrument=BTC.id, rate=1, at=3))
    world.trades(4_000_000, 4_000_000, 4_000_000, 4_000_000)
    again = Kernel(world.wiring)
    assert restore(again, dump(world.kernel)) == ()
    assert dump(again) == dump(world.kernel)
    held, kept = (kernel.accounts["main"].view.contract(BTC.id) for kernel in (world.kernel, again))
    assert held is not None
    assert kept is not None
    assert (held.liquidation, held.margin) == (kept.liquidation, kept.margin)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "cancel", "fund", "trade", "close"]),
        st.integers(1, 40),
        st.one_of(st.none(), st.integers(2_000_000, 6_000_000)),
        st.booleans(),
        st.integers(2_000_000, 6_000_000),
        st.sampled_from([BTC.id, ETH.id]),
    ),
    min_size=1,
    max_size=40,
)


TAKEN_MARGIN = [
    ("buy", 35, None, False, 2_000_000, BTC.id),
    ("buy", 1, None, False, 2_855_715, BTC.id),
    ("sell", 1, None, False, 2_000_000, BTC.id),
]
"""What is realised at a loss leaves less cash than the rest of the position reserves: it must still be closed."""


def walk(world: World, steps: list[Any], restored: int = -1) -> None:
    """Let it all happen; before that step, another kernel takes over from a snapshot."""
    for number, (kind, size, price, reduces, at, instrument) in enumerate(steps):
        if number == restored:
            world.restore()
        count = world.account.instances["s"].strategy.seen + 1
        flags = ("reduce-only",) if reduces else ()
        wanted = PlaceOrder(
            key=str(number), instrument=instrument, side=kind, size=size, price=price, reason="", flags=flags
        )
        if kind == "cancel":
            SCRIPT[count] = [CancelOrder(key=str(number - 1))]
        elif kind == "fund":
            world.play(FundingRate(time=world.time, instrument=instrument, rate=size * 10**5, at=world.time + size))
        elif kind == "close":
            world.play(close(world, instrument))
        elif kind != "trade":
            SCRIPT[count] = [wanted]
        if size % 3:
            world.trades(at, instrument=instrument)
        else:
            world.time += 1
            prices = Prices(time=world.time, instrument=instrument, bid=at - 5, bid_size=1, ask=at + 5, ask_size=1)
            world.play(prices)
        reserved = world.account.book.desks["x"].reserved.get(USDT, 0)
        orders = sum(each.reserved for each in world.account.book.desks["x"].orders.values())
        margins = sum(each.margin for each in world.account.book.desks["x"].contracts.values())
        assert reserved == orders + margins
    world.pause(1_000)
    assert world.account.book.halted == ""
    world.same_books()


@given(STEPS, st.sampled_from([1, 3, 20]), st.sampled_from([0, 3]))
@example(TAKEN_MARGIN, 1, 0)
def test_the_kernel_and_the_exchange_keep_the_same_books(steps: list[Any], leverage: int, latency: int) -> None:
    walk(World({}, leverage=leverage, latency=latency), steps)


@given(STEPS, st.sampled_from([1, 20]), st.sampled_from([0, 3]), st.integers(1, 39))
def test_a_kernel_that_took_over_decides_the_same(steps: list[Any], leverage: int, latency: int, at: int) -> None:
    one, other = (World({}, leverage=leverage, latency=latency) for _ in range(2))
    walk(one, steps)
    SCRIPT.clear()
    walk(other, steps, restored=at)
    assert dump(other.kernel) == dump(one.kernel)


def close(world: World, token: str = BTC.id) -> ClosePosition:
    return ClosePosition(time=world.time, account="main", token=token, reason="enough", share_bps=10_000)


def test_a_contract_that_is_worth_less_than_the_least_order_can_be_closed() -> None:
    world = World({1: [order("sell", 50)]})
    world.trades(4_000_000, 4_000_000)
    world.play(InstrumentListed(time=world.time, instrument=replace(BTC, min_value=10_000 * COIN)))  # type: ignore[type-var]
    world.play(KillSwitch(time=world.time, account="main", level="flatten", reason="enough"))
    world.trades(4_000_000, 4_000_000)
    assert world.account.book.positions == {}
    assert not world.account.book.plans
    world.same_books()


def test_what_is_sold_short_while_all_is_bought_back_is_bought_back_too() -> None:
    world = World({1: [order("sell", 20)], 3: [order("sell", 30, key="more")]}, latency=5)
    world.trades(4_000_000)
    world.pause(20)
    world.trades(4_000_000)
    world.pause(20)
    world.trades(4_000_000)
    assert world.account.book.positions[BTC.id].amount == -20 * BTC.lot
    world.play(close(world))
    world.pause(6)
    world.trades(4_000_000)
    for _ in range(6):
        world.pause(10**10)
        world.trades(4_000_000)
    assert world.account.book.positions == {}
    assert ("more", "filled") in world.heard
    world.same_books()


def test_a_wish_to_sell_a_contract_does_not_outlive_it_when_it_was_turned() -> None:
    world = World({1: [order("buy", 20)], 3: [order("sell", 50, key="turn")]}, latency=5)
    world.trades(4_000_000)
    world.pause(20)
    world.trades(4_000_000)
    world.pause(20)
    world.trades(4_000_000)
    world.play(close(world))
    world.pause(6)
    world.trades(4_000_000)
    for _ in range(6):
        world.pause(10**10)
        world.trades(4_000_000)
    assert world.account.book.positions[BTC.id].amount == -30 * BTC.lot
    assert not world.account.exits.guards
    assert not world.account.book.plans
    world.same_books()
