"""An exchange played on order books: what an order meets, where it stands, and what it cannot have known."""

from typing import Any

import pytest
from floor import BTC
from hypothesis import given
from hypothesis import strategies as st

from sniper.events import BookChanged, Event, InstrumentStale, OrderSeen, Prices, Submitted, Trade
from sniper.exchange_orders import Fill, NewOrder, Side
from sniper.kernel.asks import Ask, Cancel, Submit
from sniper.runtime.queues import probabilistic, risk_averse
from sniper.runtime.simulated_book import BookExchange

Levels = tuple[tuple[int, int], ...]
OWNED = {"x:USDT": 10**30, "x:BTC": 10**30}
POST = ("post-only",)


class Stage:
    """One exchange, and a market of bids from 100 down and asks from 102 up."""

    def __init__(self, **options: Any) -> None:  # Any: of `BookExchange`
        self.exchange = BookExchange("main", "x", OWNED, **options)
        self.time = 0
        self.said: list[Event] = []
        self.orders: dict[str, NewOrder] = {}
        self.book(((100, 10), (99, 20), (98, 30)), ((102, 10), (103, 20), (104, 30)), whole=True)

    def hear(self, event: Event) -> None:
        self.time = max(self.time, event.time)
        self.said += self.exchange.until(event.time)
        self.exchange.heard(event)
        self.said += self.exchange.until(event.time)

    def book(self, bids: Levels = (), asks: Levels = (), *, whole: bool = False) -> None:
        self.hear(BookChanged(time=self.time + 1, instrument=BTC.id, bids=bids, asks=asks, whole=whole))

    def trade(self, price: int, size: int) -> None:
        self.hear(Trade(time=self.time + 1, venue="x", instrument=BTC.id, price=price, size=size))

    def place(
        self,
        side: Side,
        size: int,
        price: int | None,
        key: str = "a",
        *,
        lives: str = "gtc",
        flags: tuple[str, ...] = (),
    ) -> None:
        new = NewOrder(
            client_id=key, instrument=BTC.id, side=side, size=size, price=price, lives=lives, flags=flags,
            type="limit" if price is not None else "market",
        )  # fmt: skip
        self.orders[key] = new
        body = Submit(order=key, instrument=BTC, new=new)
        self.exchange.ask(Ask(id=f"{key}>", account="main", deadline=0, body=body), self.time)

    def cancel(self, key: str = "a") -> None:
        body = Cancel(order=key, instrument=BTC, new=self.orders[key], venue_id="1")
        self.exchange.ask(Ask(id=f"{key}<", account="main", deadline=0, body=body), self.time)

    def fills(self, key: str = "a") -> list[tuple[int, int, bool]]:
        return [(each.price, each.size, each.maker) for each in self.exchange.fills if each.client_id == key]

    def states(self, key: str = "a") -> list[str]:
        return [each.state.state for each in self.said if isinstance(each, OrderSeen) and each.state.client_id == key]

    def refusals(self) -> list[str]:
        return [each.code for each in self.said if isinstance(each, Submitted) and each.code]


def test_an_order_at_the_market_takes_level_by_level_what_the_next_book_tells() -> None:
    stage = Stage()
    stage.place("buy", 25, None)
    assert stage.fills() == []
    stage.book(asks=((102, 7),))
    assert stage.fills() == [(102, 7, False), (103, 18, False)]
    assert stage.states() == []  # its last fill says that it is over


def test_a_limit_takes_no_more_than_it_allows_and_rests_with_what_is_left() -> None:
    stage = Stage()
    stage.place("sell", 25, 100)
    stage.book(asks=((104, 31),))
    assert stage.fills() == [(100, 10, False)]
    stage.book(bids=((100, 0),), asks=((100, 3),))
    stage.trade(100, 4)
    assert stage.fills() == [(100, 10, False), (100, 4, True)], "it stands first: others came to its price after it"


@pytest.mark.parametrize(
    ("lives", "size", "price", "fills"),
    [
        ("ioc", 15, 102, [(102, 10, False)]),
        ("fok", 15, 102, []),
        ("fok", 15, 103, [(102, 10, False), (103, 5, False)]),
        ("ioc", 5, 101, []),
        ("gtc", 99, None, [(102, 10, False), (103, 20, False), (104, 31, False)]),
    ],
)
def test_what_may_not_rest_ends(lives: str, size: int, price: int | None, fills: list[tuple[int, int, bool]]) -> None:
    stage = Stage()
    stage.place("buy", size, price, lives=lives)
    stage.book(asks=((104, 31),))
    assert stage.fills() == fills
    assert stage.states() == ([] if sum(each[1] for each in fills) == size else ["expired"])


def test_post_only_is_refused_where_it_would_trade() -> None:
    stage = Stage()
    stage.place("buy", 1, 102, flags=POST)
    stage.place("buy", 1, 101, "b", flags=POST)
    stage.book(bids=((98, 31),))
    assert stage.refusals() == ["would-take"]
    assert stage.exchange.fills == []
    blind = Stage()
    blind.hear(InstrumentStale(time=5, instrument=BTC.id, stale=True))
    blind.place("buy", 1, 102, flags=POST)
    blind.book(((100, 1),), ((102, 1),), whole=True)
    assert (blind.fills(), blind.states()) == ([], ["expired"])


def test_an_order_waits_until_those_before_it_were_served() -> None:
    stage = Stage()
    stage.place("buy", 5, 100)
    stage.trade(100, 4)
    stage.book(bids=((100, 6),))
    stage.book(bids=((100, 50),))
    stage.trade(100, 6)
    assert stage.fills() == [], "all ten that stood there came first"
    stage.trade(100, 3)
    stage.trade(100, 9)
    assert stage.fills() == [(100, 3, True), (100, 2, True)]


def test_what_is_withdrawn_moves_it_on_by_the_model() -> None:
    for withdrawn, ahead in ((risk_averse, 10), (probabilistic(1), 5), (probabilistic(3), 4)):
        stage = Stage(withdrawn=withdrawn)
        stage.place("buy", 1, 100)
        stage.book(bids=((100, 14),))
        stage.book(bids=((100, 7),))
        stage.trade(100, min(ahead, 7))
        assert stage.fills() == []
        stage.trade(100, 1)
        assert stage.fills() == [(100, 1, True)]


def test_a_trade_beyond_its_price_has_come_past_it_with_what_it_traded_there() -> None:
    stage = Stage()
    stage.place("sell", 5, 103)
    stage.place("sell", 5, 104, "b")
    stage.trade(104, 3)
    assert (stage.fills(), stage.fills("b")) == ([(103, 3, True)], [])
    stage.trade(105, 3)
    assert (stage.fills(), stage.fills("b")) == ([(103, 3, True), (103, 2, True)], [(104, 1, True)])


def test_offers_that_come_to_its_price_trade_with_it_and_are_not_there_twice() -> None:
    stage = Stage()
    stage.place("buy", 9, 100)
    stage.book(bids=((100, 0),), asks=((100, 4),))
    assert stage.fills() == [(100, 4, True)]
    stage.book(asks=((101, 1),))
    assert stage.fills() == [(100, 4, True)], "those four are gone for it"
    stage.book(asks=((100, 6),))
    assert stage.fills() == [(100, 4, True), (100, 2, True)]


def test_what_was_taken_of_a_level_is_there_again_only_once_it_was_gone() -> None:
    stage = Stage()
    stage.place("buy", 4, 102, lives="ioc")
    stage.book(bids=((98, 31),))
    stage.place("buy", 10, 102, "b", lives="ioc")
    stage.book(bids=((98, 32),))
    assert stage.fills("b") == [(102, 6, False)]
    stage.book(asks=((102, 0),))
    stage.book(asks=((102, 5),))
    stage.place("buy", 10, 102, "c", lives="ioc")
    stage.book(bids=((98, 33),))
    assert stage.fills("c") == [(102, 5, False)]


def test_what_was_taken_of_one_side_is_not_missing_on_the_other() -> None:
    stage = Stage()
    stage.place("buy", 10, 102, lives="ioc")
    stage.book(bids=((98, 31),))
    stage.book(bids=((102, 10),), asks=((102, 0),))
    stage.place("sell", 10, 102, "b", lives="ioc")
    stage.book(bids=((98, 30),))
    assert stage.fills("b") == [(102, 10, False)]


def test_a_price_deeper_than_the_book_tells_has_a_queue_that_nobody_knows() -> None:
    stage = Stage()
    stage.place("buy", 1, 50)
    stage.book(bids=((98, 31),))
    stage.trade(50, 100)
    assert stage.fills() == []
    stage.book(bids=((50, 7), (49, 1)))
    stage.trade(50, 7)
    assert stage.fills() == []
    stage.trade(50, 1)
    assert stage.fills() == [(50, 1, True)]


def test_without_a_whole_book_trades_alone_fill() -> None:
    stage = Stage()
    stage.place("buy", 2, 100)
    stage.place("buy", 2, None, "b")
    stage.hear(InstrumentStale(time=stage.time + 1, instrument=BTC.id, stale=True))
    stage.book(asks=((99, 5),))
    stage.hear(Prices(time=stage.time + 1, instrument=BTC.id, bid=1, bid_size=1, ask=1, ask_size=1))
    assert stage.exchange.fills == []
    stage.trade(100, 11)
    assert stage.fills() == [(100, 1, True)]
    stage.book(((100, 1),), ((103, 1),), whole=True)
    assert stage.fills("b") == [(103, 1, False)]


def test_fees_and_balances_are_those_of_maker_and_taker() -> None:
    stage = Stage()
    stage.place("buy", 1, 102)
    stage.place("sell", 1, 104, "b")
    stage.book(asks=((104, 31),))
    stage.trade(104, 99)
    for fill in stage.exchange.fills:
        rate = BTC.maker_fee if fill.maker else BTC.taker_fee
        assert fill.fee == -(-fill.value * rate // 10**6)
    bought, sold = stage.exchange.fills
    assert stage.exchange.balances["x:USDT"] == OWNED["x:USDT"] - bought.value - bought.fee + sold.value - sold.fee
    assert stage.exchange.balances["x:BTC"] == OWNED["x:BTC"]


def test_request_and_answer_have_latencies_of_their_own() -> None:
    stage = Stage(latency=10, answer_latency=3)
    stage.place("buy", 1, 102)
    for _ in range(12):
        stage.book(bids=((98, 31),))
    (fill,) = stage.exchange.fills
    assert fill.time == 11, "it left at 1 and arrived with the book of 11"
    assert [each.time for each in stage.said if isinstance(each, Submitted)] == []
    stage.book()
    assert [each.time for each in stage.said if isinstance(each, Submitted)] == [14]


def test_a_cancel_ends_its_place_in_the_queue() -> None:
    stage = Stage()
    stage.place("buy", 2, 100)
    stage.book(bids=((98, 31),))
    stage.cancel()
    stage.trade(100, 99)
    stage.trade(99, 99)
    assert (stage.fills(), stage.states()) == ([], ["cancelled"])


def test_what_rested_before_this_process_stands_behind_all_that_is_told_first() -> None:
    stage = Stage()
    stage.exchange.adopt(BTC, NewOrder(client_id="a", instrument=BTC.id, side="buy", size=2, price=100), "1", 1)
    stage.book(bids=((98, 31),))
    stage.trade(100, 10)
    assert stage.fills() == []
    stage.trade(100, 5)
    assert stage.fills() == [(100, 1, True)]


# ---- nothing is known before its time, and nothing is traded twice ----

levels = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("book"), levels, levels),
        st.tuples(st.just("trade"), st.integers(97, 105), st.integers(1, 9)),
        st.tuples(st.sampled_from(("buy", "sell")), st.integers(97, 105) | st.none(), st.integers(1, 9)),
    ),
    min_size=1,
    max_size=40,
)


@given(steps, st.integers(0, 4), st.sampled_from((risk_averse, probabilistic(2))))
def test_fills_come_after_the_arrival_within_the_limit_and_from_what_was_there(
    steps: list[tuple[Any, ...]], latency: int, withdrawn: Any
) -> None:
    stage = Stage(latency=latency, withdrawn=withdrawn)
    left: dict[str, int] = {}
    for number, (what, first, second) in enumerate(steps):
        before = len(stage.exchange.fills)
        if what == "book":
            stage.book(
                tuple((101 - price, size) for price, size in first),
                tuple((101 + price, size) for price, size in second),
            )
            offered = {price: size for side in ("buy", "sell") for price, size in the_book(stage).facing(side)}
            for fill in stage.exchange.fills[before:]:
                assert fill.size <= max(offered.values(), default=0)
        elif what == "trade":
            stage.trade(first, second)
            for side in ("buy", "sell"):
                traded = sum(fill.size for fill in stage.exchange.fills[before:] if fill.side == side)
                assert traded <= second, "no more than was traded"
        else:
            left[f"o{number}"] = stage.time
            stage.place(what, second, first, f"o{number}")
        for fill in stage.exchange.fills[before:]:
            new = stage.orders[fill.client_id]
            assert fill.time == stage.time, "by what was told just now"
            assert fill.time > left[fill.client_id]
            assert fill.time >= left[fill.client_id] + latency
            assert new.price is None or (fill.price <= new.price if fill.side == "buy" else fill.price >= new.price)
    for key, new in stage.orders.items():
        assert sum(fill.size for fill in stage.exchange.fills if fill.client_id == key) <= new.size


def the_book(stage: Stage) -> Any:
    return stage.exchange._markets[BTC.id].book


def test_it_fills_the_same_in_each_run() -> None:
    def run() -> list[Fill]:
        stage = Stage(withdrawn=probabilistic(3), latency=1)
        for step in range(50):
            stage.place("buy" if step % 2 else "sell", 3, 99 + step % 5, f"o{step}")
            stage.book(bids=((100 - step % 3, step % 7),), asks=((102 + step % 3, step % 5),))
            stage.trade(100 + step % 3, step % 4 + 1)
        return stage.exchange.fills

    assert run() == run()
    assert run()
