"""A release's lock: all that it depends on, each pinned to one version with the hashes of its wheels.

It is read in one way by whoever publishes and whoever installs, so what was published can be installed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from sniper.catalogue import CORE
from sniper_registry.errors import PublishRefused

_LINE: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w., -]*\])?==(?P<version>[\w.!+-]+)"
    r"(?: ?; ?(?P<marker>.+?))?(?: --hash=sha256:[0-9a-f]{64})+"
)


class LockUnreadable(ValueError):
    """A lock has a line that pins nothing, or pins one thing twice."""


class Pin(NamedTuple):
    """A line of a lock. name: the normal one. here: whether it counts on this platform."""

    name: str
    version: str
    here: bool
    line: str


def pins(lock: Iterable[str]) -> dict[str, Pin]:
    """What a lock pins on this platform, by normal name; every line is read. Raises `LockUnreadable`."""
    found: dict[str, Pin] = {}
    for pin in map(_pin, lock):
        if pin.here and found.setdefault(pin.name, pin).version != pin.version:
            raise LockUnreadable(f"the lock pins {pin.name} twice, to {found[pin.name].version} and {pin.version}")
    return found


def demand_locked(requires: Sequence[str], lock: Sequence[str]) -> None:
    """Raise `PublishRefused` unless each line pins one distribution with hashes, and all that is required is there."""
    try:
        pinned = pins(lock)
        named = {_pin(line).name for line in lock}
    except LockUnreadable as error:
        raise PublishRefused(f"{error}; let uv write it") from error
    if CORE in named:
        raise PublishRefused(f"the lock pins {CORE}, which every trader has already; leave it out")
    for line in requires:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}) and name in named:
            continue  # for another platform than this one
        pin = pinned.get(name)
        if pin is None:
            raise PublishRefused(f"the lock does not pin {line}; give a lock with --lock")
        if not requirement.specifier.contains(pin.version, prereleases=True):
            raise PublishRefused(f"the lock pins {pin.name} to {pin.version}, and {line} is required; make it anew")


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a requirements file as uv and pip write it, one for each distribution, without comments."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return tuple(" ".join(line.split()) for line in lines if line)


def _pin(line: str) -> Pin:
    match = _LINE.fullmatch(line)
    try:
        if match is None:
            raise ValueError(line)
        Version(match["version"])
        here = match["marker"] is None or Marker(match["marker"]).evaluate({"extra": ""})
    except (ValueError, InvalidVersion, InvalidMarker, UndefinedComparison, UndefinedEnvironmentName) as error:
        raise LockUnreadable(
            f"the lock has a line without one version and its hashes, {line[:200]!r}; each must be NAME==VERSION "
            "--hash=sha256:…, with a marker before the hashes where it counts on some platforms only"
        ) from error
    return Pin(canonicalize_name(match["name"]), match["version"], here, line)
