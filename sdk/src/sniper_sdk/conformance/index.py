"""What an index must hold."""

import base64
import hashlib
import io
import zipfile
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest
from packaging.version import Version

from sniper.index import Index, RegistryRefused, Release, ReleaseRevoked, ReleaseUnknown, Revocation

PUBLISHER: Final = "acme"
_DAY: Final = 86_400 * 10**9
_EPOCH: Final = 20_000 * _DAY


class Stock(NamedTuple):
    """What an index is made with.

    wheels   Releases of `PUBLISHER`, each with the bytes of its wheel, in the order in which they were published.
    revoked  Those of them that were revoked afterwards.
    """

    wheels: tuple[tuple[Release, bytes], ...]
    revoked: tuple[Revocation, ...]


class IndexConformance:
    """It gives what was published and nothing else; the newest that may run; nothing that was revoked.

    class TestMine(IndexConformance):
        def make(self, directory: Path, stock: Stock) -> Mine:
            ...
    """

    @abstractmethod
    def make(self, directory: Path, stock: Stock) -> Index:
        """An index of exactly this stock. It may keep whatever it wants to in ``directory``, which is empty."""

    @pytest.fixture
    def stock(self) -> Stock:
        return stock()

    @pytest.fixture
    def index(self, tmp_path: Path, stock: Stock) -> Index:
        return self.make(tmp_path, stock)

    @pytest.fixture
    def into(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("fetched")

    def test_a_search_for_nothing_lists_each_distribution_once_by_name(self, index: Index) -> None:
        assert [each.name for each in index.search("")] == ["sniper-exit-dusk", "sniper-risk-dawn"]

    def test_a_search_wants_all_of_its_words_in_name_or_summary(self, index: Index) -> None:
        assert [each.name for each in index.search("DUSK sells")] == ["sniper-exit-dusk"]
        assert [each.name for each in index.search("risk")] == ["sniper-risk-dawn"]
        assert index.search("dusk refuses") == ()

    def test_a_search_shows_the_newest_release_that_may_run(self, index: Index) -> None:
        (found,) = index.search("dusk")
        assert (found.kind, found.publisher, found.licence) == ("exit", PUBLISHER, "MIT")
        assert found.version == "1.10.0"

    def test_releases_are_in_the_order_of_their_versions_and_all_there(self, index: Index) -> None:
        found = [each.version for each in index.releases("sniper-exit-dusk")]
        assert found == ["1.9.0", "1.10.0", "1.11.0", "2.0.0rc1"]

    def test_a_release_is_what_was_published(self, index: Index, stock: Stock) -> None:
        for release, _ in stock.wheels:
            (found,) = [each for each in index.releases(release.name) if each.version == release.version]
            assert changed(found, level="") == release

    def test_without_a_version_the_newest_is_found_that_is_neither_revoked_nor_a_pre_release(
        self, index: Index
    ) -> None:
        assert index.find("sniper-exit-dusk").version == "1.10.0"

    def test_a_version_is_found_by_its_name_a_pre_release_too(self, index: Index) -> None:
        assert index.find("sniper-exit-dusk", "1.9.0").version == "1.9.0"
        assert index.find("sniper-exit-dusk", "2.0.0rc1").version == "2.0.0rc1"

    def test_a_revoked_release_is_refused_with_the_reason(self, index: Index, stock: Stock) -> None:
        with pytest.raises(ReleaseRevoked, match=stock.revoked[0].reason):
            index.find("sniper-exit-dusk", "1.11.0")

    @pytest.mark.parametrize(
        "ask",
        [
            lambda index: index.find("sniper-exit-nobody"),
            lambda index: index.releases("sniper-exit-nobody"),
            lambda index: index.find("sniper-exit-dusk", "7.0.0"),
        ],
        ids=["find", "releases", "version"],
    )
    def test_what_there_is_not_is_said_to_be_unknown(self, index: Index, ask: Callable[[Index], object]) -> None:
        with pytest.raises(ReleaseUnknown):
            ask(index)

    def test_a_fetched_wheel_is_the_published_one_and_alone(self, index: Index, stock: Stock, into: Path) -> None:
        release, wheel = stock.wheels[0]
        path = index.fetch(index.find(release.name, release.version), into)
        assert path == into / release.filename
        assert path.read_bytes() == wheel
        assert list(into.iterdir()) == [path]

    def test_a_wheel_of_another_hash_is_refused_and_nothing_is_left(self, index: Index, into: Path) -> None:
        release = index.find("sniper-risk-dawn")
        with pytest.raises((RegistryRefused, ReleaseUnknown)):
            index.fetch(changed(release, sha256=hashlib.sha256(b"other").hexdigest()), into)
        assert list(into.iterdir()) == []

    def test_a_revoked_wheel_is_not_fetched(self, index: Index, into: Path) -> None:
        (release,) = [each for each in index.releases("sniper-exit-dusk") if each.version == "1.11.0"]
        with pytest.raises(ReleaseRevoked):
            index.fetch(release, into)
        assert list(into.iterdir()) == []

    def test_revocations_are_told_by_name_and_version(self, index: Index, stock: Stock) -> None:
        found = index.revoked()
        assert [(each.name, each.version, each.sha256, each.reason) for each in found] == [
            (each.name, each.version, each.sha256, each.reason) for each in stock.revoked
        ]
        assert list(found) == sorted(found, key=lambda each: (each.name, Version(each.version)))


def stock() -> Stock:
    """Two distributions: of one all that there can be (a revoked release, a pre-release, versions that sort otherwise
    as text), of the other a single release."""
    dusk = [
        release("sniper-exit-dusk", version, "Sells when the day ends", published_at=_EPOCH + day * _DAY)
        for day, version in enumerate(("1.9.0", "1.10.0", "1.11.0", "2.0.0rc1"))
    ]
    dawn = release("sniper-risk-dawn", "0.1.0", "Refuses what is older than today", published_at=_EPOCH)
    bad = dusk[2][0]
    revocation = Revocation(
        name=bad.name, version=bad.version, sha256=bad.sha256, reason="sells in the morning", at=_EPOCH + 9 * _DAY
    )
    return Stock((*dusk, dawn), (revocation,))


def release(name: str, version: str, summary: str, *, published_at: int) -> tuple[Release, bytes]:
    """A release of `PUBLISHER` that asks for nothing, and its wheel, which holds a plugin without any spec."""
    wheel = plugin_wheel(name, version, summary)
    made = Release(
        name=name,
        version=version,
        filename=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
        sha256=hashlib.sha256(wheel).hexdigest(),
        size=len(wheel),
        publisher=PUBLISHER,
        kind=name.split("-")[1],
        summary=summary,
        licence="MIT",
        permissions=(),
        requires=(),
        published_at=published_at,
    )
    return made, wheel


def changed(release: Release, **fields: str) -> Release:
    """The release with other values in these fields."""
    return msgspec.convert({**msgspec.to_builtins(release), **fields}, Release)


def plugin_wheel(name: str, version: str, summary: str, source: str = "", requires: tuple[str, ...] = ()) -> bytes:
    """A whole wheel (PEP 427) of one package with one entry point; the same bytes for the same arguments.

    source  Of the package's ``__init__``.
    """
    package = name.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {line}\n" for line in ("sniper-core>=0.1,<0.2", *requires))
    files = {
        f"{package}/__init__.py": source or f'"""{summary}."""\n',
        f"{info}/METADATA": (
            f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: {summary}\n"
            f"License-Expression: MIT\nRequires-Python: >=3.11\n{needs}\n{summary}.\n"
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: sniper-sdk\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[sniper.plugins]\n{package} = {package}\n",
    }
    record = "".join(f"{path},sha256={_urlsafe(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return data.getvalue()


def _urlsafe(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
