"""Candles for the comparison: walks in whole ticks, the same on each machine."""

from pathlib import Path
from random import Random
from typing import Any, NamedTuple  # pandas brings no types

import pandas as pd  # type: ignore[import-untyped]

BEGIN = 1_700_006_400_000  # a midnight, ms
MINUTE = 60_000
Row = tuple[int, int, int, int, int, int]


class Walk(NamedTuple):
    """Rows of (ms, open, high, low, close, volume), prices in parts of ``per`` of the quote asset."""

    rows: list[Row]
    per: int

    def frame(self) -> Any:
        found = pd.DataFrame(self.rows, columns=["date", "open", "high", "low", "close", "volume"])
        found["date"] = pd.to_datetime(found["date"], unit="ms", utc=True)
        for name in ("open", "high", "low", "close"):
            found[name] = found[name] / self.per
        found["volume"] = found["volume"].astype(float)
        return found


def walk(seed: int, count: int, *, minutes: int = 5, price: int = 2_000_000, per: int = 100, swing: int = 60) -> Walk:
    """``swing``: most that a price moves within a quarter of a candle, parts of ten thousand."""
    random, rows, at = Random(seed), list[Row](), price
    drift = 0.0
    for number in range(count):
        drift = drift * 0.95 + random.uniform(-1, 1) * swing / 10
        path = [at]
        for _ in range(4):
            move = random.uniform(-swing, swing) + drift
            path.append(max(per, round(path[-1] * (1 + move / 10_000))))
        at = path[-1]
        rows.append((BEGIN + number * minutes * MINUTE, path[0], max(path), min(path), at, random.randint(1, 10**6)))
        if random.random() < 0.1:
            at = max(per, round(at * (1 + random.uniform(-swing, swing) / 20_000)))  # a gap to the next opening
    return Walk(rows, per)


def recorded(path: Path, per: int) -> Walk:
    """Candles of a file of freqtrade's, prices in whole parts. Volumes lose what is less than one."""
    frame = pd.read_feather(path)
    times = frame["date"].dt.as_unit("ms").astype("int64").to_list()
    prices = ((frame[name] * per).round().astype("int64").to_list() for name in ("open", "high", "low", "close"))
    return Walk(list(zip(times, *prices, frame["volume"].astype("int64").to_list(), strict=True)), per)


def longer(source: Walk, times: int) -> Walk:
    """Candles of so many in one; the last one only where it is whole."""
    rows, found = source.rows, list[Row]()
    for begin in range(0, len(rows) - times + 1, times):
        part = rows[begin : begin + times]
        high, low = max(row[2] for row in part), min(row[3] for row in part)
        found.append((part[0][0], part[0][1], high, low, part[-1][4], sum(row[5] for row in part)))
    return Walk(found, source.per)
