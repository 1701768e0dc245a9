"""Bars out of columns are those that the kernel makes out of one trade after the other."""

from typing import Any

import numpy as np
import pytest
from floor import BTC
from hypothesis import given
from hypothesis import strategies as st

from sniper.bars import BadBars, bars_of
from sniper.events import Bar
from sniper.kernel.exchange.bars import Bars

TRADES = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50), st.integers(0, 9)), max_size=60)


def columns(trades: list[tuple[int, int, int]]) -> tuple[Any, Any, Any]:
    return tuple(np.array([trade[n] for trade in trades], np.int64) for n in range(3))  # type: ignore[return-value]


def one_by_one(trades: list[tuple[int, int, int]], interval: int, since: int, now: int) -> list[Bar]:
    bars = Bars()
    bars.want("main", ((BTC.id, interval),))
    bars.heard_from(BTC.id, since)
    found = []
    for time, price, size in [*trades, (now, 0, 0)]:
        while bars.due <= time:
            found += [bar for bar, _ in bars.over()]
        if (time, price, size) != (now, 0, 0):
            bars.trade(bars.of[BTC.id], price, size, time)
    return found


@given(steps=TRADES, interval=st.sampled_from([1, 7, 60, 300]), since=st.integers(0, 500), later=st.integers(0, 400))
def test_many_at_once_are_the_same_as_one_by_one(
    steps: list[tuple[int, int, int]], interval: int, since: int, later: int
) -> None:
    time, trades = 0, []
    for gap, price, size in steps:
        time += gap
        trades.append((time, price, size))
    made = bars_of(*columns(trades), interval, since=since, now=time + later)
    assert list(made.events(BTC.id)) == one_by_one(trades, interval, since, time + later)


def test_without_being_told_the_time_it_is_that_of_the_last_trade() -> None:
    trades = [(5, 10, 1), (65, 11, 1), (130, 12, 1)]
    assert bars_of(*columns(trades), 60).start.tolist() == [0, 60]
    assert bars_of(*columns([*trades, (180, 9, 1)]), 60).start.tolist() == [0, 60, 120]


@pytest.mark.parametrize(
    ("times", "prices", "sizes", "interval", "says"),
    [
        ([1, 3, 2], [1, 1, 1], [1, 1, 1], 60, "trade 2 is of 2 ns, before the one of 3 ns"),
        ([1, 2], [1.5, 2.0], [1, 1], 60, "prices is float64"),
        ([1, 2], [1, 2], [1], 60, "sizes is int64 of the shape (1,)"),
        ([1, 2], [1, 2], [1, 2], 0, "an interval of 0 ns"),
        ([1, 2], [1, 2], [2**62, 2**62], 60, "may not fit into 64 bits"),
    ],
)
def test_what_cannot_be_made_says_why(times: Any, prices: Any, sizes: Any, interval: int, says: str) -> None:
    with pytest.raises(BadBars) as raised:
        bars_of(np.array(times), np.array(prices), np.array(sizes), interval)
    assert says in str(raised.value)


def test_nothing_makes_no_bars() -> None:
    assert list(bars_of(*columns([]), 60).events(BTC.id)) == []
