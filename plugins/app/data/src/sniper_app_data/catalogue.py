"""The catalogue: a directory of market data, each instrument in one of its own, each kind in Parquet files of a month.

    CATALOGUE/binance/BTC%2FUSDT/instrument.json
    CATALOGUE/binance/BTC%2FUSDT/trades/dataset.json         which files count, and how many rows they have
    CATALOGUE/binance/BTC%2FUSDT/trades/2024-01-….parquet
    CATALOGUE/binance/BTC%2FUSDT/bars-1m/…

What is stored is all whole numbers: ns UTC, ticks, lots. A file is never changed. An import writes new ones beside the
old ones, and all of it counts at once, by the replacement of ``dataset.json``, or not at all.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, get_type_hints
from urllib.parse import quote

import msgspec
import numpy as np

from sniper.errors import ConfigError
from sniper.instrument import Instrument
from sniper.plugin import Frozen
from sniper_app_data.arrays import Ints
from sniper_app_data.kinds import KINDS, Kind, interval_text

INSTRUMENT: Final = "instrument.json"
MANIFEST: Final = "dataset.json"


class Part(Frozen, array_like=False):
    """One file. ``first``, ``last``: times of its rows, ns UTC."""

    file: str
    rows: int
    first: int
    last: int
    sha256: str


class Manifest(Frozen, array_like=False):
    """What counts of a dataset; ``parts`` in the order of time, none overlapping another one."""

    kind: str
    interval: int
    parts: tuple[Part, ...]
    format: Literal[1] = 1


class Dataset:
    """Data of one kind about one instrument. ``interval``: of bars, ns; else 0."""

    def __init__(self, directory: Path, instrument: Instrument, kind: Kind, interval: int) -> None:
        self.directory = directory
        self.instrument = instrument
        self.kind = kind
        self.interval = interval

    @property
    def name(self) -> str:
        """Such as ``binance:BTC/USDT bars-1m``."""
        return f"{self.instrument.id} {self.directory.name}"

    def parts(self) -> tuple[Part, ...]:
        """The files that count now. Raises `ConfigError` where the list of them cannot be read."""
        try:
            return _manifest(self.directory).parts
        except FileNotFoundError:
            return ()

    def commit(self, parts: Sequence[Part]) -> None:
        """From now on these count, durably."""
        self.directory.mkdir(parents=True, exist_ok=True)
        replace_json(
            self.directory / MANIFEST, Manifest(kind=self.kind.name, interval=self.interval, parts=tuple(parts))
        )

    def sweep(self) -> None:
        """Remove what does not count: what an import left that was killed, or that another one replaced."""
        kept = {part.file for part in self.parts()}
        for path in self.directory.glob("*.parquet*"):
            if path.name not in kept:
                path.unlink()


class Catalogue:
    """A directory, which need not exist before the first import."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def at(cls, root: Path) -> "Catalogue":
        """One that is there. Raises `ConfigError`."""
        if not root.is_dir():
            raise ConfigError(f"{root} is no directory of market data; sniper data import makes one")
        return cls(root)

    def instrument(self, instrument_id: str) -> Instrument | None:
        """As it was imported; None where nothing was."""
        try:
            return _instrument(self._directory(instrument_id) / INSTRUMENT)
        except FileNotFoundError:
            return None

    def demand_same(self, instrument: Instrument) -> None:
        """Raises `ConfigError` where data is stored in other ticks or lots of it."""
        known = self.instrument(instrument.id)
        if known and (known.tick, known.lot) != (instrument.tick, instrument.lot):
            raise ConfigError(
                f"{instrument.id} is stored with a tick of {known.price(1):f} and a lot of {known.size(1):f}; "
                "import with those, or into another catalogue"
            )

    def keep(self, instrument: Instrument) -> None:
        """Remember an instrument."""
        directory = self._directory(instrument.id)
        if self.instrument(instrument.id) != instrument:
            directory.mkdir(parents=True, exist_ok=True)
            replace_json(directory / INSTRUMENT, _plain(instrument))

    def dataset(self, instrument: Instrument, kind: Kind, interval: int = 0) -> Dataset:
        """One, whether or not anything is in it."""
        name = f"{kind.name}-{interval_text(interval)}" if interval else kind.name
        return Dataset(self._directory(instrument.id) / name, instrument, kind, interval)

    def datasets(self) -> list[Dataset]:
        """All that hold data, by instrument and kind."""
        found = []
        for path in sorted(self.root.glob(f"*/*/{INSTRUMENT}")):
            instrument = _instrument(path)
            for directory in self._kinds(path.parent):
                manifest = _manifest(directory)
                found.append(Dataset(directory, instrument, KINDS[manifest.kind], manifest.interval))
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One import at a time. Raises `ConfigError` while there is another one."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ConfigError(f"{self.root} is being written to by another import; wait for its end") from error
            yield

    def _directory(self, instrument_id: str) -> Path:
        venue, _, symbol = instrument_id.partition(":")
        if not venue or not symbol or {venue, symbol} & {".", ".."}:
            raise ConfigError(f"{instrument_id!r} is no instrument; write it as binance:BTC/USDT")
        return self.root / quote(venue, safe="") / quote(symbol, safe="")

    @staticmethod
    def _kinds(directory: Path) -> list[Path]:
        return sorted(path.parent for path in directory.glob(f"*/{MANIFEST}"))


def _manifest(directory: Path) -> Manifest:
    """Raises `ConfigError` for one that cannot be read, and FileNotFoundError."""
    path = directory / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _plain(instrument: Instrument) -> dict[str, object]:
    """For JSON, in which no number is larger than a double holds."""
    values = {name: getattr(instrument, name) for name in get_type_hints(Instrument)}
    return {name: str(value) if type(value) is int else value for name, value in values.items()}


def _instrument(path: Path) -> Instrument:
    """Raises `ConfigError` for a file that cannot be read, and FileNotFoundError."""
    types = get_type_hints(Instrument)
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
        values = {name: msgspec.json.decode(raw, type=types[name], strict=False) for name, raw in document.items()}
        return Instrument(**values)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; import the data again, into another catalogue") from error


def month_of(time: int) -> str:
    """Of ns UTC."""
    return f"{datetime.fromtimestamp(time // 10**9, UTC):%Y-%m}"


def months(times: Ints) -> Iterator[tuple[str, slice]]:
    """The months of times that are in order, and where their rows are."""
    stamps = times.astype("datetime64[ns]").astype("datetime64[M]")
    names, begins = np.unique(stamps, return_index=True)
    ends = [*begins[1:], len(times)]
    for name, begin, end in zip(names, begins, ends, strict=True):
        yield str(name), slice(int(begin), int(end))


def sha256_of(path: Path) -> str:
    """Of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_json(path: Path, data: object) -> None:
    """Write a file of JSON anew, durably: whoever reads it has the old one or the new one."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(data), indent=1))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync(path.parent)


def sync(directory: Path) -> None:
    """Make what was renamed in a directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["Catalogue", "Dataset", "Part", "month_of", "months", "sha256_of", "sync"]
