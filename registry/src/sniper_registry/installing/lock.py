"""The dependency lock of one release: every dependency that the base does not hold, pinned and with hashes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from importlib_metadata import Distribution
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sniper_registry.installing import uv
from sniper_registry.installing.base import CORE
from sniper_registry.installing.refused import InstallConflict, WheelRefused
from sniper_registry.installing.uv import Supply
from sniper_registry.installing.wheel import Wheel

_PINNED: Final = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.!+-]+)((?: --hash=sha256:[0-9a-f]{64})+)")
_OURS: Final = frozenset({"sniper-sdk", "sniper-registry"})


def pins(lines: Iterable[str]) -> dict[str, str]:
    """Version by normal name of the lines of a lock. Raises `WheelRefused` for a line that is not pinned by hash."""
    found: dict[str, str] = {}
    for line in lines:
        match = _PINNED.fullmatch(line)
        if not match:
            raise WheelRefused(f"the lock has the line {line!r}; each must be NAME==VERSION --hash=sha256:…")
        if found.setdefault(canonicalize_name(match[1]), match[2]) != match[2]:
            raise WheelRefused(
                f"the lock pins {match[1]} twice, to {found[canonicalize_name(match[1])]} and {match[2]}"
            )
    return found


def given(wheel: Wheel, lines: Iterable[str], base: Mapping[str, Distribution]) -> tuple[str, ...]:
    """The lock that a release brought, less what the base holds. Raises `WheelRefused` where it lacks something that
    the wheel requires, and `InstallConflict` where the wheel requires another version of what the base holds."""
    lines = tuple(lines)
    versions = pins(lines)
    needed = [requirement for requirement, _ in _needed(wheel, base)]
    for requirement in needed:
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            raise WheelRefused(f"{wheel} requires {requirement}, which its release does not pin; tell its publisher")
        if not requirement.specifier.contains(version, prereleases=True):
            raise WheelRefused(f"{wheel} requires {requirement}, but its release pins {version}; tell its publisher")
    return tuple(sorted(line for line in lines if canonicalize_name(line.partition("==")[0]) not in base))


def resolved(wheel: Wheel, base: Mapping[str, Distribution], supply: Supply, scratch: Path) -> tuple[str, ...]:
    """A lock made here and now, for a wheel that came without one: the newest versions that fit, with the hashes that
    the package index tells. Raises `InstallConflict` and `InstallFailed`."""
    needed = [str(requirement) for requirement, _ in _needed(wheel, base)]
    if not needed:
        return ()
    constraints = scratch / "base.txt"
    constraints.write_text("".join(f"{name}=={held.version}\n" for name, held in base.items()))
    compiled = uv.run(
        *("pip", "compile", "-", "--generate-hashes", "--only-binary", ":all:", "--no-header", "--no-annotate"),
        *("--constraints", str(constraints), "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
        *uv.interpreter(),
        *supply.arguments,
        given="\n".join(needed),
        cwd=scratch,
    )
    return given(wheel, _joined(compiled), base)


def demand_consistent(site: Path, base: Mapping[str, Distribution]) -> None:
    """Raise `InstallConflict` where something in an environment requires what neither the environment nor the base has
    in that version; both sides are named."""
    there = {canonicalize_name(str(each.name)): each for each in Distribution.discover(path=[str(site)])}
    for own in there.values():
        for line in own.requires or ():
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            name = canonicalize_name(requirement.name)
            held = base.get(name) or there.get(name)
            if held is None or not requirement.specifier.contains(held.version, prereleases=True):
                is_ = f"{name} is {held.version}" if held else "that is not there"
                whose = ", which workers take from sniper-core" if name in base else ""
                raise InstallConflict(
                    f"{own.name} {own.version} requires {line}, but {is_}{whose}; install another release of either"
                )


def _joined(compiled: str) -> Iterator[str]:
    whole = re.sub(r"\s*\\\n\s*", " ", compiled)
    return (line.strip() for line in whole.splitlines() if line.strip() and not line.startswith("#"))


def _needed(wheel: Wheel, base: Mapping[str, Distribution]) -> Iterator[tuple[Requirement, str]]:
    """What the wheel requires here and the base does not hold, and the line that says so. Raises `InstallConflict`."""
    core = base[CORE]
    lines = [(Requirement(line), line) for line in wheel.requires]
    while lines:
        requirement, line = lines.pop(0)
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if name in _OURS:
            raise InstallConflict(f"{wheel} requires {name}, which is for those who make plugins, not for plugins")
        if name in base:
            if not requirement.specifier.contains(base[name].version, prereleases=True):
                raise InstallConflict(
                    f"{wheel} requires {line}, but {name} is {base[name].version} here"
                    f"{'' if name == CORE else f', which workers take from sniper-core {core.version}'}; "
                    "install another release of either"
                )
            lines += [(extra, f"{extra}, by {line}") for extra in _extras(base[name], requirement.extras)]
            continue
        yield requirement, line


def _extras(held: Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    """What the extras of a distribution of the base ask for besides itself."""
    for line in held.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:  # of an installed distribution that works: not ours to judge
            continue
        marker = requirement.marker
        if marker and not marker.evaluate({"extra": ""}) and any(marker.evaluate({"extra": each}) for each in extras):
            requirement.marker = None
            yield requirement
