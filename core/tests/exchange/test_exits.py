"""`Open`, exits, closing by hand and the kill switch at an exchange, with a simulated one."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import pytest
from floor import BTC
from msgspec.structs import replace

from sniper.config import Config
from sniper.events import (
    ClosePosition,
    EntryDenied,
    Event,
    InstrumentListed,
    KillSwitch,
    OrderChanged,
    PositionClosed,
    PositionOpened,
    Started,
    StrategyLife,
    Trade,
    WorthChanged,
)
from sniper.exit import Exit, Sell
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, DeskWiring, ExitWiring, StrategyWiring, WatchWiring, Wiring
from sniper.order_types import Ladder
from sniper.risk import Findings, RiskWatch, Trip, Trips, must
from sniper.runtime.played import finish, play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.sizer import Sizer
from sniper.strategy import Actions, Close, Open, PlaceOrder, StartPlan, Strategy, on
from sniper.types import Entry, KillLevel
from sniper.view import Position, View

DOLLARS = 100_000 * COIN
COINS = replace(BTC, taker_fee=1_000)  # type: ignore[type-var]  # it is a msgspec struct
"""A lot is a thousandth of a coin, a tick a cent."""


class NoConfig(Config):
    pass


class Thousand(Sizer):
    config: NoConfig

    def size(self, intent: Open, quote: str, view: View) -> int:
        return 1_000 * COIN if quote == "x:USDT" else 0


class Breaker(RiskWatch):
    """Trips where an open position has lost a hundred dollars."""

    exchanges = True
    config: NoConfig

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("any", True)

    def hears_prices(self) -> bool:
        return False

    @on(WorthChanged)
    def worth_changed(self, event: WorthChanged, view: View) -> Trips:
        position, value = view.positions.get(event.token), view.worth(event.token)
        if position is not None and value is not None and position.cost - value > 100 * COIN:
            yield Trip(level=KillLevel.FLATTEN, reason="too much")


class Loss(Exit):
    """Sells all once a tenth is lost."""

    config: NoConfig
    lowest: int = 0

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        self.lowest = min(self.lowest or value, value)
        return Sell(reason="a tenth is lost") if value * 10 <= position.cost * 9 else None


class Buys(Strategy):
    """Opens at the first trade, and does what it is told to at later ones."""

    config: NoConfig
    seen: int = 0
    heard: list[str] = []

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get(self.seen, ())

    @on(PositionOpened)
    def opened(self, event: PositionOpened, view: View) -> Actions:
        self.heard.append(f"opened {event.token}")
        yield from ()

    @on(PositionClosed)
    def closed(self, event: PositionClosed, view: View) -> Actions:
        self.heard.append(f"closed {event.token} {event.pnl}")
        yield from ()

    @on(EntryDenied)
    def denied(self, event: EntryDenied, view: View) -> Actions:
        self.heard.append(f"denied {event.rule}")
        yield from ()


SCRIPT: dict[int, list[Any]] = {}
OPEN = Open(token="x:BTC", reason="why not")


class World:
    def __init__(
        self,
        script: dict[int, list[Any]],
        *,
        exits: bool = True,
        coin: Instrument = COINS,
        watches: tuple[WatchWiring, ...] = (),
        strategy: type[Buys] = Buys,
        first: type[Exit] | None = None,
    ) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        guards = (ExitWiring(name="loss", exit=Loss, config=NoConfig()),) if exits else ()
        if first is not None:
            guards = (ExitWiring(name="first", exit=first, config=NoConfig()), *guards)
        buys = StrategyWiring(
            name="s", strategy=strategy, config=NoConfig(), sizer=Thousand(config=NoConfig()), venue="", exits=guards
        )
        account = AccountWiring(
            name="main",
            chain_id=0,
            address="",
            strategies=(buys,),
            desks=(DeskWiring(venue="x", quote="x:USDT"),),
            watches=watches,
        )
        self.wiring = Wiring(chains=(), venues={}, accounts=(account,))
        self.kernel = Kernel(self.wiring, report=self.reported)
        self.exchange = SimulatedExchange("main", "x", {"x:USDT": DOLLARS})
        self.time = 0
        self.play([Started(time=0, mode="backtest"), InstrumentListed(time=0, instrument=coin)])
        finish(self.kernel, {("main", "x"): self.exchange}, 0)

    def reported(self, what: str, error: Exception) -> None:
        raise AssertionError(what) from error

    def play(self, events: Iterable[Event]) -> None:
        play(self.kernel, events, {("main", "x"): self.exchange})

    def trades(self, *dollars: int) -> None:
        for price in dollars:
            self.time += 1
            self.play([Trade(time=self.time, venue="x", instrument=BTC.id, price=price * 100, size=10)])

    @property
    def book(self) -> Any:
        return self.kernel.accounts["main"].book

    @property
    def heard(self) -> list[str]:
        strategy = self.kernel.accounts["main"].instances["s"].strategy
        assert isinstance(strategy, Buys)
        return strategy.heard

    def same_money(self) -> None:
        for asset, amount in self.exchange.balances.items():
            assert self.book.owned(asset) == amount

    def restart(self) -> None:
        """From a snapshot, in another process."""
        state = dump(self.kernel)
        self.kernel = Kernel(self.wiring, report=self.reported)
        restore(self.kernel, state)


def test_an_open_is_bought_at_once_with_what_the_sizer_gives_fee_included() -> None:
    world = World({1: [OPEN]})
    world.trades(40_000, 40_000)
    position = world.book.positions["x:BTC"]
    # a hundredth beyond the price is the bound: 1,000 / 1.001 / 40,400 are 24 lots
    assert (position.amount, position.instance) == (24 * COINS.lot, "s")
    assert position.cost == 960 * COIN + 960 * COIN // 1_000
    assert world.heard == ["opened x:BTC"]
    world.same_money()


def test_an_exit_sells_when_the_market_falls_and_the_position_is_gone() -> None:
    world = World({1: [OPEN]})
    world.trades(40_000, 40_000, 39_000)
    assert world.book.positions["x:BTC"].amount
    assert world.kernel.accounts["main"].view.worth("x:BTC") == 936 * COIN - 936 * COIN // 1_000
    world.trades(35_000, 35_000, 35_000)
    assert world.book.positions == {}
    pnl = 840 * COIN - 840 * COIN // 1_000 - 960 * COIN - 960 * COIN // 1_000
    assert world.heard == ["opened x:BTC", f"closed x:BTC {pnl}"]
    assert world.kernel.accounts["main"].view.realised(last_ns=10**18, place="x") == pnl
    assert world.kernel.accounts["main"].exits.guards == {}
    world.same_money()


def test_what_an_exit_remembers_and_wants_survives_a_restart() -> None:
    world = World({1: [OPEN]})
    world.trades(40_000, 40_000, 39_000)
    world.restart()
    (guard,) = world.kernel.accounts["main"].exits.guards.values()
    loss = guard.exits[0][1]
    assert isinstance(loss, Loss)
    assert loss.lowest == 936 * COIN - 936 * COIN // 1_000
    world.play([Started(time=world.time, mode="backtest")])
    world.trades(35_000)
    world.restart()
    world.play([Started(time=world.time, mode="backtest")])
    world.trades(35_000, 35_000, 35_000)
    assert world.book.positions == {}
    world.same_money()


def test_a_strategy_and_a_person_close_and_shares_are_shares() -> None:
    world = World({1: [OPEN], 3: [Close(token="x:BTC", reason="half", share_bps=5_000)]}, exits=False)
    world.trades(40_000, 40_000, 40_000, 40_000, 40_000)
    assert world.book.positions["x:BTC"].amount == 12 * COINS.lot
    order = ClosePosition(time=world.time, account="main", token="x:BTC", reason="enough", share_bps=10_000)
    world.play([order])
    world.trades(41_000, 41_000)
    assert world.book.positions == {}
    assert world.heard[-1].startswith("closed x:BTC")
    world.same_money()


def test_flatten_sells_what_is_held_although_other_orders_hold_it() -> None:
    resting = PlaceOrder(key="far", instrument=BTC.id, side="sell", size=24, price=9_000_000, reason="a dream")
    world = World({1: [OPEN], 3: [resting]}, exits=False)
    world.trades(40_000, 40_000, 40_000, 40_000)
    assert world.book.reserved("x:BTC") == 24 * COINS.lot
    world.play([KillSwitch(time=world.time, account="main", level="flatten", reason="enough")])
    world.time += 10**10
    world.trades(40_000, 40_000)
    world.time += 10**10
    world.trades(40_000, 40_000)
    assert world.book.positions == {}
    assert not world.book.desks["x"].orders
    world.same_money()


def test_an_open_of_what_is_not_listed_or_has_no_price_is_denied() -> None:
    world = World({1: [Open(token="x:ETH", reason="why not")]})
    world.trades(40_000)
    assert world.heard == ["denied kernel.route"]
    (intent,) = [fact for _, fact in world.kernel.facts if isinstance(fact, f.IntentFormed)]
    assert (intent.side, intent.token, intent.reason) == ("increase", "x:ETH", "why not")


def test_less_than_one_lot_is_left_as_a_balance_and_its_cost_is_lost() -> None:
    world = World({1: [OPEN], 3: [Close(token="x:BTC", reason="all")]}, exits=False)
    world.trades(40_000, 40_000)
    # as where the exchange takes its fee in coins
    position = world.book.positions["x:BTC"]
    left = COINS.lot // 10
    adjusted = f.Adjusted(time=world.time, asset="x:BTC", delta=-(COINS.lot - left), reason="a fee in coins")
    world.kernel.accounts["main"].emit(adjusted)
    world.exchange.balances["x:BTC"] += adjusted.delta
    assert position.amount == 23 * COINS.lot + left
    world.trades(40_000, 40_000, 40_000)
    assert world.book.positions == {}
    assert world.book.cash["x:BTC"] == left
    assert world.heard[-1].startswith("closed x:BTC")
    world.same_money()


def test_a_breaker_sees_what_is_open_within_a_second_and_flatten_sells_it() -> None:
    world = World({1: [OPEN]}, exits=False, watches=(WatchWiring(name="b", watch=Breaker, config=NoConfig()),))
    world.trades(40_000, 40_000, 35_000)
    assert world.book.kill == "off"
    world.time += 10**9
    world.trades(35_000, 35_000, 35_000)
    assert world.book.kill == "flatten"
    assert world.book.positions == {}
    assert world.book.last_entry == {"x:BTC": 1}
    world.same_money()


def test_a_part_is_sold_of_what_other_orders_leave_and_they_stay() -> None:
    resting = PlaceOrder(key="far", instrument=BTC.id, side="sell", size=12, price=9_000_000, reason="a dream")
    half = Close(token="x:BTC", reason="half", share_bps=5_000)
    world = World({1: [OPEN], 3: [resting], 4: [half]}, exits=False)
    world.trades(40_000, 40_000, 40_000, 40_000, 40_000, 40_000)
    assert world.book.positions["x:BTC"].amount == 12 * COINS.lot
    (order,) = world.book.desks["x"].orders.values()
    assert order.key == "far"
    world.same_money()


def test_a_sale_of_all_that_is_wanted_while_a_part_is_sold_sells_all() -> None:
    world = World({1: [OPEN], 3: [Close(token="x:BTC", reason="half", share_bps=5_000)]}, exits=False)
    world.trades(40_000, 40_000)
    world.exchange.latency = 5
    world.trades(40_000)
    world.play([ClosePosition(time=world.time, account="main", token="x:BTC", reason="all", share_bps=10_000)])
    world.time += 10**10
    world.trades(40_000, 40_000)
    world.time += 10**10
    world.trades(40_000, 40_000)
    assert world.book.positions == {}
    assert world.book.cash.get("x:BTC", 0) == 0
    world.same_money()


def test_what_is_bought_while_all_is_sold_is_sold_too() -> None:
    more = PlaceOrder(key="more", instrument=BTC.id, side="buy", size=10, price=39_000_00, reason="a dip")
    world = World({1: [OPEN], 3: [more]}, exits=False)
    world.trades(40_000, 40_000, 40_000)
    world.exchange.latency = 5
    world.play([ClosePosition(time=world.time, account="main", token="x:BTC", reason="all", share_bps=10_000)])
    world.trades(38_000)
    for _ in range(4):
        world.time += 10**10
        world.trades(38_000, 38_000)
    assert world.book.positions == {}
    assert world.book.cash.get("x:BTC", 0) == 0
    world.same_money()


class Part(Exit):
    """Takes a part of the profit."""

    config: NoConfig

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return Sell(reason="a part", share_bps=1_000) if value > position.cost else None


def test_a_part_that_is_too_small_to_be_sold_does_not_keep_the_other_exits_from_selling() -> None:
    coin = replace(COINS, min_size=5)  # type: ignore[type-var]
    world = World({1: [OPEN]}, coin=coin, first=Part)
    world.trades(40_000, 40_000)
    before = len(world.kernel.facts)
    world.trades(*([42_000] * 10))
    world.time += 10**11
    world.trades(42_000)
    assert len(world.kernel.facts) == before
    world.trades(35_000, 35_000, 35_000)
    assert world.book.positions == {}


def test_a_part_is_sold_although_other_orders_hold_the_coins_of_which_only_as_many_go_as_must() -> None:
    """The newest goes first; what it would sell again meanwhile is denied."""
    rests = [
        PlaceOrder(key=f"far{n}", instrument=BTC.id, side="sell", size=8, price=9_000_000 + n, reason="a dream")
        for n in range(3)
    ]
    third = Close(token="x:BTC", reason="a third", share_bps=3_334)
    again = PlaceOrder(key="again", instrument=BTC.id, side="sell", size=8, price=9_000_000, reason="a dream")
    world = World({1: [OPEN], 3: rests, 4: [third, again]}, exits=False)
    world.trades(40_000, 40_000, 40_000, 40_000)
    for _ in range(3):
        world.time += 10**10
        world.trades(40_000)
    assert world.book.positions["x:BTC"].amount == 16 * COINS.lot
    assert [order.key for order in world.book.desks["x"].working(BTC.id)] == ["far0", "far1"]
    denied = [fact.rule for _, fact in world.kernel.facts if isinstance(fact, f.Verdict) and not fact.allowed]
    assert denied == ["kernel.cash"]
    world.same_money()


def test_a_part_is_sold_of_what_a_plan_holds_which_goes_on_with_the_rest() -> None:
    target = Ladder(
        instrument=BTC.id, side="sell", size=24, first=9_000_000, last=9_000_000, weights=(1,), reduce_only=True
    )
    half = Close(token="x:BTC", reason="half", share_bps=5_000)
    world = World({1: [OPEN], 3: [StartPlan(key="p", plan=target, reason="a dream")], 4: [half]}, exits=False)
    world.trades(40_000, 40_000, 40_000, 40_000)
    for _ in range(3):
        world.time += 10**10
        world.trades(40_000)
    assert world.book.positions["x:BTC"].amount == 12 * COINS.lot
    (order,) = world.book.desks["x"].orders.values()
    assert (order.size, order.placed.plan != "") == (12, True)
    world.same_money()


def test_a_part_that_waits_for_other_orders_does_not_keep_the_other_exits_from_selling() -> None:
    resting = PlaceOrder(key="far", instrument=BTC.id, side="sell", size=24, price=9_000_000, reason="a dream")
    half = Close(token="x:BTC", reason="half", share_bps=5_000)
    world = World({1: [OPEN], 3: [resting], 4: [half]})
    world.trades(40_000, 40_000, 40_000, 40_000)
    world.time += 10**10
    world.trades(40_000, 35_000)
    for _ in range(4):
        world.time += 10**10
        world.trades(35_000)
    assert world.book.positions == {}
    assert not world.book.desks["x"].orders
    world.same_money()


class Stubborn(Buys):
    """Offers what it holds again whenever that was withdrawn."""

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if event.state == "cancelled":
            yield PlaceOrder(key="far", instrument=BTC.id, side="sell", size=24, price=9_000_000, reason="a dream")


def test_a_strategy_that_offers_again_what_is_being_sold_keeps_no_exit_from_selling() -> None:
    resting = PlaceOrder(key="far", instrument=BTC.id, side="sell", size=24, price=9_000_000, reason="a dream")
    world = World({1: [OPEN], 3: [resting]}, strategy=Stubborn)
    world.trades(40_000, 40_000, 40_000, 35_000)
    for _ in range(20):
        world.time += 10**10
        world.trades(35_000)
    assert world.book.positions == {}
    world.same_money()


def test_what_is_frozen_waits_without_a_word() -> None:
    world = World({1: [OPEN]})
    world.trades(40_000, 40_000)
    world.play([KillSwitch(time=world.time, account="main", level="freeze", reason="a look")])
    world.trades(35_000)
    before = len(world.kernel.facts)
    for _ in range(20):
        world.time += 10**10
        world.trades(35_000)
    assert len(world.kernel.facts) == before
    world.play([KillSwitch(time=world.time, account="main", level="off", reason="seen")])
    world.time += 10**10
    world.trades(35_000, 35_000)
    assert world.book.positions == {}


@pytest.mark.parametrize("action", ["pause", "drain", "remove"])
def test_what_a_strategy_would_buy_is_cancelled_when_it_is_paused_and_what_it_would_sell_is_not(action: str) -> None:
    bid = PlaceOrder(key="bid", instrument=BTC.id, side="buy", size=10, price=3_000_000, reason="a dip")
    offer = PlaceOrder(key="offer", instrument=BTC.id, side="sell", size=10, price=9_000_000, reason="a dream")
    world = World({1: [OPEN], 3: [bid, offer]})
    world.trades(40_000, 40_000, 40_000)
    assert len(world.book.desks["x"].orders) == 2
    world.play([StrategyLife(time=world.time, account="main", instance="s", action=action)])
    world.trades(40_000)
    assert [order.key for order in world.book.desks["x"].orders.values()] == ["offer"]


def test_what_a_strategy_would_buy_that_is_in_the_config_no_more_is_cancelled_at_the_next_start() -> None:
    bid = PlaceOrder(key="bid", instrument=BTC.id, side="buy", size=10, price=3_000_000, reason="a dip")
    world = World({1: [bid]})
    world.trades(40_000, 40_000)
    assert len(world.book.desks["x"].orders) == 1
    (account,) = world.wiring.accounts
    world.wiring = dataclasses.replace(world.wiring, accounts=(dataclasses.replace(account, strategies=()),))
    world.restart()
    world.play([Started(time=world.time, mode="backtest")])
    finish(world.kernel, {("main", "x"): world.exchange}, world.time)
    assert not world.book.desks["x"].orders
    world.same_money()


def test_a_part_that_a_process_before_this_one_began_to_sell_is_sold_though_nobody_remembers_the_wish() -> None:
    """Facts hold the sale, not who wanted it: a target that takes the coins again would keep it from them for ever."""
    target = Ladder(
        instrument=BTC.id, side="sell", size=24, first=9_000_000, last=9_000_000, weights=(1,), reduce_only=True
    )
    half = Close(token="x:BTC", reason="half", share_bps=5_000)
    world = World({1: [OPEN], 3: [StartPlan(key="p", plan=target, reason="a dream")], 4: [half]}, exits=False)
    world.trades(40_000, 40_000, 40_000, 40_000)
    world.kernel.accounts["main"].exits.guards["x:BTC"].pending = None
    for _ in range(3):
        world.time += 10**10
        world.trades(40_000)
    assert world.book.positions["x:BTC"].amount == 12 * COINS.lot
    world.same_money()
