from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import Floor
from sniper_sdk.builders import instrument
from sniper_strategy_rebalance.lots import DAY, Lot, Tax, followed, sellable
from sniper_strategy_rebalance.strategy import Rebalance, RebalanceConfig

NOW = 1_000 * DAY
METHODS = ["fifo", "lifo", "hifo"]
LOTS = st.lists(
    st.builds(Lot, st.integers(1, NOW), st.integers(1, 60), st.integers(0, 3_000)),
    max_size=4,
    unique_by=lambda lot: lot.bought,
).map(lambda lots: sorted(lots, key=lambda lot: lot.bought))


def owed(lots: list[Lot], amount: int, price: Fraction, tax: Tax) -> Fraction:
    """Coin by coin."""
    coins = [(lot, Fraction(lot.cost, lot.amount)) for lot in tax.order(lots) for _ in range(lot.amount)]
    return sum((tax.rate(lot, NOW) * (price - cost) for lot, cost in coins[:amount]), Fraction(0))


@given(
    LOTS,
    st.integers(0, 200),
    st.fractions(1, 60, max_denominator=5),
    st.fractions(0, 1, max_denominator=50),
    st.sampled_from(METHODS),
)
def test_the_most_is_sold_of_which_the_tax_is_within_its_bound(
    lots: list[Lot], wanted: int, price: Fraction, most: Fraction, method: Any
) -> None:
    tax = Tax(method, 3_000, 1_000, 400 * DAY)
    best = max(n for n in range(wanted + 1) if owed(lots, n, price, tax) <= most * price * n)
    assert sellable(lots, wanted, price, most, NOW, tax) == best


@given(LOTS, st.integers(0, 300), st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from(METHODS))
def test_lots_hold_what_the_position_holds(lots: list[Lot], amount: int, cost: int, before: int, method: Any) -> None:
    tax = Tax(method, 3_000, 1_000, 400 * DAY)
    after = followed(lots, before, amount, cost, NOW, tax)
    assert sum(lot.amount for lot in after) == amount
    assert all(lot.amount > 0 and lot.cost >= 0 for lot in after)
    assert after == sorted(after, key=lambda lot: lot.bought)
    if amount >= sum(lot.amount for lot in lots):
        assert sum(lot.cost for lot in after) - sum(lot.cost for lot in lots) in (0, max(0, cost - before))


def test_what_is_sold_leaves_by_the_method() -> None:
    old, dear, new = Lot(1 * DAY, 10, 100), Lot(2 * DAY, 10, 900), Lot(3 * DAY, 10, 300)
    left = {
        method: followed([old, dear, new], 1_300, 15, 0, NOW, Tax(method, 1, 1, DAY))  # type: ignore[arg-type]
        for method in METHODS
    }
    assert left["fifo"] == [Lot(2 * DAY, 5, 450), new]
    assert left["lifo"] == [old, Lot(2 * DAY, 5, 450)]
    assert left["hifo"] == [old, Lot(3 * DAY, 5, 150)]


def test_purchases_of_one_day_are_one_lot() -> None:
    tax = Tax("fifo", 1, 1, DAY)
    lots = followed([], 0, 10, 100, 5 * DAY, tax)
    lots = followed(lots, 100, 15, 190, 5 * DAY + SECOND, tax)
    assert followed(lots, 190, 16, 200, 6 * DAY, tax) == [Lot(5 * DAY, 15, 190), Lot(6 * DAY, 1, 10)]


BTC = instrument()


def bought_low(**changed: Any) -> Floor:
    """Holds half of all in BTC, bought at 30,000; it is at 40,000 now, where 714 bps of the whole are too much."""
    section = {"exchange": "binance", "targets": {"BTC": "0.5"}, "rest_s": 1, **changed}
    tested = Floor(
        Rebalance,
        RebalanceConfig.model_validate(section),
        instruments=(BTC,),
        balances={"binance:USDT": 120_000 * COIN},
    )
    for price in (3_000_000, 3_000_000, 3_000_000):
        tested.prices(price - 1, price + 1)
    assert tested.held("binance:BTC") > COIN
    return tested


def sold(tested: Floor, price: int) -> int:
    """Lots."""
    for _ in range(3):
        tested.prices(price - 1, price + 1)
    return sum(new.size for new in tested.placed if new.side == "sell")


def test_a_gain_is_not_taken_before_the_drift_is_worth_its_tax() -> None:
    assert sold(bought_low(), 4_000_000)
    taxed = bought_low(tax_bps=3_000)
    assert not sold(taxed, 4_000_000)  # 30% of a quarter is 750 bps, twice that more than the drift
    assert not sold(taxed, 8_000_000)  # 2,273 bps away, and 30% of 62.5% is 1,875 bps
    assert sold(bought_low(tax_bps=3_000, cost_factor=1), 8_000_000)


def test_what_was_held_for_long_is_sold_sooner() -> None:
    taxed = bought_low(tax_bps=3_000, long_tax_bps=500, long_after_days=10)
    assert not sold(taxed, 4_000_000)
    taxed.sleep(11 * DAY)
    assert sold(taxed, 4_000_000)


def test_lots_survive_a_restart() -> None:
    again = bought_low(tax_bps=3_000).restarted()
    assert not sold(again, 4_000_000)


def test_a_rate_for_long_needs_one_for_short() -> None:
    with pytest.raises(ValidationError, match="long_tax_bps is of nothing"):
        RebalanceConfig.model_validate({"exchange": "x", "targets": {"BTC": 1}, "long_tax_bps": 5})
