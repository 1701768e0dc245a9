"""Orders that know of each other trade no more than they may together; what protects follows what it protects."""

import pytest
from pit import Pit, client_of
from stage import BTC

from sniper.events import KillSwitch
from sniper.kernel.asks import Submit
from sniper.order_types import (
    BadPlan,
    Bracket,
    GoodTill,
    Grid,
    Leg,
    OneCancelsOther,
    OneTriggersOther,
    OneUpdatesOther,
    Plan,
)
from sniper.strategy import PlaceOrder

TARGET = Leg(name="target", side="sell", size=20, price=11_000)
STOP = Leg(name="stop", side="sell", size=20, stop=9_000)


def pit(plan: Plan, held: int = 20) -> Pit:
    """The plan was started, and its first orders are at the exchange."""
    found = Pit(held=held)
    found.start(plan)
    found.settle()
    return found


def fill(found: Pit, leg: str, size: int, fee: int = 0) -> None:
    """A part of a leg's newest order is filled, and that is known."""
    found.fill(client_of(found, leg), size, fee)
    found.settle()


def hit(found: Pit, price: int) -> None:
    found.trade(price)
    found.settle()


# ---- one cancels other ----


def test_of_oco_the_leg_that_is_filled_cancels_the_other() -> None:
    found = pit(OneCancelsOther(instrument=BTC.id, legs=(TARGET, STOP)))
    assert found.orders() == [("sell", 20, 11_000)]
    fill(found, "target", 8)
    hit(found, 8_900)
    assert found.orders() == [("sell", 12, 11_000)], "the stop is cancelled, whatever the price does"
    fill(found, "target", 12)
    assert found.ended() == [("done", "")]


def test_of_oco_the_other_leg_waits_until_the_first_is_known_to_be_gone() -> None:
    small = Leg(name="small", side="sell", size=5, price=11_000)
    found = pit(OneCancelsOther(instrument=BTC.id, legs=(small, STOP)))
    found.trade(8_900)
    assert found.orders() == [("sell", 5, 11_000)], "15 lots are free of the other leg's, but both could be filled"
    found.settle()
    assert found.orders() == [("sell", 20, None)]


def test_of_oco_a_leg_that_was_filled_while_it_was_withdrawn_wins() -> None:
    found = pit(OneCancelsOther(instrument=BTC.id, legs=(TARGET, STOP)))
    found.trade(8_900)
    found.fill(client_of(found, "target"), 20)
    found.settle()
    assert (found.orders(), found.ended()) == ([], [("done", "")])


def test_of_oco_two_legs_that_rest_are_refused() -> None:
    other = Leg(name="other", side="sell", size=20, price=12_000)
    with pytest.raises(BadPlan, match="wait for no price"):
        OneCancelsOther(instrument=BTC.id, legs=(TARGET, other))


# ---- one updates other ----


def test_of_ouo_what_one_leg_fills_the_other_loses() -> None:
    found = pit(OneUpdatesOther(instrument=BTC.id, size=20, legs=(TARGET, STOP)))
    fill(found, "target", 8)
    hit(found, 8_900)
    assert found.orders() == [("sell", 12, None)]
    fill(found, "stop", 12)
    assert found.ended() == [("done", "")]


def test_of_ouo_what_is_filled_while_it_is_withdrawn_is_not_sold_twice() -> None:
    found = pit(OneUpdatesOther(instrument=BTC.id, size=20, legs=(TARGET, STOP)))
    found.trade(8_900)
    found.fill(client_of(found, "target"), 15)
    found.settle()
    assert found.orders() == [("sell", 5, None)]


def test_of_ouo_a_leg_whose_answer_was_lost_counts_as_filled_until_it_is_known() -> None:
    found = Pit(held=20)
    found.start(OneUpdatesOther(instrument=BTC.id, size=20, legs=(TARGET, STOP)))
    found.fail(found.asks[0])
    found.trade(8_900)
    assert found.orders() == [("sell", 20, 11_000)]
    found.settle()
    assert found.orders() == [("sell", 20, None)]


# ---- one triggers other ----


def test_of_oto_the_others_follow_what_the_first_has_filled() -> None:
    first = Leg(name="first", side="buy", size=20, price=9_900)
    then = Leg(name="then", side="sell", size=10, price=11_000)
    found = pit(OneTriggersOther(instrument=BTC.id, first=first, then=(then,)), held=0)
    assert found.orders() == [("buy", 20, 9_900)]
    fill(found, "first", 6)
    assert found.orders() == [("buy", 14, 9_900)], "3 of 10 are less than the exchange takes"
    fill(found, "first", 10)
    assert found.orders() == [("buy", 4, 9_900), ("sell", 8, 11_000)]
    fill(found, "first", 4)
    assert sum(size for _, size, _ in found.orders()) <= 10


# ---- brackets ----


def bracket(**changes: object) -> Bracket:
    given = {
        "instrument": BTC.id, "side": "buy", "size": 40, "price": 10_000, "stop": 9_000, "target": 11_000, **changes,
    }  # fmt: skip
    return Bracket(**given)  # type: ignore[arg-type]  # the fields that a test names


def test_a_bracket_protects_what_it_has_bought_and_no_more() -> None:
    found = pit(bracket(), held=0)
    assert found.orders() == [("buy", 40, 10_000)]
    fill(found, "entry", 10)
    assert found.orders() == [("buy", 30, 10_000), ("sell", 10, 11_000)]
    fill(found, "entry", 30)
    assert sorted(found.orders()) == [("sell", 10, 11_000), ("sell", 30, 11_000)]


def test_a_bracket_that_reaches_its_target_is_done_and_its_stop_is_gone() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 40)
    fill(found, "target", 40)
    hit(found, 8_000)
    assert (found.orders(), found.ended()) == ([], [("done", "")])
    assert found.book.positions == {}


def test_a_bracket_that_is_stopped_sells_what_its_target_has_not_and_buys_no_more() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 30)
    fill(found, "target", 12)
    hit(found, 8_900)
    assert found.orders() == [("sell", 18, None)]
    fill(found, "stop", 18)
    assert found.ended() == [("done", "")]
    assert found.book.positions == {}


def test_what_the_entry_fills_while_it_is_withdrawn_is_sold_as_well() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 30)
    found.trade(8_900)
    found.fill(client_of(found, "entry"), 10)
    found.settle()
    assert sum(size for side, size, price in found.orders() if (side, price) == ("sell", None)) == 40


def test_a_fee_in_the_asset_is_not_sold() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 40, fee=BTC.lot // 10)
    assert found.orders() == [("sell", 39, 11_000)]


def test_a_bracket_whose_stop_follows_is_stopped_above_where_it_began() -> None:
    found = pit(bracket(trail=500, target=None), held=0)
    fill(found, "entry", 40)
    for price in (10_800, 10_400):
        hit(found, price)
    assert found.orders() == []
    hit(found, 10_300)
    assert found.orders() == [("sell", 40, None)]


def test_an_entry_that_waits_for_its_price_is_placed_then() -> None:
    found = pit(bracket(entry_stop=10_500, price=None), held=0)
    assert found.orders() == []
    hit(found, 10_600)
    assert found.orders() == [("buy", 40, None)]


def test_the_kill_switch_withdraws_an_entry_and_leaves_its_protection() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 10)
    found.handle(KillSwitch(time=found.time, account="*", level="no-entries", reason="test"))
    found.settle()
    assert found.orders() == [("sell", 10, 11_000)]
    hit(found, 8_900)
    assert found.orders() == [("sell", 10, None)]
    fill(found, "stop", 10)
    assert found.ended() == [("done", "")]


def test_the_kill_switch_ends_a_bracket_that_has_bought_nothing() -> None:
    found = pit(bracket(), held=0)
    found.handle(KillSwitch(time=found.time, account="*", level="no-entries", reason="test"))
    found.settle()
    assert (found.orders(), found.ended()) == ([], [("cancelled", "the kill switch is not off")])


def test_a_bracket_whose_entry_is_denied_or_refused_goes_on_protecting_what_it_has() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 10)
    found.to(client_of(found, "entry"), "cancelled")
    found.told(found.stream.pop())
    for _ in range(3):
        entries = [ask for ask in found.asks if isinstance(ask.body, Submit)]
        for ask in entries:
            found.refuse(ask)
        found.passes(10**10)
    found.settle()
    assert found.orders() == [("sell", 10, 11_000)]
    hit(found, 8_900)
    assert found.orders() == [("sell", 10, None)]


def test_a_bracket_that_is_cancelled_buys_no_more_and_protects_what_it_has_until_it_is_cancelled_again() -> None:
    found = pit(bracket(), held=0)
    found.cancel("p1")
    found.fill(client_of(found, "entry"), 10)
    found.settle()
    assert found.orders() == [("sell", 10, 11_000)], "the cancellation lost the race, and nothing is unprotected"
    found.cancel("p1")
    found.settle()
    assert (found.orders(), found.book.plans) == ([], {})


def test_a_bracket_whose_position_was_sold_by_others_still_protects_what_its_entry_fills_then() -> None:
    found = pit(bracket(target=None), held=0)
    fill(found, "entry", 10)
    found.want(PlaceOrder(key="o", instrument=BTC.id, side="sell", size=10, reason="", price=10_000))
    other = next(iter(found.airborne))
    found.arrive(other)
    found.fill(other, 10)
    for what in list(found.stream):
        found.told(what)
    found.trade(8_900)
    found.fill(client_of(found, "entry"), 12)
    found.settle()
    assert found.orders() == [("sell", 12, None)]


def test_a_bracket_that_is_cancelled_before_it_has_bought_anything_is_over() -> None:
    found = pit(bracket(), held=0)
    found.cancel("p1")
    found.settle()
    assert (found.orders(), found.ended()) == ([], [("cancelled", "cancelled: by its strategy")])


@pytest.mark.parametrize("filled", [0, 8])
def test_the_kill_switch_leaves_what_sells_what_is_held_though_it_does_not_say_that_it_reduces(filled: int) -> None:
    found = pit(GoodTill(instrument=BTC.id, side="sell", size=20, price=11_000, until=10**15))
    if filled:
        fill(found, "order", filled)
    found.handle(KillSwitch(time=found.time, account="*", level="no-entries", reason="test"))
    found.settle()
    assert found.orders() == [("sell", 20 - filled, 11_000)]


def test_what_protects_is_not_judged_by_checks_and_waits_out_a_freeze() -> None:
    found = pit(bracket(), held=0)
    fill(found, "entry", 40)
    found.handle(KillSwitch(time=found.time, account="*", level="freeze", reason="test"))
    hit(found, 8_900)
    assert found.orders() == []
    found.handle(KillSwitch(time=found.time, account="*", level="off", reason="test"))
    found.settle()
    assert found.orders() == [("sell", 40, None)]


@pytest.mark.parametrize("wrong", [{"stop": 0}, {"target": 8_000}, {"trail": 1, "trail_bps": 1}, {"size": 0}])
def test_a_bracket_that_contradicts_itself_cannot_be_made(wrong: dict[str, int]) -> None:
    with pytest.raises(BadPlan):
        bracket(**wrong)


# ---- grids ----


def test_a_grid_buys_below_sells_above_and_begins_anew() -> None:
    grid = Grid(instrument=BTC.id, lower=9_800, upper=10_200, lines=5, size=10)
    found = pit(grid, held=0)
    assert found.orders() == [("buy", 10, 9_800), ("buy", 10, 9_900)], "the market was above these two alone"
    hit(found, 10_150)
    assert found.orders() == [("buy", 10, 10_000), ("buy", 10, 10_100), ("buy", 10, 9_800), ("buy", 10, 9_900)]
    fill(found, "b3", 10)
    assert ("sell", 10, 10_200) in found.orders()
    assert ("buy", 10, 10_100) not in found.orders()
    fill(found, "s3", 10)
    assert ("buy", 10, 10_100) in found.orders()


def test_a_stocked_grid_sells_what_is_there_already() -> None:
    grid = Grid(instrument=BTC.id, lower=9_800, upper=10_200, lines=5, size=10, stocked=True)
    found = pit(grid, held=20)
    assert found.orders() == [("buy", 10, 9_800), ("buy", 10, 9_900), ("sell", 10, 10_100), ("sell", 10, 10_200)]


def test_the_kill_switch_ends_a_grid() -> None:
    found = pit(Grid(instrument=BTC.id, lower=9_800, upper=10_200, lines=5, size=10), held=0)
    found.handle(KillSwitch(time=found.time, account="*", level="no-entries", reason="test"))
    found.settle()
    assert (found.orders(), found.book.plans) == ([], {})
