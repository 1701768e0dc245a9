"""What stands against a wheel."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """``code``: stable, for machines. ``place``: ``"sniper_risk_x/check.py:12"``, or a file of the metadata."""

    severity: Severity
    code: str
    place: str
    message: str


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean x?"``, or nothing."""
    found = get_close_matches(name, list(known), 1)
    return f"; did you mean {found[0]}?" if found else ""
