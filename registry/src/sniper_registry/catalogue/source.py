"""What the catalogue is filled from: the signed repository, read as any trader would."""

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path
from typing import Any, Protocol

from sniper.index import Index, Release, Revocation

LONGEST_README = 100_000
"""Characters."""


@dataclass(frozen=True)
class Described:
    """What only the wheel and the documents beside it say.

    readme   Its long description, plain text.
    schemas  The JSON schema of each config section, by its dotted name (``strategy.ema-cross``).
    results  What the registry recomputed of a strategy; empty where nothing.
    """

    readme: str = ""
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # Any: what JSON holds
    results: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A signed repository. All methods raise as those of `sniper.index.Index`."""

    def releases(self) -> Iterator[tuple[Release, ...]]:
        """All distributions, each as its releases, oldest version first."""
        ...

    def revoked(self) -> tuple[Revocation, ...]: ...

    def described(self, release: Release) -> Described: ...


class IndexSource:
    """An `Index` as a source: wheels are fetched, checked and read without running anything of them."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def releases(self) -> Iterator[tuple[Release, ...]]:
        names = {found.name for found in self._index.search("")} | {each.name for each in self._index.revoked()}
        for name in sorted(names):
            yield self._index.releases(name)

    def revoked(self) -> tuple[Revocation, ...]:
        return self._index.revoked()

    def described(self, release: Release) -> Described:
        with tempfile.TemporaryDirectory(prefix="sniper-catalogue-") as into:
            return Described(readme=readme(self._index.fetch(release, Path(into))))


def readme(wheel: Path) -> str:
    """The long description in the wheel's metadata; empty where it has none that can be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.count("/") == 1 and name.endswith(".dist-info/METADATA"):
                    with archive.open(name) as file:
                        text = file.read(4 * LONGEST_README).decode(errors="replace")
                    return str(HeaderParser().parsestr(text).get_payload()).strip()[:LONGEST_README]
    except (zipfile.BadZipFile, OSError, RuntimeError):  # RuntimeError: encrypted
        return ""
    return ""
