"""A stop does nothing until the price is there, and then exactly what it says, once."""

import pytest
from stage import BTC, NoConfig, Stage, start

from sniper.events import KillSwitch, PlanChanged, StrategyLife
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.order_types import BadPlan, Stop
from sniper.risk import Findings, RiskWatch, Trip, Trips, must
from sniper.strategy import CancelOrder, PlaceOrder, on
from sniper.types import Entry, KillLevel
from sniper.view import View


def stop(trigger: int = 90, size: int = 20, limit: int | None = None, *, reduce_only: bool = False) -> Stop:
    return Stop(
        instrument=BTC.id,
        side="sell",
        size=size,
        trigger=trigger * 100,
        limit=None if limit is None else limit * 100,
        reduce_only=reduce_only,
    )


def test_a_stop_sells_at_the_market_once_the_price_is_there_and_tells() -> None:
    stage = Stage({1: [start(stop())]}, held=20)
    stage.trades(100, 95, 91)
    assert stage.working() == []
    stage.trades(90, 89, 88)
    assert stage.fills() == [("sell", 20, 89)], "at the first price after it was decided"
    assert (stage.book.plans, stage.book.positions) == ({}, {})
    assert stage.heard == [
        ("p", "working", 0, ""),
        ("p", "working", 0, "its trigger was reached"),
        ("p", "working", 20, ""),
        ("p", "done", 20, ""),
    ]


def test_a_stop_that_buys_waits_for_higher_prices() -> None:
    buys = Stop(instrument=BTC.id, side="buy", size=20, trigger=11_000)
    stage = Stage({1: [start(buys)]})
    stage.trades(100, 90, 109, 112, 113)
    assert stage.fills() == [("buy", 20, 113)]


def test_a_stop_with_a_limit_rests_at_it() -> None:
    stage = Stage({1: [start(stop(limit=88))]}, held=20)
    stage.trades(100, 90, 87, 86)
    assert stage.fills() == []
    assert stage.working() == [("sell", 20, 88)]
    stage.trades(88)
    assert stage.fills() == [("sell", 20, 88)]


def test_best_prices_move_a_stop_that_waits_for_them_and_no_other() -> None:
    by_prices = Stop(instrument=BTC.id, side="sell", size=10, trigger=9_000, by="prices")
    stage = Stage({1: [start(stop(size=10), "t"), start(by_prices, "p")]}, held=20)
    stage.trades(100)
    stage.prices(89, 101)
    assert [plan.started.key for plan in stage.book.plans.values() if plan.memory.touched] == ["p"]


def test_a_cancelled_stop_does_nothing() -> None:
    stage = Stage({1: [start(stop())], 2: [CancelOrder(key="p")]}, held=20)
    stage.trades(100, 95, 80, 80)
    assert stage.fills() == []
    assert stage.states() == ["working", "cancelled"]


def test_a_cancelled_stop_withdraws_what_it_has_placed_and_ends_when_that_is_known() -> None:
    stage = Stage({1: [start(stop(limit=88))], 3: [CancelOrder(key="p")]}, held=20, latency=10)
    stage.trades(100, 90, every=100)
    stage.trades(80, every=100)
    assert stage.plan.ending == "cancelled"
    stage.trades(80, every=100)
    assert stage.states()[-1] == "cancelled"
    assert (stage.working(), stage.fills()) == ([], [])


def test_a_stop_goes_on_where_a_process_ended_whenever_that_is() -> None:
    prices = (100, 95, 90, 89, 88)
    for when in range(len(prices)):
        stage = Stage({1: [start(stop())]}, held=20)
        for n, price in enumerate(prices):
            stage.trades(price)
            if n == when:
                stage.crash()
        stage.trades(88, 88, every=10**10)
        assert [(side, size) for side, size, _ in stage.fills()] == [("sell", 20)], when
        assert stage.book.plans == {}


def test_a_kernel_that_was_restored_goes_on_byte_for_byte() -> None:
    stage = Stage({1: [start(stop(limit=88))]}, held=20)
    for price in (100, 95, 90, 85):
        stage.trades(price)
        again = Kernel(stage.wiring)
        assert restore(again, dump(stage.kernel)) == ()
        assert dump(again) == dump(stage.kernel)


def test_facts_alone_give_the_same_books() -> None:
    from sniper.codec import encode
    from sniper.kernel.book import Book
    from sniper.kernel.fold import fold

    stage = Stage({1: [start(stop(limit=88))]}, held=20)
    stage.trades(100, 95, 90, 85)
    book = Book(account="main")
    for _, fact in stage.kernel.facts:
        fold(book, fact)
    assert encode(book) == encode(stage.book)


def test_what_only_reduces_sells_no_more_than_there_is() -> None:
    stage = Stage({1: [start(stop(size=50, reduce_only=True))]}, held=20)
    stage.trades(100, 90, 89, 88)
    assert stage.fills() == [("sell", 20, 89)]
    assert stage.heard[-1] == ("p", "cancelled", 20, "nothing is held any more that it could reduce")


def test_what_only_reduces_waits_for_orders_that_hold_what_it_would_sell() -> None:
    limit = PlaceOrder(key="l", instrument=BTC.id, side="sell", size=20, reason="", price=20_000)
    stage = Stage({1: [limit, start(stop(reduce_only=True))], 4: [CancelOrder(key="l")]}, held=20)
    stage.trades(100, 90, 89)
    assert stage.fills() == []
    stage.trades(88, 87, 86, every=10**10)
    assert [(side, size) for side, size, _ in stage.fills()] == [("sell", 20)]


def test_the_kill_switch_withdraws_what_would_buy_and_leaves_what_protects() -> None:
    buys = Stop(instrument=BTC.id, side="buy", size=20, trigger=11_000)
    stage = Stage({1: [start(buys, "b"), start(stop(), "p")]}, held=20)
    stage.trades(100)
    stage.play([KillSwitch(time=stage.time, account="*", level="no-entries", reason="test")])
    assert stage.states("b")[-1] == "cancelled"
    stage.trades(120, 90, 89)
    assert stage.fills() == [("sell", 20, 89)]


@pytest.mark.parametrize("action", ["pause", "drain", "remove"])
def test_what_protects_outlives_its_strategy_and_what_opens_does_not(action: str) -> None:
    buys = Stop(instrument=BTC.id, side="buy", size=20, trigger=11_000)
    stage = Stage({1: [start(buys, "b"), start(stop(), "p")]}, held=20)
    stage.trades(100)
    stage.play([StrategyLife(time=stage.time, account="main", instance="s", action=action)])
    assert [plan.started.key for plan in stage.book.plans.values()] == ["p"]
    stage.trades(120, 90, 89)
    assert stage.fills() == [("sell", 20, 89)]


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (stop(size=4), "kernel.size"),
        (Stop(instrument="y:BTC/USDT", side="sell", size=9, trigger=1), "kernel.instrument-known"),
        (Stop(instrument="x:ETH/USDT", side="sell", size=9, trigger=1), "kernel.instrument-known"),
    ],
)
def test_what_cannot_be_carried_out_is_denied_with_its_rule(plan: Stop, rule: str) -> None:
    stage = Stage({1: [start(plan)]}, held=20)
    stage.trades(100)
    assert stage.heard == [("p", "denied", 0, rule)]
    assert stage.book.plans == {}


def test_a_key_is_used_once_at_a_time() -> None:
    order = PlaceOrder(key="p", instrument=BTC.id, side="buy", size=9, reason="", price=1)
    stage = Stage({1: [start(stop()), start(stop()), order]}, held=20)
    stage.trades(100)
    assert stage.rules() == ["kernel.key-free", "kernel.key-free"]


@pytest.mark.parametrize(("size", "trigger", "limit"), [(0, 1, None), (1, 0, None), (1, 1, 0)])
def test_what_contradicts_itself_cannot_be_made(size: int, trigger: int, limit: int | None) -> None:
    with pytest.raises(BadPlan):
        Stop(instrument=BTC.id, side="sell", size=size, trigger=trigger, limit=limit)


def test_what_opens_is_given_up_where_it_is_denied() -> None:
    buys = Stop(instrument=BTC.id, side="buy", size=10**9, trigger=11_000)
    stage = Stage({1: [start(buys)]})
    stage.trades(100, 110, 111)
    assert stage.heard[-1] == ("p", "denied", 0, "kernel.cash")
    assert any(isinstance(fact, f.PlanEnded) for _, fact in stage.kernel.facts)


class Nervous(RiskWatch):
    """Trips once anything protects."""

    config: NoConfig
    exchanges = True

    @on(PlanChanged)
    def changed(self, event: PlanChanged, view: View) -> Trips:
        if event.key == "p":
            yield Trip(level=KillLevel.NO_ENTRIES, reason="test")

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("calm", True)


def test_a_breaker_withdraws_what_would_buy_and_leaves_what_protects() -> None:
    buys = Stop(instrument=BTC.id, side="buy", size=20, trigger=11_000)
    stage = Stage({1: [start(buys, "b"), start(stop(), "p")]}, held=20, watches=(Nervous,))
    stage.trades(100)
    assert [plan.started.key for plan in stage.book.plans.values()] == ["p"]
