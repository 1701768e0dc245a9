"""Limit orders of a kind that few exchanges have."""

import pytest
from pit import Pit, client_of
from stage import BTC, Stage, start

from sniper.order_types import BadPlan, Chase, GoodTill, Iceberg, Ladder, MarketToLimit, Plan
from sniper.types import DAY

SECOND = 10**9


def pit(plan: Plan, held: int = 0) -> Pit:
    """The plan was started, and its first orders are at the exchange."""
    found = Pit(held=held)
    found.start(plan)
    found.settle()
    return found


def test_market_to_limit_takes_what_is_there_and_rests_where_that_was() -> None:
    found = Pit()
    found.prices(9_990, 10_010)
    found.start(MarketToLimit(instrument=BTC.id, side="buy", size=30))
    assert found.orders() == [("buy", 30, 10_010)]
    now = client_of(found, "now")
    found.answer(found.asks[0])
    found.fill(now, 10)
    found.to(now, "expired")
    found.settle()
    assert found.orders() == [("buy", 20, 10_010)]
    found.fill(client_of(found, "rest"), 20)
    found.settle()
    assert found.ended() == [("done", "")]


def test_an_iceberg_shows_a_part_and_the_next_one_when_that_is_filled() -> None:
    found = pit(Iceberg(instrument=BTC.id, side="buy", size=25, price=10_000, show=10))
    assert found.orders() == [("buy", 10, 10_000)]
    found.fill(client_of(found, "order"), 4)
    found.settle()
    assert found.orders() == [("buy", 6, 10_000)]
    for left in (10, 5):
        found.fill(client_of(found, "order"), 10)
        found.settle()
        assert found.orders() == [("buy", left, 10_000)]
    found.fill(client_of(found, "order"), 5)
    found.settle()
    assert found.ended() == [("done", "")]


def test_an_iceberg_leaves_no_rest_that_the_exchange_would_not_take() -> None:
    found = pit(Iceberg(instrument=BTC.id, side="buy", size=23, price=10_000, show=10))
    sizes = []
    while found.plan("p1") is not None:
        ((_, size, _),) = found.orders()
        sizes.append(size)
        found.fill(client_of(found, "order"), size)
        found.settle()
    assert sizes == [10, 8, 5]


@pytest.mark.parametrize(("until", "at"), [(3 * SECOND, 3 * SECOND), (None, DAY)])
def test_an_order_until_a_time_is_withdrawn_then(until: int | None, at: int) -> None:
    stage = Stage({1: [start(GoodTill(instrument=BTC.id, side="buy", size=10, price=9_000, until=until))]})
    stage.trades(100)
    stage.trades(100, every=at - stage.time - 1)
    assert stage.working() == [("buy", 10, 90)]
    stage.trades(100, 100)
    assert (stage.working(), stage.states()[-1]) == ([], "expired")


def test_an_order_until_a_time_that_passed_while_no_process_ran_is_withdrawn_at_the_start() -> None:
    stage = Stage({1: [start(GoodTill(instrument=BTC.id, side="buy", size=10, price=9_000, until=SECOND))]})
    stage.trades(100)
    stage.time += 2 * SECOND
    stage.crash()
    stage.trades(100, 100)
    assert (stage.working(), stage.book.plans) == ([], {})


def test_a_chasing_order_follows_the_best_price_up_to_its_limit() -> None:
    found = Pit()
    found.prices(9_900, 10_000)
    found.start(Chase(instrument=BTC.id, side="buy", size=10, limit=9_950, step=20))
    for bid, resting in ((9_900, 9_900), (9_910, 9_900), (9_925, 9_925), (10_000, 9_950), (9_800, 9_800)):
        found.prices(bid, 10_000)
        found.settle()
        assert found.orders() == [("buy", 10, resting)]


def test_a_chasing_order_places_only_what_is_left_where_it_was_filled_while_it_moved() -> None:
    found = Pit()
    found.prices(9_900, 10_000)
    found.start(Chase(instrument=BTC.id, side="buy", size=20, limit=9_990))
    found.settle()
    found.prices(9_950, 10_000)
    assert found.orders() == [("buy", 20, 9_900)], "the new one waits until the old one is known to be gone"
    found.fill(client_of(found, "order"), 12)
    found.settle()
    assert found.orders() == [("buy", 8, 9_950)]


def test_refusals_with_orders_between_them_that_were_taken_are_not_in_a_row() -> None:
    found = Pit()
    found.prices(9_900, 10_000)
    found.start(Chase(instrument=BTC.id, side="buy", size=10, limit=9_990))
    for step in range(5):
        found.refuse(found.asks[0])
        found.passes(10 * SECOND)
        found.settle()
        found.prices(9_900 + step + 1, 10_000)
        found.answer(found.asks[0])
        for what in list(found.stream):
            found.told(what)
    assert found.plan("p1") is not None


def test_a_flag_that_the_exchange_lacks_is_refused() -> None:
    chase = Chase(instrument=BTC.id, side="buy", size=20, limit=9_990, flags=("post-only",))
    stage = Stage({1: [start(chase)]})
    stage.trades(100)
    assert stage.heard == [("p", "denied", 0, "kernel.flags")]


def test_a_ladder_stands_at_equal_steps_with_its_shares() -> None:
    found = pit(Ladder(instrument=BTC.id, side="buy", size=60, first=9_900, last=9_700, weights=(1, 2, 3)))
    assert found.orders() == [("buy", 10, 9_900), ("buy", 20, 9_800), ("buy", 30, 9_700)]
    found.fill(client_of(found, "1"), 20)
    found.settle()
    assert found.orders() == [("buy", 10, 9_900), ("buy", 30, 9_700)]


def test_what_the_exchange_refuses_is_tried_again_and_given_up_where_it_opens() -> None:
    found = Pit()
    found.start(GoodTill(instrument=BTC.id, side="buy", size=10, price=9_000, until=10**13))
    for _ in range(3):
        found.refuse(found.asks[0])
        found.passes(10 * SECOND)
    assert found.ended() == [("failed", "rejected: no: no")]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Iceberg(instrument=BTC.id, side="buy", size=10, price=1, show=11),
        lambda: Ladder(instrument=BTC.id, side="buy", size=10, first=1, last=2, weights=(1, 1, 1)),
        lambda: Ladder(instrument=BTC.id, side="buy", size=10, first=1, last=2, weights=()),
        lambda: Ladder(instrument=BTC.id, side="buy", size=10, first=1, last=2, weights=(0, 0)),
        lambda: MarketToLimit(instrument=BTC.id, side="buy", size=0),
        lambda: Chase(instrument=BTC.id, side="buy", size=1, limit=0),
    ],
)
def test_what_contradicts_itself_cannot_be_made(make: object) -> None:
    with pytest.raises(BadPlan):
        make()  # type: ignore[operator]  # a function of no arguments
