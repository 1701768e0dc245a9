"""The matching engine: against a brute-force model, conserving, and order type by order type."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import UNIT, parse, show
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.events import Event, Execution, Report, Trade
from sniper_sdk.exchange.lists import place_oco, place_oto
from sniper_sdk.exchange.order import NewOrder, Order, OrderStatus, OrderType, SelfTrade, Side, TimeInForce
from sniper_sdk.exchange.refusal import Refused
from sniper_sdk.exchange.symbol import Symbol

BTC = Symbol.of("BTC", "USDT")
BNB = Symbol.of("BNB", "USDT")
RICH = 10**9 * UNIT


@dataclass
class World:
    """An engine with some accounts, and what it told."""

    engine: Engine = field(default_factory=lambda: Engine([BTC, BNB], now=lambda: 10**18))
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine.listeners.append(self.told.append)

    def account(self, name: str, **fields: object) -> Account:
        found = Account(name, f"key of {name}", "secret")
        for key, value in fields.items():
            setattr(found, key, value)
        self.engine.ledger.add(found)
        for asset in ("BTC", "USDT", "BNB"):
            self.engine.deposit(found, asset, RICH)
        return found

    def executions(self, order: Order) -> list[Execution]:
        return [each.execution for each in self.told if isinstance(each, Report) and each.order is order]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ann(world: World) -> Account:
    return world.account("ann")


@pytest.fixture
def bob(world: World) -> Account:
    return world.account("bob")


def limit(side: str, price: str, quantity: str, **more: object) -> NewOrder:
    made = NewOrder("BTCUSDT", Side(side), OrderType.LIMIT, parse(quantity), price=parse(price))
    return replace(made, **more)  # type: ignore[arg-type]


def market(side: str, quantity: str = "0", **more: object) -> NewOrder:
    return replace(NewOrder("BTCUSDT", Side(side), OrderType.MARKET, parse(quantity)), **more)  # type: ignore[arg-type]


def stop(kind: str, side: str, quantity: str, at: str, price: str = "0", **more: object) -> NewOrder:
    made = NewOrder("BTCUSDT", Side(side), OrderType(kind), parse(quantity), price=parse(price), stop_price=parse(at))
    return replace(made, **more)  # type: ignore[arg-type]


@given(st.integers(0, 10**30))
def test_an_amount_reads_as_it_is_shown(amount: int) -> None:
    if amount < 10**28:
        assert parse(show(amount)) == amount


def test_who_came_first_at_the_best_price_trades_first(world: World, ann: Account, bob: Account) -> None:
    worse = world.engine.place(ann, limit("SELL", "101", "1"))
    first = world.engine.place(ann, limit("SELL", "100", "1"))
    second = world.engine.place(ann, limit("SELL", "100", "1"))
    taker = world.engine.place(bob, limit("BUY", "101", "1.5"))
    assert (first.executed, second.executed, worse.executed) == (UNIT, UNIT // 2, 0)
    assert [fill.price for fill in taker.fills] == [100 * UNIT, 100 * UNIT]
    assert taker.status is OrderStatus.FILLED


def test_an_iceberg_shows_a_part_and_queues_anew_with_each(world: World, ann: Account, bob: Account) -> None:
    iceberg = world.engine.place(ann, limit("SELL", "100", "3", shown=UNIT))
    plain = world.engine.place(ann, limit("SELL", "100", "1"))
    assert world.engine.markets["BTCUSDT"].book.top(Side.SELL) == (100 * UNIT, 2 * UNIT)
    world.engine.place(bob, market("BUY", "2"))
    assert (iceberg.executed, plain.executed) == (UNIT, UNIT)
    world.engine.place(bob, market("BUY", "2"))
    assert iceberg.status is OrderStatus.FILLED


def test_fok_is_whole_or_nothing_and_ioc_takes_what_there_is(world: World, ann: Account, bob: Account) -> None:
    world.engine.place(ann, limit("SELL", "100", "1"))
    fok = world.engine.place(bob, limit("BUY", "100", "2", time_in_force=TimeInForce.FOK))
    assert (fok.status, fok.executed) == (OrderStatus.EXPIRED, 0)
    ioc = world.engine.place(bob, limit("BUY", "100", "2", time_in_force=TimeInForce.IOC))
    assert (ioc.status, ioc.executed) == (OrderStatus.EXPIRED, UNIT)
    assert bob.balance("USDT").locked == 0


def test_a_limit_maker_that_would_take_is_refused(world: World, ann: Account, bob: Account) -> None:
    world.engine.place(ann, limit("SELL", "100", "1"))
    with pytest.raises(Refused, match="immediately match and take") as refused:
        world.engine.place(bob, limit("BUY", "100", "1", type=OrderType.LIMIT_MAKER))
    assert refused.value.number == -2010
    assert bob.balance("USDT").locked == 0


def test_a_market_order_by_quote_amount_spends_no_more_than_that(world: World, ann: Account, bob: Account) -> None:
    world.engine.place(ann, limit("SELL", "333.33", "1"))
    order = world.engine.place(bob, market("BUY", quote_quantity=parse("100")))
    assert order.status is OrderStatus.FILLED
    assert 0 <= parse("100") - order.quote_executed < parse("333.33") * BTC.step // UNIT + 1


def test_an_order_that_costs_more_than_is_free_is_refused(world: World, ann: Account) -> None:
    with pytest.raises(Refused, match="insufficient balance"):
        world.engine.place(replace_free(ann, "USDT", parse("99")), limit("BUY", "100", "1"))


def replace_free(account: Account, asset: str, free: int) -> Account:
    account.balance(asset).free = free
    return account


@pytest.mark.parametrize(
    ("mode", "maker", "taker", "other"),
    [
        (SelfTrade.NONE, OrderStatus.FILLED, OrderStatus.FILLED, OrderStatus.NEW),
        (SelfTrade.EXPIRE_MAKER, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.FILLED, OrderStatus.FILLED),
        (SelfTrade.EXPIRE_TAKER, OrderStatus.NEW, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.NEW),
        (SelfTrade.EXPIRE_BOTH, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.NEW),
        (SelfTrade.DECREMENT, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.NEW),
    ],
)
def test_an_account_does_not_trade_with_itself(
    world: World, ann: Account, bob: Account, mode: SelfTrade, maker: str, taker: str, other: str
) -> None:
    mine = world.engine.place(ann, limit("SELL", "100", "1"))
    his = world.engine.place(bob, limit("SELL", "100", "1"))
    order = world.engine.place(ann, limit("BUY", "100", "1", self_trade=mode))
    assert (mine.status, order.status, his.status) == (maker, taker, other)


def test_a_stop_works_when_a_trade_reaches_its_price(world: World, ann: Account, bob: Account) -> None:
    world.engine.set_level("BTCUSDT", Side.BUY, 90 * UNIT, UNIT)
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    order = world.engine.place(ann, stop("STOP_LOSS", "SELL", "1", "95"))
    assert order.waits_for_stop
    assert world.engine.markets["BTCUSDT"].book.depth(Side.SELL, 5) == []
    world.engine.set_level("BTCUSDT", Side.BUY, 90 * UNIT, UNIT)
    world.engine.traded("BTCUSDT", 95 * UNIT, UNIT, buyer_is_maker=True)
    assert order.status is OrderStatus.FILLED
    assert [fill.price for fill in order.fills] == [90 * UNIT]


def test_a_stop_limit_rests_at_its_limit(world: World, ann: Account) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    order = world.engine.place(ann, stop("STOP_LOSS_LIMIT", "SELL", "1", "95", "96"))
    world.engine.traded("BTCUSDT", 94 * UNIT, UNIT, buyer_is_maker=True)
    assert world.engine.markets["BTCUSDT"].book.top(Side.SELL) == (96 * UNIT, UNIT)
    assert world.executions(order) == [Execution.NEW, Execution.NEW]


def test_a_stop_that_is_reached_already_is_refused(world: World, ann: Account) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    with pytest.raises(Refused, match="Stop price would trigger immediately"):
        world.engine.place(ann, stop("STOP_LOSS", "SELL", "1", "101"))
    with pytest.raises(Refused, match="Stop price would trigger immediately"):
        world.engine.place(ann, stop("TAKE_PROFIT", "SELL", "1", "99"))


def test_a_trailing_stop_follows_the_price_up_and_works_when_it_falls(world: World, ann: Account) -> None:
    world.engine.set_level("BTCUSDT", Side.BUY, 50 * UNIT, 5 * UNIT)
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=False)
    order = world.engine.place(ann, stop("STOP_LOSS", "SELL", "1", "0", trailing=1000))
    for price in (100, 120, 109):
        world.engine.traded("BTCUSDT", price * UNIT, UNIT, buyer_is_maker=False)
        assert order.waits_for_stop
    world.engine.traded("BTCUSDT", 108 * UNIT, UNIT, buyer_is_maker=False)
    assert order.status is OrderStatus.FILLED


def test_one_of_an_oco_cancels_the_other_and_both_lock_once(world: World, ann: Account, bob: Account) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    above = limit("SELL", "110", "1", type=OrderType.LIMIT_MAKER)
    both = place_oco(world.engine, ann, above, stop("STOP_LOSS", "SELL", "1", "90"))
    assert ann.balance("BTC").locked == UNIT
    world.engine.place(bob, limit("BUY", "110", "0.4"))
    assert [each.status for each in both.orders] == [OrderStatus.PARTIALLY_FILLED, OrderStatus.EXPIRED]
    assert ann.balance("BTC").locked == parse("0.6")
    world.engine.cancel(ann, both.orders[0])
    assert both.done
    assert ann.balance("BTC").locked == 0


def test_the_stop_of_an_oco_cancels_its_limit(world: World, ann: Account) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    above = limit("SELL", "110", "1", type=OrderType.LIMIT_MAKER)
    both = place_oco(world.engine, ann, above, stop("STOP_LOSS", "SELL", "1", "90"))
    world.engine.set_level("BTCUSDT", Side.BUY, 89 * UNIT, 2 * UNIT)
    world.engine.traded("BTCUSDT", 90 * UNIT, UNIT, buyer_is_maker=True)
    assert [each.status for each in both.orders] == [OrderStatus.EXPIRED, OrderStatus.FILLED]
    assert (both.done, ann.balance("BTC").locked) == (True, 0)


def test_an_oco_whose_prices_do_not_enclose_the_market_is_refused(world: World, ann: Account) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    with pytest.raises(Refused, match="relationship of the prices"):
        place_oco(world.engine, ann, limit("SELL", "99", "1"), stop("STOP_LOSS", "SELL", "1", "90"))


def test_a_bracket_comes_with_the_fill_of_its_entry(world: World, ann: Account, bob: Account) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    pending = (limit("SELL", "110", "1", type=OrderType.LIMIT_MAKER), stop("STOP_LOSS", "SELL", "1", "90"))
    bracket = place_oto(world.engine, ann, limit("BUY", "99", "1"), pending)
    assert [each.status for each in bracket.orders] == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    world.engine.place(bob, market("SELL", "1"))
    assert [each.status for each in bracket.orders] == ["FILLED", "NEW", "NEW"]
    assert ann.balance("BTC").locked == UNIT
    world.engine.place(bob, market("BUY", "1"))
    assert [each.status for each in bracket.orders] == ["FILLED", "FILLED", "EXPIRED"]
    assert bracket.done


def test_a_bracket_ends_with_its_entry(world: World, ann: Account) -> None:
    bracket = place_oto(world.engine, ann, limit("BUY", "99", "1"), [limit("SELL", "110", "1")])
    world.engine.cancel(ann, bracket.orders[0])
    assert [each.status for each in bracket.orders] == ["CANCELED", "EXPIRED"]
    assert ann.balance("USDT").locked == 0


def test_fees_are_paid_in_what_comes_in_or_in_a_chosen_asset(world: World, ann: Account) -> None:
    eve = world.account("eve", pays_fees_in="BNB", taker=UNIT // 500)
    world.engine.traded("BNBUSDT", 500 * UNIT, UNIT, buyer_is_maker=True)
    maker = world.engine.place(ann, limit("SELL", "100", "1"))
    taker = world.engine.place(eve, market("BUY", "1"))
    assert [(fill.fee, fill.fee_asset) for fill in maker.fills] == [(parse("0.1"), "USDT")]
    assert [(fill.fee, fill.fee_asset) for fill in taker.fills] == [(parse("0.0003"), "BNB")]


@pytest.mark.parametrize(
    ("asked", "filter_name"),
    [
        (limit("BUY", "100.001", "1"), "PRICE_FILTER"),
        (limit("BUY", "100", "0.000001"), "LOT_SIZE"),
        (limit("BUY", "100", "0.01"), "NOTIONAL"),
        (limit("BUY", "501", "1"), "PERCENT_PRICE"),
        (market("BUY", "1001"), "MARKET_LOT_SIZE"),
        (limit("BUY", "100", "11", shown=UNIT), "ICEBERG_PARTS"),
        (stop("STOP_LOSS", "SELL", "1", "0", trailing=5), "TRAILING_DELTA"),
    ],
)
def test_a_filter_that_fails_is_named(world: World, ann: Account, asked: NewOrder, filter_name: str) -> None:
    world.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    with pytest.raises(Refused, match=filter_name) as refused:
        world.engine.place(ann, asked)
    assert refused.value.number == -1013


def test_a_client_id_is_free_again_when_its_order_is_over(world: World, ann: Account) -> None:
    first = world.engine.place(ann, limit("BUY", "100", "1", client_id="mine"))
    with pytest.raises(Refused, match="Duplicate order sent"):
        world.engine.place(ann, limit("BUY", "100", "1", client_id="mine"))
    world.engine.cancel(ann, first)
    second = world.engine.place(ann, limit("BUY", "100", "1", client_id="mine"))
    assert world.engine.find(ann, "BTCUSDT", client_id="mine") is second


# a place in the queue of a market that is recorded


def test_an_order_waits_behind_what_was_there_and_before_what_came_later(world: World, ann: Account) -> None:
    engine = world.engine
    engine.set_level("BTCUSDT", Side.BUY, 100 * UNIT, 5 * UNIT)
    order = engine.place(ann, limit("BUY", "100", "1"))
    engine.set_level("BTCUSDT", Side.BUY, 100 * UNIT, 8 * UNIT)
    engine.traded("BTCUSDT", 100 * UNIT, 5 * UNIT, buyer_is_maker=True)
    assert order.executed == 0
    engine.traded("BTCUSDT", 100 * UNIT, UNIT // 2, buyer_is_maker=True)
    assert order.executed == UNIT // 2
    engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    assert order.status is OrderStatus.FILLED


def test_what_others_cancel_makes_no_place_better(world: World, ann: Account) -> None:
    engine = world.engine
    engine.set_level("BTCUSDT", Side.BUY, 100 * UNIT, 5 * UNIT)
    order = engine.place(ann, limit("BUY", "100", "1"))
    engine.set_level("BTCUSDT", Side.BUY, 100 * UNIT, 9 * UNIT)
    engine.set_level("BTCUSDT", Side.BUY, 100 * UNIT, 5 * UNIT)
    engine.traded("BTCUSDT", 100 * UNIT, 5 * UNIT, buyer_is_maker=True)
    assert order.executed == 0
    engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
    assert order.status is OrderStatus.FILLED


def test_a_better_price_trades_before_a_recorded_one(world: World, ann: Account) -> None:
    world.engine.set_level("BTCUSDT", Side.BUY, 100 * UNIT, 5 * UNIT)
    order = world.engine.place(ann, limit("BUY", "101", "1"))
    world.engine.traded("BTCUSDT", 100 * UNIT, 2 * UNIT, buyer_is_maker=True)
    assert [fill.price for fill in order.fills] == [101 * UNIT]


def test_a_recorded_offer_that_meets_an_order_fills_it(world: World, ann: Account) -> None:
    order = world.engine.place(ann, limit("BUY", "101", "1"))
    world.engine.set_level("BTCUSDT", Side.SELL, 100 * UNIT, 3 * UNIT)
    assert order.status is OrderStatus.FILLED
    assert world.engine.markets["BTCUSDT"].book.top(Side.SELL) == (100 * UNIT, 2 * UNIT)


# against a model, and conserving

PRICES = st.integers(95, 105).map(lambda price: price * UNIT)
SIZES = st.integers(1, 30).map(lambda tenths: tenths * UNIT // 10)


@dataclass
class Resting:
    """Of the model."""

    name: str
    side: str
    price: int
    left: int


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob", "eve"]), st.sampled_from(["BUY", "SELL"]), PRICES, SIZES), max_size=40
    )
)
def test_trades_are_those_of_a_model_that_looks_at_every_order(orders: list[tuple[str, str, int, int]]) -> None:
    world = World()
    accounts = {name: world.account(name) for name in ("ann", "bob", "eve")}
    resting: list[Resting] = []
    expected: list[tuple[int, int]] = []
    for name, side, price, quantity in orders:
        asked = NewOrder("BTCUSDT", Side(side), OrderType.LIMIT, quantity, price=price, self_trade=SelfTrade.NONE)
        world.engine.place(accounts[name], asked)
        left, sign = quantity, 1 if side == "BUY" else -1
        for each in sorted(resting, key=lambda it: sign * it.price):  # stable: time within a price
            if each.side == side or not left or sign * each.price > sign * price:
                continue
            took = min(left, each.left)
            expected.append((each.price, took))
            left, each.left = left - took, each.left - took
        resting = [each for each in resting if each.left]
        if left:
            resting.append(Resting(name, side, price, left))
    assert [(each.price, each.quantity) for each in world.told if isinstance(each, Trade)] == expected
    book = world.engine.markets["BTCUSDT"].book
    for side in Side:
        shown = dict(book.depth(side, 1000))
        assert shown == {
            price: sum(each.left for each in resting if each.side == side and each.price == price)
            for price in {each.price for each in resting if each.side == side}
        }


ASKED = st.builds(
    NewOrder,
    symbol=st.just("BTCUSDT"),
    side=st.sampled_from(Side),
    type=st.sampled_from(OrderType),
    quantity=SIZES,
    quote_quantity=st.sampled_from([0, 0, 0, 150 * UNIT]),
    price=st.one_of(st.just(0), PRICES),
    stop_price=st.one_of(st.just(0), PRICES),
    trailing=st.sampled_from([0, 0, 100, 300]),
    shown=st.sampled_from([0, 0, 0, UNIT // 2]),
    time_in_force=st.sampled_from(TimeInForce),
    self_trade=st.sampled_from(SelfTrade),
)
STEP = st.one_of(
    st.tuples(st.just("place"), ASKED),
    st.tuples(st.just("place"), ASKED),
    st.tuples(st.just("oco"), st.tuples(ASKED, ASKED)),
    st.tuples(st.just("oto"), st.tuples(ASKED, ASKED, ASKED)),
    st.tuples(st.just("cancel"), st.integers(0, 50)),
    st.tuples(st.just("level"), st.tuples(st.sampled_from(Side), PRICES, st.one_of(st.just(0), SIZES))),
    st.tuples(st.just("trade"), st.tuples(PRICES, SIZES, st.booleans())),
)


def usual(asked: NewOrder) -> NewOrder:
    """With the parameters that its type has, so that it is not refused for others."""
    priced = asked.type not in (OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT)
    stops = asked.type.value.startswith(("STOP", "TAKE"))
    plain = priced and asked.type is not OrderType.LIMIT_MAKER
    by_quote = asked.type is OrderType.MARKET and asked.quote_quantity
    tif = asked.time_in_force if plain else TimeInForce.GTC
    return replace(
        asked,
        price=(asked.price or 100 * UNIT) if priced else 0,
        stop_price=(asked.stop_price or 99 * UNIT) if stops else 0,
        trailing=asked.trailing if stops else 0,
        quantity=0 if by_quote else asked.quantity,
        quote_quantity=asked.quote_quantity if by_quote else 0,
        time_in_force=tif,
        shown=asked.shown if plain and tif is TimeInForce.GTC else 0,
    )


def alike(asked: NewOrder, first: NewOrder) -> NewOrder:
    """As orders of one list are."""
    return replace(asked, side=first.side, quantity=first.quantity or UNIT, quote_quantity=0)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), STEP), max_size=40), st.sampled_from(["", "BNB", "USDT"]))
def test_nothing_comes_from_nowhere_and_what_is_locked_is_for_open_orders(
    steps: list[tuple[str, tuple[str, object]]], pays_fees_in: str
) -> None:
    world = World()
    accounts = {"ann": world.account("ann", pays_fees_in=pays_fees_in), "bob": world.account("bob")}
    engine = world.engine
    for name, (kind, detail) in steps:
        account = accounts[name]
        try:
            if kind == "place":
                engine.place(account, usual(detail))  # type: ignore[arg-type]
            elif kind == "oco":
                above, below = (usual(each) for each in detail)  # type: ignore[attr-defined]
                place_oco(engine, account, alike(above, above), alike(below, above))
            elif kind == "oto":
                working, above, below = (usual(each) for each in detail)  # type: ignore[attr-defined]
                place_oto(engine, account, working, [alike(above, above), alike(below, above)])
            elif kind == "cancel":
                open_now = engine.open_orders(account)
                if open_now:
                    engine.cancel(account, open_now[detail % len(open_now)])  # type: ignore[operator]
            elif kind == "level":
                engine.set_level("BTCUSDT", *detail)  # type: ignore[misc]
            else:
                engine.traded("BTCUSDT", *detail[:2], buyer_is_maker=detail[2])  # type: ignore[index]
        except Refused:
            pass
        for asset in ("BTC", "USDT", "BNB"):
            assert engine.ledger.total(asset) == engine.ledger.deposited[asset]
        for each in accounts.values():
            held = {id(order.hold): order.hold for order in engine.orders.values() if order.account == each.name}
            for asset in ("BTC", "USDT"):
                locked = sum(hold.amount for hold in held.values() if hold is not None and hold.asset == asset)
                assert each.balance(asset).locked == locked >= 0
            for order in engine.orders.values():
                assert order.open or order.hold is None
                assert order.executed == sum(fill.quantity for fill in order.fills)
        book = engine.markets["BTCUSDT"].book
        bid, ask = book.bids.best, book.asks.best
        assert bid is None or ask is None or bid < ask


def test_an_account_has_only_so_many_orders_open(world: World, ann: Account) -> None:
    orders = [world.engine.place(ann, limit("BUY", "1", "5")) for _ in range(BTC.max_orders)]
    with pytest.raises(Refused, match="MAX_NUM_ORDERS"):
        world.engine.place(ann, limit("BUY", "1", "5"))
    world.engine.cancel(ann, orders[0])
    world.engine.place(ann, limit("BUY", "1", "5"))
    world.engine.cancel(ann, orders[1])
    world.engine.traded("BTCUSDT", 2 * UNIT, UNIT, buyer_is_maker=True)
    for _ in range(BTC.max_stops):
        last = world.engine.place(ann, stop("STOP_LOSS", "SELL", "5", "1"))
        world.engine.cancel(ann, world.engine.open_orders(ann)[0])
    with pytest.raises(Refused, match="MAX_NUM_ALGO_ORDERS"):
        world.engine.place(ann, stop("STOP_LOSS", "SELL", "5", "1"))
    world.engine.cancel(ann, last)
    world.engine.place(ann, stop("STOP_LOSS", "SELL", "5", "1"))
