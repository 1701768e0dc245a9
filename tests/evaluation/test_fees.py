"""Fee estimators pay less than the percentile of recent tips where they are included as often, on generated series."""

import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the modules beside, which the importlib mode does not find

from fee_race import included, overpaid, race
from fee_series import FLOOR, GWEI, KINDS, LIMIT, Mined, generated
from fees import PERCENTILES, deadline, feedback, pending, percentile

from sniper.fee import next_base_fee

LENGTH, WARM = 320, 150


@pytest.fixture(scope="module")
def steady() -> list[Mined]:
    return generated("steady", 11, LENGTH)


def test_series_are_the_same_for_the_same_seed_and_follow_the_rule_of_the_base_fee() -> None:
    for kind in KINDS:
        series = generated(kind, 3, 40)
        assert series == generated(kind, 3, 40) != generated(kind, 4, 40)
        for before, after in pairwise(series):
            assert after.block.base_fee == max(7, next_base_fee(before.block))
            assert after.pool is not None
            assert after.pool.block == before.block.number
            assert after.needed == FLOOR or after.block.gas_used > LIMIT - 500_000


def test_a_place_in_the_pool_costs_less_than_any_percentile_that_is_included_as_often(steady: list[Mined]) -> None:
    orders = race(partial(pending, 9_500), steady, 1, WARM)
    share = included(orders)
    as_often = [each for make in PERCENTILES.values() if included(each := race(make, steady, 1, WARM)) >= share]
    assert share > 0.9
    assert all(overpaid(each) > 1.5 * overpaid(orders) for each in as_often)


def test_with_time_it_pays_less_than_any_percentile_that_is_included_as_often(steady: list[Mined]) -> None:
    orders = race(partial(deadline, 6, 9_500), steady, 6, WARM)
    share = included(orders)
    as_often = [each for make in PERCENTILES.values() if included(each := race(make, steady, 6, WARM)) >= share]
    assert share > 0.98
    assert as_often
    assert all(overpaid(each) > overpaid(orders) for each in as_often)


@pytest.mark.parametrize("kind", ["outliers", "private", "bursts"])
def test_what_was_wanted_is_about_what_is_reached_whatever_the_blocks_are_like(kind: str) -> None:
    series = generated(kind, 12, LENGTH)
    absurd = sum(mined.needed > 100 * GWEI for mined in series[WARM + 1 :]) / (LENGTH - WARM - 1)
    for make in (partial(deadline, 1, 9_000), partial(pending, 9_000)):
        assert included(race(make, series, 1, WARM)) >= 0.83 - absurd


def test_on_a_quiet_chain_own_bids_drive_the_percentile_and_nothing_else() -> None:
    assert feedback(partial(percentile, 50, 60)) > GWEI
    for make in (partial(deadline, 3, 9_000), partial(pending, 9_000)):
        assert feedback(make) == GWEI // 100
