from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.instrument import COIN, BadNumber, to_decimal
from sniper_app_data.numbers import Dust, OffStep, step_of, steps_of

STEPS = st.sampled_from([COIN, COIN // 2, COIN // 4, COIN // 10, COIN // 100, COIN // 1000, COIN // 10**8, 5, 1])


@given(st.lists(st.integers(-(2**62), 2**62), max_size=20), STEPS)
def test_texts_and_decimals_are_what_they_say(numbers: list[int], step: int) -> None:
    decimals = [to_decimal(number * step) for number in numbers]
    for column in (pa.array([f" {each:f}" for each in decimals], pa.string()), pa.array([str(d) for d in decimals])):
        found = steps_of(column, step)
        assert (found.values.tolist(), found.wrong) == (numbers, [])


@given(st.lists(st.integers(-(10**14), 10**14), max_size=20), STEPS)
def test_the_float_of_a_step_is_that_step(numbers: list[int], step: int) -> None:
    floats = [float(to_decimal(number * step)) for number in numbers]
    found = steps_of(pa.array(floats, pa.float64()), step)
    assert (found.values.tolist(), found.wrong) == (numbers, [])


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=True),
            st.integers(0, 10**9).map(lambda number: number / 100),
            st.integers(0, 10**9).map(lambda number: number * 0.01),
        ),
        min_size=1,
        max_size=20,
    ),
    STEPS,
)
def test_a_column_of_floats_is_converted_by_the_rule_of_one(floats: list[float], step: int) -> None:
    found = steps_of(pa.array(floats, pa.float64()), step)
    wrong = {each.row: each.code for each in found.wrong}
    for row, value in enumerate(floats):
        try:
            number, code = step_of(value, step), None
        except Dust as error:
            number, code = error.nearest, "dust"
        except OffStep:
            number, code = 0, "off-tick"
        except BadNumber:
            number, code = 0, "no-number"
        if abs(number) > 2**63 - 1:
            number, code = 0, wrong[row]
            assert code in ("too-large", "dust")
        assert (int(found.values[row]), wrong.get(row)) == (number, code), value


def test_what_arithmetic_left_behind_is_told_and_never_taken_for_the_number() -> None:
    with pytest.raises(Dust) as dust:
        step_of(0.09946999000000001, COIN // 10**8)
    assert dust.value.nearest == 9_946_999
    with pytest.raises(OffStep):
        step_of(0.015, COIN // 100)
    assert step_of(0.1, COIN // 10) == 1
    with pytest.raises(OffStep):
        step_of("0.09946999000000001", COIN // 10**8)


@pytest.mark.parametrize("value", ["", "abc", None, "1.2.3", "NaN", "inf", "1,5"])
def test_what_is_no_number_is_told_with_its_row(value: str | None) -> None:
    found = steps_of(pa.array(["1.5", value, "2"], pa.string()), COIN // 10)
    assert found.values.tolist() == [15, 0, 20]
    assert [(each.row, each.code) for each in found.wrong] == [(1, "no-number")]


@pytest.mark.parametrize("value", ["1e30", "99999999999999999999999999999999999999999"])
def test_what_no_column_can_hold_is_told(value: str) -> None:
    found = steps_of(pa.array(["1.5", value]), COIN // 10)
    assert [(each.row, each.code) for each in found.wrong] == [(1, "too-large")]


def test_whole_numbers_and_dictionaries_are_columns_too() -> None:
    assert steps_of(pa.array([3, 4], pa.int32()), COIN // 100).values.tolist() == [300, 400]
    assert steps_of(pa.array(["3", "4", "3"]).dictionary_encode(), COIN).values.tolist() == [3, 4, 3]
    assert steps_of(pa.array([Decimal("1.50")]), COIN // 10).values.tolist() == [15]
    assert steps_of(pa.array(np.array([0.5], np.float32)), COIN // 10).values.tolist() == [5]
