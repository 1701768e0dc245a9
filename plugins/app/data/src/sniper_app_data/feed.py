"""The catalogue as a recording that a backtest trades on."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from sniper.errors import ConfigError
from sniper.feed import Config, Event, FeedContext, Instrument, Recording, Wanted
from sniper_app_data.catalogue import Catalogue, Dataset
from sniper_app_data.checking import gaps
from sniper_app_data.kinds import interval_text
from sniper_app_data.moments import clock
from sniper_app_data.reading import events

MOST_GAPS: Final = 5
"""Of each dataset, that are told one by one before a backtest."""


class MarketDataConfig(Config):
    """Where market data is kept."""

    data: Path = Field(description="The directory of a catalogue, as `sniper data import` makes it.")


class MarketData(Recording):
    """Reads trades, bars, books and funding of a catalogue, in the order in which they could be known."""

    config: MarketDataConfig

    def __init__(self, config: Any, context: FeedContext) -> None:
        super().__init__(config, context)
        self._datasets: list[Dataset] = []
        self._wanted = Wanted(instruments=())

    def open(self, wanted: Wanted) -> Sequence[Instrument]:
        catalogue = Catalogue.at(self.config.data)
        held: dict[str, list[Dataset]] = {}
        for dataset in catalogue.datasets():
            if any(part.last >= wanted.begin and part.first < wanted.end for part in dataset.parts()):
                held.setdefault(dataset.instrument.id, []).append(dataset)
        lacking: list[str] = []
        self._datasets = [
            dataset
            for each in sorted({*wanted.instruments, *wanted.depth, *(instrument for instrument, _ in wanted.bars)})
            for dataset in _chosen(each, held.get(each, []), wanted, lacking)
        ]
        self._wanted = wanted
        if lacking:
            known = ", ".join(f"{each} ({', '.join(of.directory.name for of in held[each])})" for each in sorted(held))
            raise ConfigError(
                "\n".join(lacking) + f"\n{self.config.data} holds in this time: {known or 'nothing'}; "
                "sniper data import takes files, sniper data list tells what there is"
            )
        return list({dataset.instrument.id: dataset.instrument for dataset in self._datasets}.values())

    def notices(self) -> Iterator[str]:
        begin, end = self._wanted.begin, self._wanted.end
        for dataset in self._datasets:
            found = gaps(dataset, begin, end)
            for gap in islice(found, MOST_GAPS):
                yield f"{dataset.name}: {gap.lacks} are missing from {clock(gap.begin)} to {clock(gap.end)}"
            more = sum(1 for _ in found)
            if more:
                yield f"{dataset.name}: and {more} more gaps; sniper data check tells all"
            first, last = dataset.parts()[0].first, dataset.parts()[-1].last
            if begin and first > begin + max(dataset.interval, 1):
                yield f"{dataset.name} begins only at {clock(first)}"
            if end < (1 << 62) and last < end - max(dataset.interval, 1):
                yield f"{dataset.name} ends at {clock(last)} already"

    def until(self) -> int:
        return min(max(dataset.parts()[-1].last for dataset in self._datasets), self._wanted.end)

    def batches(self) -> Iterator[Sequence[Event]]:
        return events(self._datasets, self._wanted.begin, self._wanted.end)


def _chosen(instrument: str, held: Sequence[Dataset], wanted: Wanted, lacking: list[str]) -> list[Dataset]:
    """What is read of an instrument: trades, and bars only where there are none, as the kernel makes them from trades.
    What is missing is added to ``lacking``."""
    by_kind: dict[str, list[Dataset]] = {}
    for dataset in held:
        by_kind.setdefault(dataset.kind.name, []).append(dataset)
    found = [*by_kind.get("funding", ()), *by_kind.get("trades", ())]
    if instrument in wanted.depth:
        found += by_kind.get("books", [])
        if "books" not in by_kind:
            lacking.append(f"{instrument}: there are no books of it, and its book is followed")
    if "trades" in by_kind:
        return found
    asked = sorted(interval for name, interval in wanted.bars if name == instrument)
    bars = {dataset.interval: dataset for dataset in by_kind.get("bars", ())}
    missing = [interval_text(interval) for interval in asked if interval not in bars]
    if missing:
        lacking.append(f"{instrument}: there are neither bars of {', '.join(missing)} nor trades to make them from")
    elif asked:
        found += [bars[interval] for interval in asked]
    elif bars:
        found.append(bars[min(bars)])
    elif not found:
        lacking.append(f"{instrument}: there is nothing of it")
    return found
