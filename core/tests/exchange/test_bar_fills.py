"""What bars fill at a simulated exchange: at the next opening price, and the worse of what may have been."""

from collections.abc import Callable
from typing import Any

import pytest
from floor import BTC
from hypothesis import given
from hypothesis import strategies as st

from sniper.config import Config
from sniper.events import Bar, Clock, Event, InstrumentListed, OrderChanged, Prices, Started, Submitted, Trade
from sniper.exchange_orders import Fill, NewOrder, Side
from sniper.instrument import COIN, Instrument
from sniper.kernel.asks import Ask, Submit
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.runtime.played import play
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.strategy import Actions, PlaceOrder, SetTimer, Strategy, on
from sniper.view import View

MINUTE = 60
ETH = Instrument(
    id="x:ETH/USDT", kind="spot", base="x:ETH", quote="x:USDT", settle="x:USDT", tick=COIN // 100, lot=COIN // 1000
)
OWNED = {"x:USDT": 10**9 * COIN, "x:BTC": 10**6 * COIN, "x:ETH": 10**6 * COIN}


class NoConfig(Config):
    pass


SCRIPT: dict[int, list[Any]] = {}
ON_FILL: list[Any] = []


class Scripted(Strategy):
    """Yields what it is told to at the n-th bar, and with its first fill; remembers at which bar it heard of fills."""

    config: NoConfig
    seen: int = 0
    filled: list[tuple[int, str]] = []

    def bars(self) -> tuple[tuple[str, int], ...]:
        return (BTC.id, MINUTE), (ETH.id, MINUTE)

    @on(Bar)
    def bar(self, event: Bar, view: View) -> Actions:
        self.seen += 1
        yield from SCRIPT.get(self.seen, ())

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        if event.state == "filled":
            self.filled.append((self.seen, event.key))
            if len(self.filled) == 1:
                yield from ON_FILL


class World:
    def __init__(
        self, script: dict[int, list[Any]], *, on_fill: tuple[Any, ...] = (), latency: int = 0, share_bps: int = 0
    ) -> None:
        SCRIPT.clear()
        SCRIPT.update(script)
        ON_FILL[:] = on_fill
        strategies = (StrategyWiring(name="s", strategy=Scripted, config=NoConfig(), sizer=None, venue="x"),)
        desks = (DeskWiring(venue="x", quote="x:USDT"),)
        account = AccountWiring(name="main", chain_id=0, address="", strategies=strategies, desks=desks)
        self.kernel = Kernel(Wiring(chains=(), venues={}, accounts=(account,)), report=_raised)
        self.exchange = SimulatedExchange("main", "x", OWNED, share_bps=share_bps)
        listed = (InstrumentListed(time=0, instrument=each) for each in (BTC, ETH))
        self.play(Started(time=0, mode="backtest"), *listed, Clock(time=0))
        self.exchange.latency = latency

    def play(self, *events: Event) -> list[Fill]:
        play(self.kernel, events, {("main", "x"): self.exchange})
        return self.exchange.fills

    @property
    def strategy(self) -> Scripted:
        strategy = self.kernel.accounts["main"].instances["s"].strategy
        assert isinstance(strategy, Scripted)
        return strategy


def _raised(what: str, error: Exception) -> None:
    raise error


def bar(n: int, open_: int, high: int, low: int, close: int, volume: int = 100, instrument: str = BTC.id) -> Bar:
    """The n-th minute's."""
    return Bar(
        time=(n + 1) * MINUTE,
        instrument=instrument,
        interval=MINUTE,
        start=n * MINUTE,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )


def order(
    side: Side = "buy", price: int | None = None, size: int = 10, key: str = "a", lives: str = "gtc", of: str = BTC.id
) -> PlaceOrder:
    return PlaceOrder(key=key, instrument=of, side=side, size=size, price=price, reason="test", lives=lives)


def told(fills: list[Fill]) -> list[tuple[str, int, int, int, bool]]:
    return [(fill.side, fill.size, fill.price, fill.time, fill.maker) for fill in fills]


FIRST = bar(0, 100, 110, 90, 105)
OTHER = bar(0, 20, 30, 10, 25, instrument=ETH.id)


@pytest.mark.parametrize("minutes", [1, 7])
def test_what_is_decided_at_the_close_is_filled_at_the_next_opening_price_whatever_gap_is_between(minutes: int) -> None:
    world = World({1: [order()]})
    fills = world.play(FIRST, bar(minutes, 150, 160, 140, 155))
    assert told(fills) == [("buy", 10, 150, minutes * MINUTE, False)]
    assert world.strategy.filled == [(1, "a")], "it knows before that bar is over"


@pytest.mark.parametrize(("side", "price"), [("buy", 160), ("sell", 140)])
def test_what_arrives_while_a_bar_is_open_gets_its_worst_price(side: Side, price: int) -> None:
    fills = World({1: [order(side)]}, latency=1).play(FIRST, bar(1, 150, 160, 140, 155))
    assert told(fills) == [(side, 10, price, 2 * MINUTE, False)]


def test_what_arrives_when_a_bar_is_over_gets_nothing_of_it() -> None:
    fills = World({1: [order()]}, latency=MINUTE).play(FIRST, bar(1, 150, 160, 140, 155), bar(2, 170, 180, 160, 175))
    assert told(fills) == [("buy", 10, 170, 2 * MINUTE, False)]


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        ("buy", 155, [(150, 1, False)]),
        ("buy", 150, [(150, 1, False)]),
        ("buy", 141, [(141, 2, True)]),
        ("buy", 140, [(140, 2, True)]),
        ("buy", 139, []),
        ("sell", 145, [(150, 1, False)]),
        ("sell", 159, [(159, 2, True)]),
        ("sell", 161, []),
    ],
)
def test_a_limit_gets_the_opening_price_where_that_is_better_and_else_its_own_once_the_bar_goes_beyond_it(
    side: Side, limit: int, expected: list[tuple[int, int, bool]]
) -> None:
    fills = World({1: [order(side, limit)]}).play(FIRST, bar(1, 150, 160, 140, 155))
    if (side, limit) == ("buy", 140):
        expected = []  # it was touched, and others stood there first
    assert [(fill.price, fill.time // MINUTE, fill.maker) for fill in fills] == expected


def test_a_limit_that_has_stood_gets_its_own_price_though_the_bar_opens_beyond_it() -> None:
    fills = World({1: [order(price=80)]}).play(FIRST, bar(1, 100, 101, 99, 100), bar(2, 70, 75, 65, 70))
    assert told(fills) == [("buy", 10, 80, 2 * MINUTE, True)]


@pytest.mark.parametrize(("limit", "price"), [(160, 160), (159, None)])
def test_a_limit_that_arrives_while_a_bar_is_open_needs_to_allow_its_worst_price(limit: int, price: int | None) -> None:
    fills = World({1: [order(price=limit)]}, latency=1).play(FIRST, bar(1, 150, 160, 140, 155))
    assert [fill.price for fill in fills] == ([] if price is None else [price])


def test_what_must_be_filled_at_once_expires_with_the_opening_price() -> None:
    world = World({1: [order(price=149, lives="ioc")]})
    world.play(FIRST, bar(1, 150, 160, 140, 155))
    assert world.exchange.fills == []
    assert world.kernel.accounts["main"].book.desks["x"].ended["main/s/1.1"].state == "expired"


def test_what_follows_from_a_fill_at_the_opening_is_there_for_the_rest_of_the_bar() -> None:
    world = World({1: [order()]}, on_fill=(order("sell", 158, key="b"),))
    assert [(f.side, f.price) for f in world.play(FIRST, bar(1, 150, 160, 140, 155))] == [("buy", 150), ("sell", 158)]


def test_bars_of_one_time_have_opened_together() -> None:
    world = World({2: [order()]}, on_fill=(order(key="b", of=ETH.id),))
    fills = world.play(FIRST, OTHER, bar(1, 150, 160, 140, 155), bar(1, 20, 30, 10, 25, instrument=ETH.id))
    assert [(f.instrument, f.price) for f in fills] == [(BTC.id, 150), (ETH.id, 20)]


def test_what_is_decided_on_one_bar_gets_nothing_of_another_one_of_that_time() -> None:
    world = World({3: [order(of=ETH.id)]})
    fills = world.play(
        bar(-1, 20, 30, 10, 25, instrument=ETH.id), OTHER, FIRST, bar(1, 50, 60, 40, 45, instrument=ETH.id)
    )
    assert [(f.price, f.time) for f in fills] == [(50, MINUTE)]


def test_a_longer_bar_fills_nothing_with_what_it_had_seen_before_the_order() -> None:
    world = World({1: [order(price=95)]})
    longer = Bar(time=300, instrument=BTC.id, interval=300, start=0, open=90, high=110, low=80, close=100, volume=9)
    assert world.play(FIRST, bar(1, 105, 106, 104, 105), longer) == []


def test_a_share_of_the_volume_is_all_that_a_bar_fills_and_the_rest_waits() -> None:
    world = World({1: [order(size=25), order(size=5, key="b")]}, share_bps=1_000)
    fills = world.play(FIRST, bar(1, 150, 160, 140, 155, 100), bar(2, 170, 180, 160, 175, 190))
    assert [(f.size, f.price) for f in fills] == [(10, 150), (15, 170), (4, 170)]
    desk = world.kernel.accounts["main"].book.desks["x"]
    assert [(each.filled, each.state) for each in desk.orders.values()] == [(4, "open")]


def test_what_orders_left_of_a_bar_is_not_there_in_the_next() -> None:
    world = World({1: [order(size=5)], 2: [order(size=5, key="b")]}, latency=30, share_bps=1_000)
    fills = world.play(FIRST, bar(3, 150, 160, 140, 155, 100), bar(4, 150, 160, 140, 155, 0))
    assert [(f.size, f.time) for f in fills] == [(5, 180)]


@pytest.mark.parametrize(("lives", "sizes"), [("ioc", [10]), ("fok", [])])
def test_what_may_not_wait_ends_with_its_share(lives: str, sizes: list[int]) -> None:
    world = World({1: [order(size=25, price=155, lives=lives)]}, share_bps=1_000)
    assert [fill.size for fill in world.play(FIRST, bar(1, 150, 160, 140, 155, 100))] == sizes
    ended = world.kernel.accounts["main"].book.desks["x"].ended["main/s/1.1"]
    assert (ended.state, ended.filled) == ("expired", sum(sizes))


def test_shares_hold_for_trades_and_best_prices_too() -> None:
    world = World({1: [order(size=25)]}, share_bps=5_000)
    world.play(FIRST)
    world.play(Trade(time=61, venue="x", instrument=BTC.id, price=101, size=10))
    world.play(Prices(time=62, instrument=BTC.id, bid=99, bid_size=1, ask=102, ask_size=8))
    assert [(f.size, f.price) for f in world.exchange.fills] == [(5, 101), (4, 102)]


def test_bars_fill_nothing_where_trades_are_told() -> None:
    world = World({1: [order(price=50)]})
    world.play(FIRST, Trade(time=61, venue="x", instrument=BTC.id, price=101, size=10), bar(1, 40, 40, 40, 40))
    assert world.exchange.fills == []


def test_an_order_at_the_end_of_a_bar_of_trades_leaves_before_the_next_trade() -> None:
    world = World({1: [order()]})
    trades = [Trade(time=at, venue="x", instrument=BTC.id, price=price, size=1) for at, price in ((5, 100), (70, 120))]
    assert told(world.play(*trades)) == [("buy", 10, 120, 70, False)]


def test_a_timer_fires_at_its_time_and_not_with_the_next_event() -> None:
    world = World({1: [SetTimer(key="t", at=MINUTE + 5)]})
    world.play(FIRST)
    assert world.kernel.next_at() == MINUTE + 5
    world.play(bar(3, 1, 1, 1, 1))
    assert world.kernel.next_at() is None


def test_an_order_that_waits_for_a_price_is_refused() -> None:
    exchange = SimulatedExchange("main", "x", OWNED)
    new = NewOrder(client_id="c", instrument=BTC.id, side="sell", size=1, price=None, type="stop", trigger=90)
    exchange.ask(Ask(id="a", account="main", deadline=1, body=Submit(order="o", instrument=BTC, new=new)), 0)
    (answer,) = exchange.until(0)
    assert isinstance(answer, Submitted)
    assert answer.code == "no-triggers"


PRICES = st.tuples(*[st.integers(1, 40)] * 4).map(lambda four: (four[0], max(four), min(four), four[3]))
ORDERS = st.builds(
    order,
    side=st.sampled_from(["buy", "sell"]),
    price=st.none() | st.integers(1, 40),
    size=st.integers(1, 30),
    lives=st.sampled_from(["gtc", "ioc", "fok"]),
)


@given(
    bars=st.lists(st.tuples(st.integers(2, 4), PRICES, st.integers(0, 50)), min_size=2, max_size=12),
    wanted=st.dictionaries(st.integers(1, 10), ORDERS, max_size=6),
    latency=st.sampled_from([0, 1, 30, 60, 90]),
    share_bps=st.sampled_from([0, 3_000]),
)
def test_no_fill_knows_more_or_is_better_than_what_came_after_the_order(
    bars: list[tuple[int, tuple[int, int, int, int], int]], wanted: dict[int, PlaceOrder], latency: int, share_bps: int
) -> None:
    made, n = [], 0
    for gap, (open_, high, low, close), volume in bars:
        n += gap
        made.append(bar(n, open_, high, low, close, volume))
    script = {at: [_keyed(each, str(at))] for at, each in wanted.items()}
    world = World(script, latency=latency, share_bps=share_bps)
    fills = world.play(*made)
    desk = world.kernel.accounts["main"].book.desks["x"]
    for fill in fills:
        placed = desk.order_of(desk.clients[fill.client_id]).placed
        new, arrived = placed.new, made[int(placed.key) - 1].time + latency
        (within,) = [each for each in made if each.start <= fill.time <= each.time]  # no two of them touch
        assert within.time > arrived
        assert within.low <= fill.price <= within.high or fill.maker
        worse: Callable[[int, int], bool] = (lambda a, b: a >= b) if fill.side == "buy" else (lambda a, b: a <= b)
        if new.price is not None:
            assert worse(new.price, fill.price)
        if within.start < arrived:
            assert fill.price == (within.high if fill.side == "buy" else within.low)
        elif not fill.maker:
            assert fill.price == within.open
            assert fill.time == within.start
        else:
            assert fill.price == new.price
    if share_bps:
        for each in made:
            for side in ("buy", "sell"):
                of = [f for f in fills if f.side == side and each.start <= f.time <= each.time]
                assert sum(f.size for f in of) <= each.volume * share_bps // 10_000


@given(
    bars=st.lists(st.tuples(st.integers(1, 3), PRICES), min_size=2, max_size=30),
    turns=st.sets(st.integers(1, 30)),
)
def test_orders_at_the_market_are_filled_as_by_a_loop_over_the_bars(
    bars: list[tuple[int, tuple[int, int, int, int]]], turns: set[int]
) -> None:
    made, n = [], 0
    for gap, prices in bars:
        n += gap
        made.append(bar(n, *prices))
    sides: dict[int, Side] = {turn: "sell" if k % 2 else "buy" for k, turn in enumerate(sorted(turns))}
    fills = World({turn: [order(side, key=str(turn))] for turn, side in sides.items()}).play(*made)
    expected = [(side, made[turn].open, made[turn].start) for turn, side in sides.items() if turn < len(made)]
    assert [(fill.side, fill.price, fill.time) for fill in fills] == expected


def _keyed(wanted: PlaceOrder, key: str) -> PlaceOrder:
    return order(wanted.side, wanted.price, wanted.size, key, wanted.lives)
