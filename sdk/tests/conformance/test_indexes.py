"""The suite of indexes finds what it is for: a sound one passes, and each fault fails one behaviour by name."""

import hashlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from sniper.index import (
    Found,
    Index,
    RegistryRefused,
    Release,
    ReleaseRevoked,
    ReleaseUnknown,
    Revocation,
)
from sniper_sdk import IndexConformance
from sniper_sdk.conformance import index as suites
from sniper_sdk.conformance.index import Stock


class Sound(Index):
    """Keeps its stock in memory."""

    def __init__(self, stock: Stock) -> None:
        self.wheels = {release.sha256: wheel for release, wheel in stock.wheels}
        self.known = sorted((release for release, _ in stock.wheels), key=self.order)
        self.gone = stock.revoked

    def order(self, release: Release) -> Any:  # Any: what sorts
        return release.name, Version(release.version)

    def search(self, text: str) -> tuple[Found, ...]:
        newest = {each.name: each for each in self.known if self.may_run(each)}
        return tuple(self.shown(each) for _, each in sorted(newest.items()) if self.matches(each, text.lower().split()))

    def matches(self, release: Release, words: list[str]) -> bool:
        return all(word in f"{release.name} {release.summary}".lower() for word in words)

    def shown(self, release: Release) -> Found:
        return Found(
            name=release.name,
            version=release.version,
            kind=release.kind,
            summary=release.summary,
            publisher=release.publisher,
            licence=release.licence,
        )

    def may_run(self, release: Release) -> bool:
        return not Version(release.version).is_prerelease and not self.is_gone(release)

    def is_gone(self, release: Release) -> bool:
        return any(each.sha256 == release.sha256 for each in self.gone)

    def releases(self, name: str) -> tuple[Release, ...]:
        found = tuple(each for each in self.known if each.name == name)
        if not found:
            raise ReleaseUnknown(name)
        return found

    def find(self, name: str, version: str | None = None) -> Release:
        wanted = [each for each in self.releases(name) if version in (None, each.version)]
        if not wanted:
            raise ReleaseUnknown(f"{name} {version}")
        if version is None:
            return [each for each in wanted if self.may_run(each)][-1]
        return self.allowed(wanted[0])

    def allowed(self, release: Release) -> Release:
        for each in self.gone:
            if each.sha256 == release.sha256:
                raise ReleaseRevoked(each.reason)
        return release

    def fetch(self, release: Release, into: Path) -> Path:
        self.allowed(release)
        (path,) = self.written(release, into)
        return path

    def written(self, release: Release, into: Path) -> tuple[Path, ...]:
        wheel = self.wheels.get(release.sha256)
        if wheel is None or hashlib.sha256(wheel).hexdigest() != release.sha256:
            raise RegistryRefused(release.filename)
        path = into / release.filename
        path.write_bytes(wheel)
        return (path,)

    def revoked(self) -> tuple[Revocation, ...]:
        return tuple(sorted(self.gone, key=lambda each: (each.name, Version(each.version))))


class Repeats(Sound):
    def search(self, text: str) -> tuple[Found, ...]:
        return tuple(self.shown(each) for each in self.known if self.matches(each, text.lower().split()))


class AnyWord(Sound):
    def matches(self, release: Release, words: list[str]) -> bool:
        return not words or any(word in f"{release.name} {release.summary}".lower() for word in words)


class MindsCase(Sound):
    def matches(self, release: Release, words: list[str]) -> bool:
        return all(word in f"{release.name} {release.summary}" for word in words)

    def search(self, text: str) -> tuple[Found, ...]:
        newest = {each.name: each for each in self.known if self.may_run(each)}
        return tuple(self.shown(each) for _, each in sorted(newest.items()) if self.matches(each, text.split()))


class ShowsRevoked(Sound):
    def may_run(self, release: Release) -> bool:
        return not Version(release.version).is_prerelease


class OffersPreReleases(Sound):
    def may_run(self, release: Release) -> bool:
        return not self.is_gone(release)


class AsText(Sound):
    def order(self, release: Release) -> Any:  # Any: what sorts
        return release.name, release.version


class HidesRevoked(Sound):
    def releases(self, name: str) -> tuple[Release, ...]:
        return tuple(each for each in super().releases(name) if not self.is_gone(each))


class Renames(Sound):
    """Tells another publisher than the one who signed it."""

    def releases(self, name: str) -> tuple[Release, ...]:
        return tuple(suites.changed(each, publisher="me") for each in super().releases(name))


class NoPreRelease(Sound):
    def find(self, name: str, version: str | None = None) -> Release:
        if version is not None and Version(version).is_prerelease:
            raise ReleaseUnknown(version)
        return super().find(name, version)


class Allows(Sound):
    def allowed(self, release: Release) -> Release:
        return release


class WithoutReason(Sound):
    def allowed(self, release: Release) -> Release:
        if self.is_gone(release):
            raise ReleaseRevoked("it was revoked")
        return release


class SaysNothing(Sound):
    def releases(self, name: str) -> tuple[Release, ...]:
        return tuple(each for each in self.known if each.name == name)


class LeavesParts(Sound):
    def written(self, release: Release, into: Path) -> tuple[Path, ...]:
        into.joinpath(f"{release.filename}.part").write_bytes(b"")
        return super().written(release, into)


class GivesAnything(Sound):
    """What lies under the name, whatever its hash is."""

    def written(self, release: Release, into: Path) -> tuple[Path, ...]:
        (known,) = [each for each in self.known if each.filename == release.filename]
        return super().written(known, into)


class ForgetsRevocations(Sound):
    def revoked(self) -> tuple[Revocation, ...]:
        return ()


FAULTS = [
    (Repeats, "a_search_for_nothing_lists_each_distribution_once_by_name"),
    (AnyWord, "a_search_wants_all_of_its_words_in_name_or_summary"),
    (MindsCase, "a_search_wants_all_of_its_words_in_name_or_summary"),
    (ShowsRevoked, "a_search_shows_the_newest_release_that_may_run"),
    (AsText, "releases_are_in_the_order_of_their_versions_and_all_there"),
    (HidesRevoked, "releases_are_in_the_order_of_their_versions_and_all_there"),
    (Renames, "a_release_is_what_was_published"),
    (OffersPreReleases, "without_a_version_the_newest_is_found_that_is_neither_revoked_nor_a_pre_release"),
    (ShowsRevoked, "without_a_version_the_newest_is_found_that_is_neither_revoked_nor_a_pre_release"),
    (NoPreRelease, "a_version_is_found_by_its_name_a_pre_release_too"),
    (Allows, "a_revoked_release_is_refused_with_the_reason"),
    (WithoutReason, "a_revoked_release_is_refused_with_the_reason"),
    (SaysNothing, "what_there_is_not_is_said_to_be_unknown"),
    (LeavesParts, "a_fetched_wheel_is_the_published_one_and_alone"),
    (GivesAnything, "a_wheel_of_another_hash_is_refused_and_nothing_is_left"),
    (LeavesParts, "a_wheel_of_another_hash_is_refused_and_nothing_is_left"),
    (Allows, "a_revoked_wheel_is_not_fetched"),
    (ForgetsRevocations, "revocations_are_told_by_name_and_version"),
]
BEHAVIOURS = sorted(name for name in dir(IndexConformance) if name.startswith("test_"))
ASKED = [lambda index: index.find("sniper-exit-nobody"), lambda index: index.releases("sniper-exit-nobody")]
"""What the suite's own parameters ask for in vain."""


def tried(cls: type[Sound], test: str, into: Path) -> None:
    """Run one behaviour of the suite, with what its fixtures would give it."""
    stock = suites.stock()
    takes = inspect.signature(getattr(IndexConformance, test)).parameters
    for ask in ASKED if "ask" in takes else (None,):
        given = {"index": cls(stock), "stock": stock, "into": into, "ask": ask}
        made: Any = type("Of", (IndexConformance,), {"make": lambda self, directory, stock: cls(stock)})()
        getattr(made, test)(**{name: value for name, value in given.items() if name in takes})


@pytest.mark.parametrize(("index", "test"), FAULTS)
def test_a_fault_is_found(index: type[Sound], test: str, tmp_path: Path) -> None:
    # what pytest.raises says where nothing was raised is no AssertionError
    with pytest.raises((AssertionError, pytest.fail.Exception, ReleaseUnknown)):
        tried(index, f"test_{test}", tmp_path)


@pytest.mark.parametrize("test", BEHAVIOURS)
def test_a_sound_index_passes(test: str, tmp_path: Path) -> None:
    tried(Sound, test, tmp_path)


def test_each_behaviour_has_a_fault_that_it_finds() -> None:
    assert {f"test_{test}" for _, test in FAULTS} == set(BEHAVIOURS)
