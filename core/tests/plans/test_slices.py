"""Much, in many small orders: what is due when, exactly."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pit import Pit, client_of
from stage import BTC, Stage, start

from sniper.events import Bar, KillSwitch
from sniper.kernel.plans.slices import equal, optimal, parts
from sniper.order_types import (
    BadPlan,
    Dca,
    Participate,
    Plan,
    Scheduled,
    Shortfall,
    Twap,
    Vwap,
    curvature,
)

SECOND = 10**9


def bought(plan: Plan, seconds: int) -> list[tuple[int, int]]:
    """When, in seconds since its start, and how many lots, with a trade at 100 dollars each second."""
    stage = Stage({1: [start(plan)]})
    stage.trades(100)
    began, found = stage.time, []
    for second in range(1, seconds + 1):
        before = len(stage.fills())
        stage.time = began + second * SECOND - 1
        stage.trades(100)
        found += [(second, size) for _, size, _ in stage.fills()[before:]]
    return found


def test_a_twap_buys_the_same_at_equal_distances() -> None:
    plan = Twap(instrument=BTC.id, side="buy", size=31, duration=9 * SECOND, slices=3)
    assert bought(plan, 10) == [(1, 10), (3, 10), (6, 11)], "the first one is filled by the trade after the start"


def test_a_vwap_follows_its_profile() -> None:
    plan = Vwap(instrument=BTC.id, side="buy", size=40, duration=9 * SECOND, profile=(1, 2, 1))
    assert bought(plan, 10) == [(1, 10), (3, 20), (6, 10)]


def test_a_schedule_buys_at_its_times() -> None:
    plan = Scheduled(instrument=BTC.id, side="buy", slices=((2 * SECOND, 10), (5 * SECOND, 20)))
    assert bought(plan, 8) == [(2, 10), (5, 20)]


def test_a_shortfall_order_buys_more_at_the_beginning() -> None:
    plan = Shortfall(instrument=BTC.id, side="buy", size=100, duration=8 * SECOND, slices=4, curvature=1_000_000)
    sizes = [size for _, size in bought(plan, 10)]
    assert sum(sizes) == 100
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 55


def test_a_dca_buys_for_the_same_value_whatever_the_price() -> None:
    plan = Dca(instrument=BTC.id, side="buy", value=10 * 10**18, every=3 * SECOND, times=3)
    stage = Stage({1: [start(plan)]})
    stage.trades(100, 100)
    for price in (200, 50, 50, 50):
        stage.trades(price, every=2 * SECOND)
    assert [size for _, size, _ in stage.fills()] == [100, 50, 200]
    assert stage.states()[-1] == "done"


def test_a_participation_trades_its_share_of_what_is_traded() -> None:
    plan = Participate(instrument=BTC.id, side="buy", size=30, share_bps=2_500, least=10)
    stage = Stage({1: [start(plan)]})
    stage.trades(100)
    stage.trades(100, size=39)
    assert stage.fills() == []
    stage.trades(100, size=1)
    stage.trades(100, 100, 100, size=40)
    assert [size for _, size, _ in stage.fills()] == [10, 10, 10]


def test_a_participation_that_hears_trades_does_not_count_the_bars_that_say_the_same() -> None:
    found = Pit()
    found.start(Participate(instrument=BTC.id, side="buy", size=30, share_bps=5_000, least=30))
    found.trade(10_000, size=20)
    bar = Bar(
        time=found.time + 1, instrument=BTC.id, interval=60, start=0,
        open=10_000, high=10_000, low=10_000, close=10_000, volume=1_000,
    )  # fmt: skip
    found.handle(bar)
    assert found.orders() == []


@pytest.mark.parametrize(("size", "orders"), [(20, [10, 10]), (21, [10, 6, 5]), (12, [7, 5])])
def test_a_slice_that_is_too_large_for_an_order_is_placed_in_several(size: int, orders: list[int]) -> None:
    found = Pit(replace(BTC, max_size=10))  # type: ignore[type-var]  # a msgspec struct
    found.start(Twap(instrument=BTC.id, side="buy", size=size, duration=SECOND, slices=1))
    assert sorted((lots for _, lots, _ in found.orders()), reverse=True) == orders


def test_a_slice_that_is_not_filled_is_taken_along_by_the_next() -> None:
    found = Pit()
    found.start(Twap(instrument=BTC.id, side="buy", size=30, duration=20 * SECOND, slices=2, limit=9_900))
    found.settle()
    found.fill(client_of(found, "slice"), 4)
    found.to(client_of(found, "slice"), "cancelled")
    found.settle()
    assert sum(size for _, size, _ in found.orders()) == 26


def test_slices_that_are_too_small_for_an_order_are_placed_together() -> None:
    plan = Twap(instrument=BTC.id, side="buy", size=12, duration=6 * SECOND, slices=6)
    assert bought(plan, 8) == [(2, 6), (5, 6)]


def test_what_was_due_while_no_process_ran_is_due_at_its_start() -> None:
    stage = Stage({1: [start(Twap(instrument=BTC.id, side="buy", size=40, duration=4 * SECOND, slices=4))]})
    stage.trades(100, 100)
    stage.time += 10 * SECOND
    stage.crash()
    stage.trades(100, 100)
    assert [size for _, size, _ in stage.fills()] == [10, 30]
    assert stage.states()[-1] == "done"


def test_a_dca_does_not_make_up_for_what_it_missed() -> None:
    plan = Dca(instrument=BTC.id, side="buy", value=10 * 10**18, every=SECOND, times=10)
    stage = Stage({1: [start(plan)]})
    stage.trades(100, 100)
    stage.time += 10 * SECOND
    stage.crash()
    stage.trades(100, 100, every=SECOND)
    assert [size for _, size, _ in stage.fills()] == [100, 100]


def test_the_kill_switch_ends_what_buys_in_slices() -> None:
    stage = Stage({1: [start(Twap(instrument=BTC.id, side="buy", size=40, duration=4 * SECOND, slices=4))]})
    stage.trades(100, 100)
    stage.play([KillSwitch(time=stage.time, account="*", level="no-entries", reason="test")])
    stage.trades(100, 100, every=10 * SECOND)
    assert [size for _, size, _ in stage.fills()] == [10]
    assert stage.states()[-1] == "cancelled"


def test_what_sells_in_slices_goes_on_under_the_kill_switch() -> None:
    plan = Twap(instrument=BTC.id, side="sell", size=40, duration=4 * SECOND, slices=4, reduce_only=True)
    stage = Stage({1: [start(plan)]}, held=40)
    stage.trades(100, 100)
    stage.play([KillSwitch(time=stage.time, account="*", level="no-entries", reason="test")])
    stage.trades(*[100] * 12, every=SECOND)
    assert sum(size for _, size, _ in stage.fills()) == 40


# ---- the arithmetic ----


@given(st.integers(1, 10**30), st.lists(st.integers(0, 10**6), min_size=1, max_size=50).filter(any))
def test_parts_sum_up_to_the_whole_and_are_as_near_as_whole_lots_can_be(size: int, weights: list[int]) -> None:
    found = parts(size, weights)
    assert sum(found) == size
    assert min(found) >= 0
    for part, weight in zip(found, weights, strict=True):
        assert abs(part - Fraction(size * weight, sum(weights))) < 1


@given(st.integers(1, 40), st.integers(0, 10**7))
def test_the_optimal_trajectory_is_that_of_almgren_and_chriss(slices: int, given_curvature: int) -> None:
    weights = optimal(slices, given_curvature)
    left = [Fraction(sum(weights[n:]), sum(weights)) for n in range(slices + 1)]
    with localcontext() as context:
        context.prec = 60
        # cosh κτ = 1 + κ̃²τ²/2
        cosh = 1 + Decimal(given_curvature) / (2 * 10**6)
        grows = cosh + (cosh**2 - 1).sqrt()

        def sinh(n: int) -> Decimal:
            return (grows**n - 1 / grows**n) / 2 if given_curvature else Decimal(n)

        for n, found in enumerate(left):
            expected = sinh(slices - n) / sinh(slices)
            assert abs(Decimal(found.numerator) / found.denominator - expected) < Decimal(10) ** -30


def test_no_curvature_is_a_twap() -> None:
    assert len(set(optimal(7, 0))) == 1
    assert parts(70, optimal(7, 0)) == parts(70, equal(7))


def test_the_curvature_is_risk_over_impact() -> None:
    numbers = {"aversion": Fraction(1, 10**6), "volatility": Fraction(95, 100), "interval": Fraction(1)}
    temporary, permanent = Fraction(25, 10**7), Fraction(25, 10**8)
    # the example of the paper, section 3.1: κ̃² = λσ² / (η − γτ/2)
    expected = Fraction(1, 10**6) * Fraction(95, 100) ** 2 / (temporary - permanent / 2)
    assert curvature(**numbers, temporary=temporary, permanent=permanent) == round(10**6 * expected)
    with pytest.raises(BadPlan, match="not above"):
        curvature(**numbers, temporary=permanent, permanent=2 * permanent)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Twap(instrument=BTC.id, side="buy", size=1, duration=1, slices=0),
        lambda: Vwap(instrument=BTC.id, side="buy", size=1, duration=1, profile=(1, -1)),
        lambda: Scheduled(instrument=BTC.id, side="buy", slices=((2, 1), (1, 1))),
        lambda: Scheduled(instrument=BTC.id, side="buy", slices=((2, 0),)),
        lambda: Shortfall(instrument=BTC.id, side="buy", size=1, duration=1, slices=1, curvature=-1),
        lambda: Participate(instrument=BTC.id, side="buy", size=1, share_bps=10_000),
        lambda: Dca(instrument=BTC.id, side="buy", value=1, every=0, times=1),
    ],
)
def test_what_contradicts_itself_cannot_be_made(make: object) -> None:
    with pytest.raises(BadPlan):
        make()  # type: ignore[operator]  # a function of no arguments
