"""A download: page by page into the catalogue, so that what dies goes on where it ended."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]

from sniper_app_data import ranges
from sniper_app_data.catalogue import Catalogue, Dataset, replace_json
from sniper_app_data.checking import tell_gaps
from sniper_app_data.importing import store
from sniper_app_data.kinds import KINDS
from sniper_app_data.problems import Problems
from sniper_app_data.rows import Reading, rows_of
from sniper_app_data.source import MS, Page, Source
from sniper_app_data.sources import Table

STORED: Final = 20_000
"""Rows that are stored at a time."""
NAMES: Final = {
    "bars": ("time", "open", "high", "low", "close", "volume"),
    "trades": ("time", "price", "size", "side", "id"),
    "funding": ("time", "rate"),
}


class Downloaded(NamedTuple):
    """``new``: rows that were not there before; ``problems``: the gaps of the whole range."""

    dataset: Dataset
    new: int
    problems: Problems


async def download(
    catalogue: Catalogue,
    source: Source,
    kind: str,
    begin: int,
    end: int,
    *,
    interval: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Downloaded:
    """All of [begin, end), ns UTC, that was not downloaded before. Raises `BadData` for what an exchange says that
    cannot be, `ConfigError`, and `Unreachable`: what was stored until then stays."""
    instrument = await source.open()
    catalogue.demand_same(instrument)
    reading = Reading(KINDS[kind], instrument, interval=interval)
    dataset = catalogue.dataset(instrument, reading.kind, interval)
    new = 0
    for first, last in ranges.missing(ranges.read(dataset.directory), begin, end):
        pages = _pages(source, kind, interval, first // MS, -(-last // MS))
        held: list[Page] = []
        async for page in pages:
            held.append(page)
            if sum(len(each.rows) for each in held) >= STORED:
                new += _store(catalogue, dataset, reading, held)
                held = []
            if progress:
                progress(page.end * MS - begin, end - begin)
        new += _store(catalogue, dataset, reading, held)
    problems = Problems()
    tell_gaps(dataset, problems, begin, end)
    return Downloaded(dataset, new, problems)


def _pages(source: Source, kind: str, interval: int, begin: int, end: int) -> AsyncIterator[Page]:
    if kind == "bars":
        return source.bars(interval, begin, end)
    return source.trades(begin, end) if kind == "trades" else source.rates(begin, end)


def _store(catalogue: Catalogue, dataset: Dataset, reading: Reading, pages: list[Page]) -> int:
    """Take pages into the catalogue, and remember for which time. How many rows were new."""
    names = NAMES[reading.kind.name]
    rows = [row for page in pages for row in page.rows]
    new = 0
    if rows:
        columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)}
        table = Table(Path(dataset.name), names, iter(pa.table(columns).to_batches()))
        # Pages overlap where an exchange cannot say otherwise.
        problems = Problems(("duplicate", "no-side"))
        taken = rows_of(table, reading, problems)
        problems.demand_none(dataset.name)
        assert taken is not None  # it has the columns that were given to it
        new = store(catalogue, [taken], reading, problems, dataset.name).merged.rows
    if pages:
        dataset.directory.mkdir(parents=True, exist_ok=True)
        done = [*ranges.read(dataset.directory), *((page.begin * MS, page.end * MS) for page in pages)]
        replace_json(dataset.directory / ranges.FILE, ranges.joined(done))
    return new
