"""The place in a queue, estimated from levels and trades, beside a queue of which each lot is known."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.runtime.queues import UNSEEN, Place, Withdrawn, probabilistic, risk_averse

MODELS = (risk_averse, probabilistic(1), probabilistic(2), probabilistic(3))


class Queue:
    """Who stands at one price, lot by lot; ours is one of them, and takes no room in what the book tells."""

    def __init__(self, others: int) -> None:
        self.lots = ["other"] * others + ["ours"]

    @property
    def level(self) -> int:
        return len(self.lots) - self.lots.count("ours")

    @property
    def ahead(self) -> int:
        return self.lots.index("ours")

    def come(self, lots: int) -> None:
        self.lots += ["other"] * lots

    def withdraw(self, which: int) -> None:
        others = [n for n, lot in enumerate(self.lots) if lot == "other"]
        del self.lots[others[which % len(others)]]

    def trade(self, lots: int) -> None:
        for _ in range(lots):
            if self.lots[0] == "ours":
                return
            del self.lots[0]


steps = st.lists(st.tuples(st.sampled_from(("come", "withdraw", "trade", "tell")), st.integers(1, 5)), max_size=30)


@given(st.integers(0, 10), steps)
def test_who_is_averse_to_risk_never_stands_further_ahead_than_he_does(
    others: int, steps: list[tuple[str, int]]
) -> None:
    queue, told = Queue(others), others
    averse, hopeful = Place(others), Place(others)
    for what, lots in (*steps, ("tell", 0)):
        if what == "come":
            queue.come(lots)
        elif what == "withdraw" and queue.level:
            queue.withdraw(lots)
        elif what == "trade":
            size = min(lots, queue.ahead)
            queue.trade(size)
            assert averse.trade(size) == 0, "nothing reaches it before its turn"
            hopeful.trade(size)
        elif what == "tell":
            averse.level(told, queue.level, risk_averse)
            hopeful.level(told, queue.level, probabilistic(1))
            told = queue.level
            assert 0 <= queue.ahead <= averse.ahead <= queue.level
            assert 0 <= hopeful.ahead <= averse.ahead
            assert not averse.traded


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.data())
def test_what_was_withdrawn_was_there(ahead: int, behind: int, data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, ahead + behind))
    found = [model(ahead, behind, gone) for model in MODELS]
    assert all(0 <= each <= ahead and gone - each <= behind for each in found)
    assert found[0] == min(found), "nobody expects less than who is averse to risk"


@pytest.mark.parametrize(("power", "gone"), [(1, 200), (2, 240), (3, 266)])
def test_the_larger_part_of_a_queue_loses_more_with_a_higher_power(power: int, gone: int) -> None:
    assert probabilistic(power)(800, 400, 300) == gone


def test_each_lot_as_likely_as_any_other_is_right_on_average() -> None:
    drawn = random.Random(1)
    true, estimated = 0, 0
    for _ in range(300):
        queue = Queue(60)
        queue.come(40)
        place, told = Place(60), 100
        for _ in range(10):
            for _ in range(5):
                queue.withdraw(drawn.randrange(10**6))
            place.level(told, queue.level, probabilistic(1))
            told = queue.level
        true += queue.ahead
        estimated += place.ahead
    assert true == pytest.approx(300 * 30, rel=0.02)
    assert estimated == pytest.approx(true, rel=0.02)


@pytest.mark.parametrize("model", MODELS)
def test_trades_are_not_taken_for_withdrawals(model: Withdrawn) -> None:
    place = Place(10)
    place.trade(4)
    place.level(15, 11, model)
    assert place.ahead == 6
    assert place.trade(8) == 2


def test_a_price_of_which_nothing_is_told_has_a_queue_without_end_until_it_is() -> None:
    place = Place(UNSEEN)
    assert place.trade(10**9) == 0
    place.level(None, 7, probabilistic(1))
    assert place.ahead == 7
    place.level(None, 9, probabilistic(1))
    assert place.ahead == 7
