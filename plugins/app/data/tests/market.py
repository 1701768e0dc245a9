"""A catalogue in a directory of a test, and files to put into it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sniper.events import Event
from sniper.instrument import COIN, Instrument
from sniper_app_data.catalogue import Catalogue
from sniper_app_data.checking import ALWAYS
from sniper_app_data.importing import Imported, import_files
from sniper_app_data.kinds import KINDS
from sniper_app_data.problems import BadData, Problem, Problems
from sniper_app_data.reading import events
from sniper_app_data.rows import Reading

BTC = Instrument(
    id="x:BTC/USDT", kind="spot", base="x:BTC", quote="x:USDT", settle="x:USDT", tick=COIN // 100, lot=COIN // 1000
)
SECOND = 10**9
NOON = 1_704_110_400 * SECOND
"""2024-01-01, 12:00 UTC."""


class Shop:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.catalogue = Catalogue(directory / "market")

    def file(self, name: str, *lines: str) -> Path:
        path = self.directory / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def take(self, path: Path, kind: str, accept: Sequence[str] = (), **reading: Any) -> Imported:
        instrument = reading.pop("instrument", BTC)
        return import_files(self.catalogue, path, Reading(KINDS[kind], instrument, **reading), Problems(accept))

    def refused(self, path: Path, kind: str, accept: Sequence[str] = (), **reading: Any) -> list[Problem]:
        """All problems of an import that must not take anything."""
        before = self.content()
        try:
            self.take(path, kind, accept, **reading)
        except BadData as error:
            assert self.content() == before
            return error.problems.found
        raise AssertionError("it was taken")

    def content(self) -> dict[str, bytes]:
        files = sorted(path for path in self.catalogue.root.rglob("*") if path.is_file() and path.name != ".lock")
        return {str(path): path.read_bytes() for path in files}

    def events(self, begin: int = 0, end: int = ALWAYS) -> list[Event]:
        return [event for batch in events(self.catalogue.datasets(), begin, end) for event in batch]
