"""Events out of the catalogue, of all datasets together, in the order in which they could be known."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow.parquet  # type: ignore[import-untyped]

from sniper.errors import SniperError
from sniper.events import Bar, BookChanged, Event, FundingRate, Trade
from sniper_app_data.arrays import Ints
from sniper_app_data.catalogue import Dataset

BATCH: Final = 65_536
"""Rows that are decoded at once, at most, of each dataset."""


class DamagedData(SniperError, ValueError):
    """A file of the catalogue is not what was written."""

    code = "damaged-data"


class Columns(NamedTuple):
    """Rows in the order of time. ``rest``: columns by name, as lists of what is stored."""

    times: Ints
    rest: dict[str, Any]

    def __len__(self) -> int:
        return len(self.times)

    def cut(self, begin: int, end: int) -> "Columns":
        """Some of the rows."""
        return Columns(self.times[begin:end], {name: column[begin:end] for name, column in self.rest.items()})

    def joined(self, other: "Columns") -> "Columns":
        """These, and then the others."""
        rest = {name: np.concatenate([column, other.rest[name]]) for name, column in self.rest.items()}
        return Columns(np.concatenate([self.times, other.times]), rest)


Decode = Callable[[Dataset, Columns], list[Event]]


def columns_of(dataset: Dataset, begin: int, end: int) -> Iterator[Columns]:
    """The rows of one dataset with times in ``[begin, end)``, ns UTC. Raises `DamagedData`."""
    for part in dataset.parts():
        if part.last < begin or part.first >= end:
            continue
        path = dataset.directory / part.file
        try:
            file = pyarrow.parquet.ParquetFile(path)
            for batch in file.iter_batches(batch_size=BATCH):
                times = batch.column("time").to_numpy()
                first, last = np.searchsorted(times, (begin, end))
                if first < last:
                    rest = {
                        name: batch.column(name).to_numpy(zero_copy_only=False)[first:last]
                        for name in dataset.kind.columns
                        if name != "time"
                    }
                    yield Columns(times[first:last], rest)
        except (OSError, ValueError, KeyError) as error:
            raise DamagedData(
                f"{path} cannot be read: {error}; sniper data check tells what else is damaged, and an import of the "
                "same data into a new catalogue repairs it"
            ) from error


def events(datasets: Sequence[Dataset], begin: int, end: int) -> Iterator[list[Event]]:
    """Batches of events that could be known in ``[begin, end)``, ns UTC, in that order. Raises `DamagedData`.

    Among those of one time bars come first, then what else there is in the order of kinds and instruments.
    """
    ordered = sorted(datasets, key=lambda each: (each.kind.rank, each.instrument.id, each.interval))
    sources = [_Source(dataset, columns_of(dataset, begin, end)) for dataset in ordered]
    while sources:
        for source in sources:
            if not len(source.held):
                source.more()
        sources = [source for source in sources if len(source.held)]
        if len(sources) == 1:
            yield sources[0].take(len(sources[0].held))
        elif sources:
            yield from _together(sources)


def _together(sources: "list[_Source]") -> Iterator[list[Event]]:
    """All of what is certain to come before whatever was not read yet; where that is nothing, more is read."""
    until = min((int(source.held.times[-1]) for source in sources if not source.over), default=None)
    if until is None:
        counts = [len(source.held) for source in sources]
    else:
        counts = [int(np.searchsorted(source.held.times, until)) for source in sources]
    if not any(counts):
        for source in sources:
            if not source.over and source.held.times[-1] == until:
                source.more()
        return
    times = np.concatenate([source.held.times[:count] for source, count in zip(sources, counts, strict=True)])
    found = [event for source, count in zip(sources, counts, strict=True) for event in source.take(count)]
    yield [found[index] for index in np.argsort(times, kind="stable").tolist()]


class _Source:
    """One dataset being read. ``held``: rows that were read and not taken; ``over``: there are no others."""

    def __init__(self, dataset: Dataset, batches: Iterator[Columns]) -> None:
        self.dataset = dataset
        self.held: Columns = Columns(np.zeros(0, np.int64), {})
        self.over = False
        self._batches = batches

    def more(self) -> None:
        """Read on."""
        batch = next(self._batches, None)
        if batch is None:
            self.over = True
        else:
            self.held = self.held.joined(batch) if len(self.held) else batch

    def take(self, count: int) -> list[Event]:
        """The first of what is held, as events."""
        taken, self.held = self.held.cut(0, count), self.held.cut(count, len(self.held))
        return _DECODE[self.dataset.kind.name](self.dataset, taken)


def _trades(dataset: Dataset, rows: Columns) -> list[Event]:
    venue, instrument = dataset.instrument.venue, dataset.instrument.id
    # Written out: this is where a backtest spends its time, and it takes a sixth of a microsecond a trade.
    return [
        Trade(time=time, venue=venue, instrument=instrument, price=price, size=size)
        for time, price, size in zip(
            rows.times.tolist(), rows.rest["price"].tolist(), rows.rest["size"].tolist(), strict=True
        )
    ]


def _bars(dataset: Dataset, rows: Columns) -> list[Event]:
    instrument, interval = dataset.instrument.id, dataset.interval
    columns = [rows.rest[name].tolist() for name in ("open", "high", "low", "close", "volume")]
    return [
        Bar(
            time=time,
            instrument=instrument,
            interval=interval,
            start=time - interval,
            open=first,
            high=high,
            low=low,
            close=last,
            volume=volume,
        )
        for time, first, high, low, last, volume in zip(rows.times.tolist(), *columns, strict=True)
    ]


def _books(dataset: Dataset, rows: Columns) -> list[Event]:
    instrument = dataset.instrument.id
    columns = [rows.rest[name].tolist() for name in ("first", "last", "whole", "bids", "asks")]
    return [
        BookChanged(
            time=time,
            instrument=instrument,
            bids=tuple(zip(bids[::2].tolist(), bids[1::2].tolist(), strict=True)),
            asks=tuple(zip(asks[::2].tolist(), asks[1::2].tolist(), strict=True)),
            first=first,
            last=last,
            whole=whole == 1,
        )
        for time, first, last, whole, bids, asks in zip(rows.times.tolist(), *columns, strict=True)
    ]


def _rates(dataset: Dataset, rows: Columns) -> list[Event]:
    """What was paid at a time is told at that time."""
    instrument = dataset.instrument.id
    return [
        FundingRate(time=time, instrument=instrument, rate=rate, at=time)
        for time, rate in zip(rows.times.tolist(), rows.rest["rate"].tolist(), strict=True)
    ]


_DECODE: Final[dict[str, Decode]] = {"trades": _trades, "bars": _bars, "books": _books, "funding": _rates}
