from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.instrument import COIN
from sniper_app_report.costs import accounted
from sniper_app_report.told import Backtest, Desk, Instrument, Paid, Traded

UNIT = 10**13
STEP = Instrument(tick=COIN // 100, lot=COIN // 1000)


def fill(side: Any, size: int, price: int, **more: Any) -> Traded:
    value = size * price * UNIT
    values = {
        "time": 1,
        "instrument": "x:BTC/USDT",
        "instance": "s",
        "expected": 0,
        "fee": value // 1000,
        "maker": False,
    }
    return Traded(side=side, size=size, price=price, value=value, **{**values, **more})


def backtest(fills: list[Traded], last: int, funding: tuple[Paid, ...] = (), gained: int | None = None) -> Backtest:
    held = sum((1 if each.side == "buy" else -1) * each.size for each in fills)
    cash = sum((-1 if each.side == "buy" else 1) * each.value - each.fee for each in fills)
    change = cash + held * last * UNIT + sum(each.amount for each in funding) if gained is None else gained
    desk = Desk("main", "x", "x:USDT", ((0, 10**24, 0), (10, 10**24 + change, 0)), tuple(fills), funding)
    prices = dict.fromkeys(("x:BTC/USDT", "x:ETH/USDT"), ((0, 1), (10, last)))
    instruments = {"x:BTC/USDT": STEP, "x:ETH/USDT": STEP}
    return Backtest("sniper-backtest/1", 1, 0, 10, {}, instruments, 1, (desk,), prices)


FILLS = st.lists(
    st.builds(
        fill,
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 100),
        st.integers(1, 10**6),
        instrument=st.sampled_from(["x:BTC/USDT", "x:ETH/USDT"]),
        instance=st.sampled_from(["a", "b"]),
    ),
    max_size=20,
)


@given(FILLS, st.integers(1, 10**6), st.integers(-(10**20), 10**20))
def test_what_instruments_and_strategies_brought_is_all_that_equity_changed_by(
    fills: list[Traded], last: int, paid: int
) -> None:
    told = backtest(fills, last, (Paid(5, "x:BTC/USDT", paid),))
    account = accounted(told, told.desks[0])
    (_, first, _), (_, final, _) = told.desks[0].samples
    assert sum(share.profit for share in account.by_instrument.values()) == final - first
    assert sum(share.profit for share in account.by_strategy.values()) == final - first
    assert account.rest == 0
    assert account.costs.fees == sum(each.fee for each in fills)


def test_what_was_held_from_the_beginning_is_told_apart() -> None:
    told = backtest([], 5, gained=7)
    assert accounted(told, told.desks[0]).rest == 7


def test_slippage_is_what_was_paid_beyond_what_the_market_showed() -> None:
    told = backtest([fill("buy", 10, 105, expected=100), fill("sell", 10, 98, expected=100), fill("buy", 1, 7)], 100)
    assert accounted(told, told.desks[0]).costs.slippage == 10 * 5 * UNIT + 10 * 2 * UNIT


def trips(*fills: Traded) -> Any:
    told = backtest(list(fills), 100)
    return accounted(told, told.desks[0]).trips


def test_a_trip_counts_when_it_reduces_with_the_fees_of_both_sides() -> None:
    free = {"fee": 0}
    found = trips(fill("buy", 10, 100, **free), fill("sell", 5, 110, **free), fill("sell", 5, 90, **free))
    assert (found.wins, found.losses, found.won, found.lost) == (1, 1, 50 * UNIT, 50 * UNIT)
    assert (found.hit_rate, found.profit_factor) == (0.5, 1.0)
    cost = trips(fill("buy", 10, 100, fee=30 * UNIT), fill("sell", 10, 105, fee=30 * UNIT))
    assert (cost.wins, cost.losses, cost.lost) == (0, 1, 10 * UNIT)


def test_a_position_below_zero_is_a_trip_as_well_and_one_fill_may_turn_it() -> None:
    free = {"fee": 0}
    found = trips(fill("sell", 10, 100, **free), fill("buy", 15, 90, **free), fill("sell", 5, 95, **free))
    assert (found.wins, found.losses, found.won) == (2, 0, 100 * UNIT + 25 * UNIT)


def test_without_a_trip_there_is_no_rate() -> None:
    found = trips(fill("buy", 1, 100))
    assert (found.hit_rate, found.profit_factor) == (None, None)


@pytest.mark.parametrize("size", [3, 7])
def test_all_trips_together_gained_what_a_flat_account_gained(size: int) -> None:
    fills = [fill("buy", 10, 100), fill("sell", size, 103), fill("sell", 10 - size, 99)]
    found = trips(*fills)
    cash = sum((-1 if each.side == "buy" else 1) * each.value - each.fee for each in fills)
    assert found.won - found.lost == cash
