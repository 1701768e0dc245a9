"""Numbers of exchanges are exact, however large."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.instrument import COIN, BadNumber, from_decimal, to_decimal


@given(st.integers(-(10**45), 10**45))
def test_amounts_of_any_size_come_back_as_they_were(units: int) -> None:
    whole, part = divmod(abs(units), COIN)
    text = f"{'-' if units < 0 else ''}{whole}.{part:018}"
    assert from_decimal(text) == units
    assert from_decimal(to_decimal(units)) == units
    assert "E" not in f"{to_decimal(units):f}"


@pytest.mark.parametrize(
    "text", ["0.0000000000000000001", "12345678901.1234567890123456789", "nan", "Infinity", "x", ""]
)
def test_what_is_no_whole_number_of_base_units_is_refused(text: str) -> None:
    with pytest.raises(BadNumber):
        from_decimal(text)


def test_a_number_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(BadNumber):
        from_decimal("1e999999")
