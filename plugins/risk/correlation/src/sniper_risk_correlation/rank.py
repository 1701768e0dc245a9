"""Rank correlation in integers.

Kendall's tau-b: of all pairs of moments, how many did both series order alike, and how many the other way round, over
what is left of the pairs without ties (M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33,
1945).
It needs no logarithm, no mean and no float, and one wild price counts as one.
"""

import itertools
from collections.abc import Sequence
from operator import mul

from sniper.types import BPS


def changes(prices: Sequence[int]) -> list[int]:
    """From each price to the next, in millionths of the former; prices are above 0."""
    return [after * 1_000_000 // before for before, after in itertools.pairwise(prices)]


def orders(series: Sequence[int]) -> list[int]:
    """Of each pair of moments: 1 where the later value is larger, -1 where it is smaller, 0 for a tie."""
    return [(later > earlier) - (later < earlier) for n, later in enumerate(series) for earlier in series[:n]]


def at_least(one: Sequence[int], other: Sequence[int], bps: int) -> bool | None:
    """Whether tau-b of two series of equal length is at least ``bps``, above 0. None where either never changes, for
    then it says nothing."""
    first, second = orders(one), orders(other)
    untied = len(first) - first.count(0), len(second) - second.count(0)
    if 0 in untied:
        return None
    alike: int = sum(map(mul, first, second))
    return alike > 0 and alike * alike * BPS * BPS >= bps * bps * untied[0] * untied[1]
