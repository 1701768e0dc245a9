"""What callbacks are shown of a strategy's columns is what pandas would cut."""

from collections.abc import Callable
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest

from sniper_strategy_freqtrade.surface.shown import Source


def frame() -> Any:
    count = 40
    return pd.DataFrame(
        {
            "date": pd.date_range("2026-01-01", periods=count, freq="5min", tz="UTC"),
            "close": [100 + number / 7 for number in range(count)],
            "number": range(count),
            "rising": [number % 3 == 0 for number in range(count)],
            "enter_tag": ["up" if number % 5 == 0 else None for number in range(count)],
            "rsi": [None if number < 3 else 50.0 + number for number in range(count)],
        }
    )


ASKED: dict[str, Callable[[Any], Any]] = {
    "the last row": lambda shown: shown.iloc[-1],
    "the last row, squeezed": lambda shown: shown.iloc[-1].squeeze(),
    "a row before": lambda shown: shown.iloc[-2],
    "the first row": lambda shown: shown.iloc[0],
    "a value": lambda shown: [shown.iloc[-1][name] for name in shown.columns],
    "a value by its name": lambda shown: (shown.iloc[-1].close, shown.iloc[-1].date, shown.iloc[-1].enter_tag),
    "a value that is not there": lambda shown: shown.iloc[-1].get("nothing", 5),
    "whether a value is there": lambda shown: ("rsi" in shown.iloc[-1], "nothing" in shown.iloc[-1]),
    "a row as a dict": lambda shown: shown.iloc[-1].to_dict(),
    "how long a row is": lambda shown: len(shown.iloc[-1]),
    "a row's name": lambda shown: shown.iloc[-1].name,
    "a column": lambda shown: shown["close"],
    "a column's last value": lambda shown: shown["rsi"].iat[-1],
    "a column by its name": lambda shown: shown.close.mean(),
    "several columns": lambda shown: shown[["close", "rsi"]],
    "the length": len,
    "whether it is empty": lambda shown: shown.empty,
    "the shape": lambda shown: shown.shape,
    "rows that are chosen": lambda shown: shown[shown["close"] > 102],
    "rows by their label": lambda shown: shown.loc[shown["date"] < shown.iloc[-1]["date"], "close"],
    "the tail": lambda shown: shown.tail(3),
    "a slice": lambda shown: shown.iloc[-3:],
    "a cell": lambda shown: shown.iloc[-1, 1],
    "a cell by its place": lambda shown: shown.iat[-1, 2],
    "a copy": lambda shown: shown.copy(),
    "a moving average": lambda shown: shown["close"].rolling(3).mean().iloc[-1],
    "the index": lambda shown: list(shown.index),
    "text": repr,
    "rows as tuples": lambda shown: list(shown.itertuples()),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_what_is_asked_for_is_what_pandas_would_give(asked: Callable[[Any], Any]) -> None:
    told, wanted = asked(Source(frame()).cut(5, 30)), asked(frame().iloc[5:30])
    if isinstance(wanted, pd.DataFrame):
        pd.testing.assert_frame_equal(pd.DataFrame(told), wanted)
    elif isinstance(wanted, pd.Series):
        pd.testing.assert_series_equal(pd.Series(told), wanted)
    else:
        assert str(told) == str(wanted)
        assert type(told) is type(wanted)


@pytest.mark.parametrize("key", [25, -26, 400])
def test_a_row_that_is_not_shown_is_not_there(key: int) -> None:
    with pytest.raises(IndexError):
        Source(frame()).cut(5, 30).iloc[key]


def test_what_a_callback_writes_stays_with_it() -> None:
    source = Source(frame())
    shown = source.cut(5, 30)
    row = shown.iloc[-1]
    row["close"] = 5.0
    shown["close"] = 1.0
    shown.iloc[-1, 1] = 2.0
    assert (row["close"], shown.iloc[-1]["close"], shown["close"].iloc[0]) == (5.0, 2.0, 1.0)
    assert source.cut(5, 30).iloc[-1]["close"] == frame()["close"][29]


def test_a_frame_without_dates_is_cut_at_once() -> None:
    plain = frame()[["close", "number"]]
    row = Source(plain).cut(5, 30).iloc[-1]
    assert type(row["number"]) is type(plain.iloc[5:30].iloc[-1]["number"])


def test_parts_and_rows_are_those_of_pandas() -> None:
    shown = Source(frame()).cut(5, 30)
    assert isinstance(shown, pd.DataFrame)
    assert isinstance(shown.iloc[-1], pd.Series)
