"""Exact instruments from what ccxt says of markets, in each way in which it counts."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.instrument import COIN
from sniper_venue_ccxt.listing import Counting, Listing, Rules, ceiling, listing


def market(symbol: str, price: object, amount: object, **changes: Any) -> dict[str, Any]:
    base, quote = symbol.split("/")
    return {
        "symbol": symbol, "base": base, "quote": quote, "spot": True, "active": True, "maker": Decimal("0.001"),
        "taker": Decimal("0.0015"), "precision": {"price": price, "amount": amount}, "limits": {}, **changes,
    }  # fmt: skip


def listed(counting: Counting, *markets: dict[str, Any], price: str = "", whole: bool = True) -> Listing:
    prices = {each["symbol"]: Decimal(price) for each in markets if price}
    rules = Rules("here", "spot", counting, (), prices, lambda symbol, size: whole, lambda _: ())
    return listing({each["symbol"]: each for each in markets}, rules)


def steps(found: Listing) -> tuple[str, str]:
    (instrument,) = found.instruments.values()
    return f"{instrument.price(1):f}", f"{instrument.size(1):f}"


@pytest.mark.parametrize(
    ("counting", "price", "amount", "last", "expected"),
    [
        (Counting.TICK_SIZE, Decimal("0.01"), Decimal("0.00001"), "", ("0.01", "0.00001")),
        (Counting.TICK_SIZE, "0.5", "1", "", ("0.5", "1")),
        (Counting.TICK_SIZE, "5E-7", "100", "", ("0.0000005", "100")),
        (Counting.DECIMAL_PLACES, 2, 8, "", ("0.01", "0.00000001")),
        (Counting.DECIMAL_PLACES, "0", "-2", "", ("1", "100")),
        (Counting.SIGNIFICANT_DIGITS, 5, 8, "97123.4", ("1", "0.00000001")),
        (Counting.SIGNIFICANT_DIGITS, 5, 8, "2.3456", ("0.0001", "0.00000001")),
        (Counting.SIGNIFICANT_DIGITS, 5, 8, "0.0123", ("0.000001", "0.00000001")),
        (Counting.SIGNIFICANT_DIGITS, 5, 8, "123456", ("10", "0.00000001")),
    ],
)
def test_ticks_and_lots_are_those_of_the_precision(
    counting: Counting, price: object, amount: object, last: str, expected: tuple[str, str]
) -> None:
    assert steps(listed(counting, market("BTC/USDT", price, amount), price=last)) == expected


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (listed(Counting.TICK_SIZE, market("A/B", None, "0.1")), "precision of its price"),
        (listed(Counting.TICK_SIZE, market("A/B", "0.1", None)), "precision of its amount"),
        (listed(Counting.TICK_SIZE, market("A/B", "1e-12", "1e-10")), "rounded"),
        (listed(Counting.TICK_SIZE, market("A/B", "1e-20", "1")), "18 decimal"),
        (listed(Counting.SIGNIFICANT_DIGITS, market("A/B", 5, 8)), "last price"),
        (listed(Counting.SIGNIFICANT_DIGITS, market("A/B", 5, 8), price="1", whole=False), "no lot"),
    ],
)
def test_what_cannot_be_traded_exactly_is_left_out_and_says_why(found: Listing, why: str) -> None:
    assert not found.instruments
    assert why in found.left_out["A/B"]


def test_contracts_and_what_is_closed_are_not_listed() -> None:
    found = listed(
        Counting.TICK_SIZE, market("A/B", "1", "1", spot=False, swap=True), market("C/D", "1", "1", active=False)
    )
    assert found == Listing()


def test_limits_and_fees_are_whole_and_never_too_good() -> None:
    limits = {"amount": {"min": "0.00015", "max": "9.99999"}, "cost": {"min": "5.5"}}
    plain = market("A/B", "0.01", "0.0001", limits=limits, taker="0.00000150000001", maker="-0.0001")
    (found,) = listed(Counting.TICK_SIZE, plain).instruments.values()
    assert (found.min_size, found.max_size, found.min_value) == (2, 99_999, 55 * COIN // 10)
    assert (found.taker_fee, found.maker_fee) == (2, -100)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=25, min_value=-(10**20), max_value=10**20))
def test_rounding_up_never_says_less(number: Decimal) -> None:
    units, (numerator, denominator) = ceiling(number), number.as_integer_ratio()
    assert units * denominator >= numerator * COIN > (units - 1) * denominator
