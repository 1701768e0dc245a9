"""What the catalogue is filled from: the signed repository, read as any trader would."""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from email.parser import HeaderParser
from pathlib import Path
from typing import Any, Protocol

from sniper.index import Release, Revocation
from sniper_registry.catalogue.schemas import schemas
from sniper_registry.client.client import RegistryClient

LONGEST_README = 100_000
"""Characters."""


@dataclass(frozen=True)
class Described:
    """What only the wheel and the documents beside it say.

    readme   Its long description, plain text.
    schemas  The JSON schema of each config section, by its dotted name (``strategy.ema-cross``).
    results  What the registry recomputed of a strategy; empty where nothing.
    checks   What its review found out by running it; empty where nothing.
    """

    readme: str = ""
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # Any: what JSON holds
    results: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)


class Reading(Protocol):
    """One look at a signed repository. All methods raise as those of `sniper.index.Index`."""

    def names(self) -> tuple[str, ...]:
        """All distributions that have a release, revoked or not, by name."""
        ...

    def releases(self, name: str) -> tuple[Release, ...]:
        """Oldest version first."""
        ...

    def revoked(self) -> tuple[Revocation, ...]: ...

    def described(self, release: Release) -> Described: ...


class Source(Protocol):
    """A signed repository."""

    def reading(self) -> AbstractContextManager[Reading]: ...


class RegistrySource:
    """A repository as `RegistryClient` proves it. ``directory``: where what was trusted is kept; the first time, the
    repository's first root is trusted, for whoever runs the service keeps the repository as well.

    Each reading is a look of its own, so it may be used by several threads.
    """

    def __init__(self, repository: Path, directory: Path, clock: Callable[[], float]) -> None:
        self._repository, self._directory, self._clock = repository, directory, clock
        self._known: dict[str, Described] = {}

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        client = RegistryClient(self._repository, self._directory, clock=self._clock)
        try:
            if not (self._directory / "metadata" / "root.json").exists():
                client.trust((self._repository / "metadata" / "1.root.json").read_bytes())
            client.refresh()
            yield _Look(client, self._known)
        finally:
            client.close()


class _Look:
    """``known``: what was read off wheels before, by their hashes, for a wheel never changes."""

    def __init__(self, client: RegistryClient, known: dict[str, Described]) -> None:
        self._client, self._known = client, known

    def names(self) -> tuple[str, ...]:
        found = {found.name for found in self._client.search("")}
        return tuple(sorted(found | {each.name for each in self._client.revoked()}))

    def releases(self, name: str) -> tuple[Release, ...]:
        return self._client.releases(name)

    def revoked(self) -> tuple[Revocation, ...]:
        return self._client.revoked()

    def described(self, release: Release) -> Described:
        if release.sha256 not in self._known:
            with tempfile.TemporaryDirectory(prefix="sniper-catalogue-") as into:
                wheel = self._client.fetch(release, Path(into))
                self._known[release.sha256] = Described(readme=readme(wheel), schemas=schemas(wheel, release.name))
        results, checks = self._client.results(release), self._client.checks(release)
        return replace(
            self._known[release.sha256],
            results=json.loads(results) if results else {},
            checks=json.loads(checks) if checks else {},
        )


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
