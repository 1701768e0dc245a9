"""Numbers of exchanges are exact, however large."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.instrument import COIN, BadNumber, Instrument, from_decimal, to_decimal


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


@given(
    size=st.integers(-5, 10**6),
    price=st.integers(1, 10**6),
    least=st.integers(0, 100),
    most=st.integers(0, 10**5),
    value=st.integers(0, 10**10),
)
def test_the_largest_order_that_the_exchange_takes_is_no_larger_than_asked(
    size: int, price: int, least: int, most: int, value: int
) -> None:
    instrument = Instrument(
        id="x:A/B", kind="spot", base="x:A", quote="x:B", settle="x:B", tick=10**9, lot=10**9,
        min_size=least, max_size=most, min_value=value,
    )  # fmt: skip

    def taken(lots: int) -> bool:
        return lots >= max(1, least) and (not most or lots <= most) and instrument.value(price, lots) >= value

    found = instrument.orderable(size, price)
    assert found <= max(0, size)
    assert taken(found) or found == 0
    assert found == max((lots for lots in (size, most) if lots <= size and taken(lots)), default=0)
