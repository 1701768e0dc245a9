"""An import: files read, looked at, and merged into the catalogue, all of it or nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sniper.errors import ConfigError
from sniper_app_data import depth
from sniper_app_data.catalogue import Catalogue, Dataset
from sniper_app_data.checking import tell_gaps
from sniper_app_data.feeds import books, is_feed, trades
from sniper_app_data.kinds import interval_text
from sniper_app_data.merging import Merged, merge
from sniper_app_data.problems import Problems
from sniper_app_data.rows import Reading, Rows, rows_of
from sniper_app_data.sources import files_of, opened


class Imported(NamedTuple):
    """``merged``: how many rows were new; ``problems``: all that was told, the accepted ones as well."""

    dataset: Dataset
    merged: Merged
    problems: Problems


def import_files(
    catalogue: Catalogue,
    path: Path,
    reading: Reading,
    problems: Problems,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Take a file, or all of a directory, as one thing.

    Raises `BadData` where a problem is not accepted: nothing is stored then; and `ConfigError`.
    """
    found: list[Rows] = []
    files = files_of(path)
    for done, file in enumerate(files):
        if progress:
            progress(done, len(files))
        rows = _rows(file, reading, problems)
        if rows is not None:
            found.append(rows)
    problems.demand_none(str(path))
    if not sum(len(rows.columns["time"]) for rows in found):
        raise ConfigError(f"{path} holds no rows")
    return store(catalogue, found, reading, problems, path.name)


def _rows(file: Path, reading: Reading, problems: Problems) -> Rows | None:
    """None where nothing of it can be taken; that is told."""
    if reading.kind.name == "books":
        if not is_feed(file):
            raise ConfigError(f"{file}: books are taken from raw feeds: those of Binance (.gz) and Bybit (.data.zip)")
        return depth.rows_of(list(books(file, problems)), reading, problems, file.name)
    table = trades(file, problems) if is_feed(file) else opened(file, problems)
    return rows_of(table, reading, problems) if table else None


def store(catalogue: Catalogue, found: Sequence[Rows], reading: Reading, problems: Problems, place: str) -> Imported:
    """Merge rows into the catalogue. Raises as `import_files` does."""
    intervals = sorted({rows.interval for rows in found})
    if len(intervals) > 1:
        told = ", ".join(map(interval_text, intervals))
        raise ConfigError(f"{place} holds bars of {told}; import them apart, or say --interval")
    with catalogue.writing():
        dataset = catalogue.dataset(reading.instrument, reading.kind, intervals[0])
        catalogue.demand_same(reading.instrument)
        dataset.sweep()
        merged, parts = merge(dataset, list(found), problems, place)
        problems.demand_none(place)
        catalogue.keep(reading.instrument)
        if parts is not None:
            dataset.commit(parts)
    times = [np.asarray(rows.columns["time"]) for rows in found if len(rows.columns["time"])]
    firsts, lasts = [each[0] for each in times], [each[-1] for each in times]
    tell_gaps(dataset, problems, min(map(int, firsts)), max(map(int, lasts)) + 1)
    return Imported(dataset, merged, problems)
