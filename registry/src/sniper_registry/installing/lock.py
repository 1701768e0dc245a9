"""The dependency lock of one release: every dependency that the base does not hold, pinned and with hashes."""

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
from sniper_registry.requirements import LockUnreadable, lines_of, pins

_OURS: Final = frozenset({"sniper-sdk", "sniper-registry"})


def given(wheel: Wheel, lines: Iterable[str], base: Mapping[str, Distribution]) -> tuple[str, ...]:
    """The lock that a release brought, less what the base holds and what is for other platforms. Raises `WheelRefused`
    where a line pins nothing, or the lock lacks something that the wheel requires, and `InstallConflict` where the
    wheel requires another version of what the base holds."""
    try:
        pinned = pins(lines)
    except LockUnreadable as error:
        raise WheelRefused(f"{wheel}: {error}; tell its publisher") from error
    needed = [requirement for requirement, _ in _needed(wheel, base)]
    for requirement in needed:
        pin = pinned.get(canonicalize_name(requirement.name))
        if pin is None:
            raise WheelRefused(f"{wheel} requires {requirement}, which its release does not pin; tell its publisher")
        if not requirement.specifier.contains(pin.version, prereleases=True):
            raise WheelRefused(
                f"{wheel} requires {requirement}, but its release pins {pin.version}; tell its publisher"
            )
    return tuple(sorted(pin.line for name, pin in pinned.items() if name not in base))


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
        "--strip-extras",
        *("--constraints", str(constraints), "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
        *uv.interpreter(),
        *supply.arguments,
        given="\n".join(needed),
        cwd=scratch,
    )
    return given(wheel, lines_of(compiled), base)


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
