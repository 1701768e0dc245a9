"""What the suites check, read from them: ``sniper plugins test --list KIND``."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sniper_sdk.conformance as suites

_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "exchange": ("ExchangeConformance",),
    "risk": ("RiskConformance", "RiskWatchConformance"),
    "strategy": ("StrategyConformance", "TradingConformance"),
    "venue": ("VenueConformance", "ExchangeConformance"),
}
"""Kinds whose suites are not simply called after them."""


@dataclass(frozen=True)
class Behaviour:
    """``name``: of the test function. ``what``: one line, the first of its docstring, else its name as a sentence."""

    name: str
    what: str


def suites_of(kind: str) -> tuple[type, ...]:
    """The suites that a plugin of this kind is held to, its own first, then that of its package; none for no kind."""
    names = _OF.get(kind, (f"{kind.capitalize()}Conformance",))
    found = [getattr(suites, name) for name in names if name in suites.__all__]
    return (*found, suites.PackageConformance) if found else ()


def behaviours(suite: type) -> tuple[Behaviour, ...]:
    """What a suite checks, in the order in which it is written, inherited behaviours first."""
    found: dict[str, Behaviour] = {}
    for cls in reversed(inspect.getmro(suite)):
        for name, member in vars(cls).items():
            if name.startswith("test_") and callable(member):
                told = (inspect.getdoc(member) or "").partition("\n")[0]
                found[name] = Behaviour(name, told or name.removeprefix("test_").replace("_", " "))
    return tuple(found.values())
