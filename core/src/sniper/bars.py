"""Bars out of trades in columns, many at once: the same that the kernel makes out of one trade after the other.

For data at rest. In a run the kernel makes bars itself: see `sniper.strategy.Strategy.bars`. Needs numpy
(``sniper-core[columns]``), which is imported with the first call.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sniper.errors import SniperError
from sniper.events import Bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.int64]

__all__ = ["BadBars", "BarColumns", "bars_of"]


class BadBars(SniperError, ValueError):
    """Bars that cannot be made."""

    code = "bad-bars"


class BarColumns(NamedTuple):
    """Bars of one instrument over one ``interval`` (ns): columns of the same length, the oldest first. ``start``: ns
    UTC; prices in ticks; ``volume`` in lots."""

    interval: int
    start: "Column"
    open: "Column"
    high: "Column"
    low: "Column"
    close: "Column"
    volume: "Column"

    def events(self, instrument: str) -> Iterator[Bar]:
        """As events, each known at its end."""
        interval = self.interval
        for at in range(0, len(self.start), 8_192):  # all at once would be a hundred times as large
            columns = (column[at : at + 8_192].tolist() for column in self[1:])
            for start, open_, high, low, close, volume in zip(*columns, strict=True):
                yield Bar(
                    time=start + interval,
                    instrument=instrument,
                    interval=interval,
                    start=start,
                    open=open_,
                    high=high,
                    low=low,
                    close=close,
                    volume=volume,
                )


def bars_of(
    times: "Column", prices: "Column", sizes: "Column", interval: int, *, since: int = 0, now: int | None = None
) -> BarColumns:
    """The bars of trades: ``times`` in ns UTC, ascending; ``prices`` in ticks; ``sizes`` in lots; one element a trade.

    since  From when on all trades are known, ns UTC: what begins before has no bar. ``now``: what is not over by then
           has none either; None: the time of the last trade, as after that trade in a run.

    As in a run, a bar starts at a multiple of its interval since 1970, and an interval without a trade has none. Raises
    `BadBars` for columns that are not of whole numbers, not of one length or out of order, and for volumes that no
    column can hold.
    """
    import numpy as np

    columns = {"times": times, "prices": prices, "sizes": sizes}
    for name, column in columns.items():
        if column.ndim != 1 or column.dtype.kind not in "iu" or len(column) != len(times):
            raise BadBars(
                f"{name} is {column.dtype} of the shape {column.shape}; give one column of whole numbers (ns, ticks, "
                f"lots) for each, of {len(times)} trades"
            )
    if interval <= 0:
        raise BadBars(f"an interval of {interval} ns; give a positive one")
    if not len(times):
        empty = np.empty(0, np.int64)
        return BarColumns(interval, empty, empty, empty, empty, empty, empty)
    back = times[1:] < times[:-1]
    if back.any():
        row = int(back.argmax()) + 1
        raise BadBars(f"trade {row} is of {times[row]} ns, before the one of {times[row - 1]} ns above it: sort them")
    if int(sizes.max()) * len(sizes) >= 2**63:
        raise BadBars(f"{len(sizes)} trades of up to {sizes.max()} lots: their volume may not fit into 64 bits")
    end = int(times[-1]) if now is None else now
    number = times // interval
    first = np.concatenate(([0], np.flatnonzero(number[1:] != number[:-1]) + 1))
    last = np.append(first[1:], len(times)) - 1
    start = number[first] * interval
    whole = (start >= since) & (start + interval <= end)
    made = (
        start,
        prices[first],
        np.maximum.reduceat(prices, first),
        np.minimum.reduceat(prices, first),
        prices[last],
        np.add.reduceat(sizes, first),
    )
    return BarColumns(interval, *(column[whole].astype(np.int64, copy=False) for column in made))
