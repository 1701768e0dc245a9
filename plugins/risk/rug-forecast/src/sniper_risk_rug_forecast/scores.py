"""How good a forecast was: measures over pairs of what was forecast (0 to 1) and what came (0 or 1)."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple


class Bin(NamedTuple):
    """Forecasts from ``low`` to below ``high``: how many, their mean, and the share of them that came."""

    low: float
    high: float
    cases: int
    forecast: float
    came: float


def auc(forecast: Sequence[float], came: Sequence[int]) -> float:
    """Probability that one that came was ranked above one that did not, ties counted half (Mann, Whitney 1947).

    Raises ValueError where all came, or none did.
    """
    ones = sum(came)
    zeros = len(came) - ones
    if not ones or not zeros:
        raise ValueError(f"AUC needs cases of both kinds; here {ones} came and {zeros} did not")
    order = sorted(range(len(came)), key=lambda i: forecast[i])
    ranks, start = 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and forecast[order[end]] == forecast[order[start]]:
            end += 1
        ranks += (start + end + 1) / 2 * sum(came[i] for i in order[start:end])
        start = end
    return (ranks - ones * (ones + 1) / 2) / (ones * zeros)


def mcc(forecast: Sequence[float], came: Sequence[int], threshold: float) -> float:
    """Matthews' correlation coefficient of "at least ``threshold``" with what came; 0 where either is constant."""
    tp = sum(p >= threshold and y == 1 for p, y in zip(forecast, came, strict=True))
    fp = sum(p >= threshold and y == 0 for p, y in zip(forecast, came, strict=True))
    fn, tn = sum(came) - tp, len(came) - sum(came) - fp
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / sqrt(product) if product else 0.0


def best_threshold(forecast: Sequence[float]) -> float:
    """The one with the highest `mcc` to expect where these probabilities are right, in the middle of the gap between
    two of them; 0.5 where all are alike.

    The highest `mcc` by what came hangs on a handful of cases: on real pools it found thresholds that did much worse
    in the next slice.
    """
    ordered = sorted(forecast)
    count, whole = len(ordered), sum(ordered)
    best, threshold, above = -1.0, 0.5, whole
    for place, (low, high) in enumerate(pairwise(ordered), start=1):
        above -= low
        if low == high:
            continue
        tp, fn = above, whole - above
        fp, tn = count - place - tp, place - fn
        product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        expected = (tp * tn - fp * fn) / sqrt(product) if product > 0 else 0.0
        if expected > best:
            best, threshold = expected, (low + high) / 2
    return threshold


def brier(forecast: Sequence[float], came: Sequence[int]) -> float:
    """Mean squared difference (Brier 1950): 0 is perfect."""
    return sum((p - y) ** 2 for p, y in zip(forecast, came, strict=True)) / len(came)


def calibration(forecast: Sequence[float], came: Sequence[int], bins: int = 5) -> list[Bin]:
    """By equal widths; empty bins are left out."""
    table = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [i for i, p in enumerate(forecast) if low <= p < high or (p == 1.0 and number == bins - 1)]
        if inside:
            mean = sum(forecast[i] for i in inside) / len(inside)
            table.append(Bin(low, high, len(inside), mean, sum(came[i] for i in inside) / len(inside)))
    return table
