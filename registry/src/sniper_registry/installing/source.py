"""What the trader named, made into a wheel that was inspected: a file, a directory, a repository, or a release."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from sniper.errors import PluginError
from sniper.index import Index, Release, ReleaseUnknown
from sniper_registry.installing import building
from sniper_registry.installing.making import Wish
from sniper_registry.installing.refused import WheelRefused
from sniper_registry.installing.uv import Supply, hidden
from sniper_registry.installing.wheel import inspect

_RELEASE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:==([\w.!+-]+))?")


def wished(target: str, scratch: Path, indexes: Iterable[Index], supply: Supply, *, build: bool) -> Wish:
    """The wheel that a target stands for, in the private directory ``scratch``: nobody changes it between its
    inspection and its installation. Raises `PluginError` and `RegistryError` of many kinds.

    build  Whether sources may be built, which runs their code.
    """
    if target.endswith(".whl"):
        return Wish(wheel=inspect(copied(Path(target), scratch)), source="wheel")
    if building.is_repository(target):
        building.demand_word(target, build=build)
        commit = building.cloned(target, scratch / "sources")
        wheel = inspect(building.built(scratch / "sources", scratch / "built", supply))
        return Wish(wheel=wheel, source=f"git+{hidden(target.removeprefix('git+'))} at {commit}")
    if Path(target).is_dir():
        building.demand_word(target, build=build)
        return Wish(wheel=inspect(building.built(Path(target), scratch / "built", supply)), source="path")
    named = _RELEASE.fullmatch(target)
    if not named:
        raise PluginError(f"{target}: is neither NAME, NAME==VERSION, a wheel, a directory nor a git repository")
    return released(canonicalize_name(named[1]), named[2], scratch, indexes)


def released(name: str, version: str | None, scratch: Path, indexes: Iterable[Index]) -> Wish:
    """A release of a registry; without a version its newest. Raises `RegistryError`, and `WheelRefused` where its wheel
    is not what the release says."""
    index, release = found(name, version, indexes)
    wheel = inspect(index.fetch(release, scratch))
    said, is_ = (release.name, release.version, release.sha256), (wheel.distribution, wheel.version, wheel.sha256)
    if said != is_:
        raise WheelRefused(
            f"the registry says {release.name} {release.version} is the wheel {release.sha256}, and gave "
            f"{wheel.distribution} {wheel.version}, {wheel.sha256}; nothing was installed"
        )
    return Wish(
        wheel=wheel,
        source="registry",
        requires=release.requires,
        permissions=release.permissions,
        publisher=release.publisher,
        root=index.root(name),
        level=release.level,
    )


def found(name: str, version: str | None, indexes: Iterable[Index]) -> tuple[Index, Release]:
    """The first index that has a release, and what it says of it. Raises `RegistryError`."""
    if version is not None:
        try:
            version = str(Version(version))
        except InvalidVersion as error:
            raise ReleaseUnknown(f"{version!r} is no version; write it as 1.2.0") from error
    unknown: ReleaseUnknown | None = None
    for index in indexes:
        try:
            return index, index.find(name, version)
        except ReleaseUnknown as error:
            unknown = unknown or error
    raise unknown or ReleaseUnknown(f"nobody can be asked for {name}: no index is installed")


def copied(file: Path, scratch: Path) -> Path:
    """A copy that nobody else changes. Raises `PluginError` where there is no such file."""
    if not file.is_file():
        raise PluginError(f"{file}: there is no such file")
    return Path(shutil.copyfile(file, scratch / file.name))
