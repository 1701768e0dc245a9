"""Which releases were seen here: one that was seen may neither change nor disappear without being revoked."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from sniper.errors import said
from sniper.index import RegistryRefused, Release, Revocation
from sniper_registry.repository.tree import write

Seen = dict[str, dict[str, str]]


class Memory:
    """Distribution to version to hash of the wheel, in ``file``."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def check(self, name: str, versions: Iterable[str], revoked: Iterable[Revocation]) -> None:
        """Raise `RegistryRefused` where a release that was seen is gone."""
        there = set(versions) | {each.version for each in revoked if each.name == name}
        if gone := sorted(set(self._read().get(name, {})) - there):
            raise RegistryRefused(
                f"{name} {', '.join(gone)} was there before, and is gone without having been revoked: its publisher's "
                f"key may "
                "be in other hands; ask the publisher"
            )

    def note(self, releases: Sequence[Release]) -> None:
        """Remember releases. Raises `RegistryRefused` where one is not what it was."""
        seen = self._read()
        new = {each.name: dict(seen.get(each.name, {})) for each in releases}
        for release in releases:
            before = new[release.name].setdefault(release.version, release.sha256)
            if before != release.sha256:
                raise RegistryRefused(
                    f"{release.name} {release.version} is another wheel than before ({release.sha256[:16]} instead of "
                    f"{before[:16]}), and a release never changes: its publisher's key may be in other hands; ask the "
                    f"publisher"
                )
        if any(seen.get(name) != versions for name, versions in new.items()):
            write(self._file, msgspec.json.encode({**seen, **new}, order="sorted"))

    def _read(self) -> Mapping[str, Mapping[str, str]]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Seen)
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as error:
            raise RegistryRefused(
                f"{self._file} is damaged: {said(error)}; restore it, or remove it to forget all"
            ) from error
