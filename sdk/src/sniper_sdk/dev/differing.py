"""What changed from one replay to the next."""

from collections.abc import Sequence
from dataclasses import dataclass

Decisions = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Difference:
    """``was`` or ``now`` is None where there was no such decision, or is none any more."""

    where: str
    was: str | None
    now: str | None


def differences(before: Decisions, after: Decisions) -> list[Difference]:
    """By where they were made, in the order of the new replay; what is gone comes last."""
    was, now = dict(before), dict(after)
    found = [Difference(where, was.get(where), text) for where, text in now.items() if was.get(where) != text]
    return found + [Difference(where, text, None) for where, text in was.items() if where not in now]
