"""Returns of bars as whole numbers, so that what is computed of them is the same everywhere."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from sniper.events import Bar

UNIT: Final = 10**9
"""A return of 100%."""


def returns(bars: Sequence[Bar], most: int) -> list[int]:
    """The relative changes from close to close of the newest ``most`` + 1 bars, in 10⁻⁹, rounded down; oldest first."""
    closes = [bar.close for bar in bars[-most - 1 :]]
    return [(new - old) * UNIT // old for old, new in pairwise(closes) if old > 0]


def variance(changes: Sequence[int]) -> int:
    """The mean of the squares, 10⁻¹⁸: of returns whose mean is taken for 0, as over short times it cannot be told from
    it."""
    return sum(change * change for change in changes) // len(changes) if changes else 0
