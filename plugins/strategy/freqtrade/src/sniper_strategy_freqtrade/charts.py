"""Bars of the kernel as the frames that strategies compute on."""

from collections.abc import Sequence
from typing import Any  # pandas brings no types

import pandas as pd  # type: ignore[import-untyped]

from sniper.events import Bar
from sniper.instrument import COIN, Instrument


def frame_of(bars: Sequence[Bar], instrument: Instrument) -> Any:
    """date, open, high, low, close in coins of the quote asset, volume in coins of the base asset; oldest first.

    An interval in which nothing was traded has a flat candle at the close before it, as freqtrade fills it.
    """
    tick, lot = instrument.tick, instrument.lot
    rows: list[tuple[int, float, float, float, float, float]] = []
    for bar in bars:
        while rows and rows[-1][0] + bar.interval < bar.start:
            close = rows[-1][4]
            rows.append((rows[-1][0] + bar.interval, close, close, close, close, 0.0))
        prices = (price * tick / COIN for price in (bar.open, bar.high, bar.low, bar.close))
        rows.append((bar.start, *prices, bar.volume * lot / COIN))  # type: ignore[arg-type]  # four prices
    found = pd.DataFrame(rows, columns=["date", "open", "high", "low", "close", "volume"])
    found["date"] = pd.to_datetime(found["date"], unit="ns", utc=True).dt.as_unit("ms")
    return found
