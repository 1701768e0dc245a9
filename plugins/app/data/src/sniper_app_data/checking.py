"""What is stored, looked at again: files that changed, rows that are not in order, and gaps."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from sniper_app_data.arrays import Ints
from sniper_app_data.catalogue import Dataset, sha256_of
from sniper_app_data.kinds import NO_ID, interval_text
from sniper_app_data.moments import clock
from sniper_app_data.problems import Problems
from sniper_app_data.reading import DamagedData, columns_of

ALWAYS: Final = 1 << 62
_FUNDING_LATE: Final = 1.5


class Gap(NamedTuple):
    """Nothing is stored between ``begin`` and ``end``, ns UTC. ``lacks``: how many rows are known to be missing."""

    begin: int
    end: int
    lacks: int


def gaps(dataset: Dataset, begin: int = 0, end: int = ALWAYS) -> Iterator[Gap]:
    """Those between the first and the last row that are stored in ``[begin, end)``.

    Of bars, each interval that has none; of books, and of trades with ids, the numbers that are left out; of funding,
    what is later than one and a half times as usual. Trades without ids tell of no gap. Raises `DamagedData`.
    """
    before: Ints = np.zeros(0, np.int64)
    ids_before: Ints = np.zeros(0, np.int64)
    usual = dataset.interval
    for rows in columns_of(dataset, begin, end):
        times = np.concatenate([before, rows.times])
        steps = np.diff(times)
        if dataset.kind.name == "trades":
            ids = np.concatenate([ids_before, rows.rest["id"]])
            missing = np.where((ids[:-1] != NO_ID) & (ids[1:] != NO_ID), np.diff(ids) - 1, 0)
            ids_before = ids[-1:]
        elif dataset.kind.name == "bars":
            missing = steps // usual - 1
        elif dataset.kind.name == "funding":
            usual = usual or (int(np.median(steps)) if len(steps) else 0)
            missing = np.where(steps > _FUNDING_LATE * usual, np.rint(steps / max(usual, 1)) - 1, 0).astype(np.int64)
        else:
            lasts = np.concatenate([ids_before, rows.rest["last"]])
            firsts = np.concatenate([ids_before, np.where(rows.rest["whole"] == 1, 0, rows.rest["first"])])
            missing, ids_before = firsts[1:] - lasts[:-1] - 1, lasts[-1:]
        for index in np.flatnonzero(missing > 0):
            yield Gap(int(times[index]), int(times[index + 1]), int(missing[index]))
        before = times[-1:]


def tell_gaps(dataset: Dataset, problems: Problems, begin: int = 0, end: int = ALWAYS) -> None:
    """Note all of them."""
    what = {
        "bars": f"bars of {interval_text(dataset.interval) if dataset.interval else ''}",
        "trades": "trades",
        "books": "changes",
    }
    for gap in gaps(dataset, begin, end):
        lacks = f"{gap.lacks} {what.get(dataset.kind.name, 'rates')} are missing"
        problems.add("gap", dataset.name, f"{clock(gap.begin)} to {clock(gap.end)}", lacks)


def check(dataset: Dataset, problems: Problems) -> int:
    """Read all of it. How many rows there are."""
    count = 0
    for part in dataset.parts():
        path = dataset.directory / part.file
        if not path.is_file():
            problems.add("truncated", f"{dataset.name}, {part.file}", "nothing", "the file is gone")
            return count
        if sha256_of(path) != part.sha256:
            problems.add("truncated", f"{dataset.name}, {part.file}", part.sha256, "it is not what was written")
            return count
    try:
        last = 0
        for rows in columns_of(dataset, 0, ALWAYS):
            if len(rows) and (rows.times[0] < last or (np.diff(rows.times) < 0).any()):
                problems.add("unsorted", dataset.name, clock(int(rows.times[0])), "rows are not in the order of time")
            last = int(rows.times[-1])
            count += len(rows)
        tell_gaps(dataset, problems)
    except DamagedData as error:
        problems.add("truncated", dataset.name, error, "it cannot be read")
    return count
