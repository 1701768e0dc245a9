"""What a wheel requires: a version of the core with an upper bound, and a Python that sniper runs on."""

from collections.abc import Iterator
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from sniper.catalogue import CORE
from sniper_sdk.compat.problem import Problem, Severity
from sniper_sdk.compat.wheel import Wheel

_PYTHONS: Final = ("3.11", "3.12", "3.13")


def core_requirement(wheel: Wheel) -> Requirement | None:
    """What it says of sniper-core; None where it says nothing, or nothing that can be read."""
    for line in wheel.metadata.get_all("Requires-Dist") or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # `requirement_problems` tells it
        if canonicalize_name(requirement.name) == CORE and requirement.marker is None:
            return requirement
    return None


def requirement_problems(wheel: Wheel, version: str) -> Iterator[Problem]:
    """``version``: of the core."""
    for line in wheel.metadata.get_all("Requires-Dist") or ():
        try:
            Requirement(line)
        except InvalidRequirement as error:
            yield Problem("error", "requirement", "METADATA", f"Requires-Dist: {line} cannot be read: {error}")
    core = core_requirement(wheel)
    if core is None:
        yield _told("error", "no-core", "it does not require sniper-core; give its versions: sniper-core>=0.1,<0.2")
    elif not core.specifier.contains(version, prereleases=True):
        yield _told(
            "error",
            "core",
            f"it requires {core}, and this is sniper-core {version}; install a release of it for this version, or ask "
            "its author for one",
        )
    elif not any(each.operator in ("<", "<=", "==", "~=") for each in core.specifier):
        yield _told(
            "warning", "unbounded", f"it requires {core}, without an upper bound: one that breaks it would be accepted"
        )
    yield from _python(wheel)


def _python(wheel: Wheel) -> Iterator[Problem]:
    text = wheel.metadata.get("Requires-Python")
    if text is None:
        return
    try:
        pythons = SpecifierSet(text)
    except InvalidSpecifier as error:
        yield _told("error", "python", f"Requires-Python: {text} cannot be read: {error}")
        return
    if not any(pythons.contains(f"{each}.99") for each in _PYTHONS):
        yield _told("error", "python", f"it requires Python {text}; sniper runs on {', '.join(_PYTHONS)}")


def _told(severity: Severity, code: str, message: str) -> Problem:
    return Problem(severity, code, "METADATA", message)
