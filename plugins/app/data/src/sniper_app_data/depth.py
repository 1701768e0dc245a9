"""Order books as rows: each change with its levels, in ticks and lots."""

from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from sniper.instrument import to_decimal
from sniper_app_data.arrays import Ints
from sniper_app_data.feeds import Book
from sniper_app_data.moments import clock
from sniper_app_data.numbers import steps_of
from sniper_app_data.problems import Problems
from sniper_app_data.rows import SAID, Reading, Rows

LEVELS: Final = pa.list_(pa.int64())
"""Of one side: price and size by turns."""


def rows_of(found: list[Book], reading: Reading, problems: Problems, name: str) -> Rows:
    """A change with a number that is wrong is told, and left out. ``name``: of the file."""
    bids, bad_bids = _side([each.bids for each in found], found, reading, problems, name)
    asks, bad_asks = _side([each.asks for each in found], found, reading, problems, name)
    times: Ints = np.array([each.time for each in found], np.int64)
    for row in np.flatnonzero(times[1:] < np.maximum.accumulate(times)[:-1]) + 1 if len(times) else ():
        place = f"{name}:{found[row].line}"
        problems.add("unsorted", place, clock(found[row].time), "it is earlier than a line before it")
    columns: dict[str, Any] = {
        "time": times,
        "first": np.array([each.first for each in found], np.int64),
        "last": np.array([each.last for each in found], np.int64),
        "whole": np.array([each.whole for each in found], np.int64),
        "bids": bids,
        "asks": asks,
    }
    left = sorted(set(range(len(found))) - bad_bids - bad_asks, key=lambda row: (int(times[row]), row))
    order = pa.array(left, pa.int64())
    return Rows({name: pa.array(column).take(order) for name, column in columns.items()})


def _side(
    levels: list[list[tuple[str, str]]], found: list[Book], reading: Reading, problems: Problems, name: str
) -> tuple[Any, set[int]]:
    """The lists of one side, and the rows in which a number is wrong. Any: an array of pyarrow."""
    counts = np.array([len(each) for each in levels], np.int64)
    owners = np.repeat(np.arange(len(levels)), counts)
    bad: set[int] = set()
    flat = np.zeros(2 * len(owners), np.int64)
    steps = (("price", reading.instrument.tick), ("size", reading.instrument.lot))
    for column, (what, step) in enumerate(steps):
        texts = pa.array([level[column] for each in levels for level in each], pa.string())
        whole = steps_of(texts, step)
        flat[column::2] = whole.values
        for wrong in whole.wrong:
            row = int(owners[wrong.row])
            bad.add(row)
            said = SAID[wrong.code].format(name=what, step=f"{to_decimal(step):f}")
            problems.add(wrong.code, f"{name}:{found[row].line}", f"{what} {wrong.value}", said)
    offsets = pa.array(np.concatenate([[0], np.cumsum(2 * counts)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(flat)), bad
