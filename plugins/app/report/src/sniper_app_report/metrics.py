"""What is said of a curve of equity. Formulas as in the papers named; returns are simple ones, a year has 365 days.

The same numbers, where they are of the same name, come from empyrical-reloaded 0.7.1: a test holds that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, sqrt
from typing import Final

DAY: Final = 86_400 * 10**9
YEAR: Final = 365 * DAY
FEWEST_DAYS: Final = 10
"""With fewer days than this, returns are those between samples."""
TAIL: Final = 0.05


@dataclass(frozen=True)
class Metrics:
    """Shares of equity, and ratios; None where they are not defined.

    period        Distance of the returns, ns; ``returns``: how many there are.
    total, annual  Return of all, and compounded over a year.
    volatility    Standard deviation of the returns (n - 1), times the root of their number in a year.
    sharpe        Mean by standard deviation, a year's, with no riskless rate (Sharpe 1994).
    sortino       Mean by the root of the mean square of what is below zero, a year's (Sortino and van der Meer 1991).
    max_drawdown  The largest fall from a peak, of it; ``drawdown_from`` and ``drawdown_to``: its peak and end, ns.
    calmar        Annual return by the largest fall (Young 1991).
    var, es       Value at risk at 95%: the 5th percentile of returns, interpolated; expected shortfall: the mean of
                  the worst 5% (Rockafellar and Uryasev 2000). Losses are below zero.
    """

    period: int
    returns: int
    total: float
    annual: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    drawdown_from: int
    drawdown_to: int
    calmar: float | None
    var: float | None
    es: float | None


def measured(curve: Sequence[tuple[int, int]]) -> Metrics:
    """``curve``: (time in ns, equity), at least two of them, the first above zero."""
    (begin, first), (end, last) = curve[0], curve[-1]
    period, points = _points(curve)
    returns = [(after - before) / before for before, after in pairwise(points) if before > 0]
    total = (last - first) / first
    fall, fallen_from, fallen_to = drawdown(curve)
    annual = (1 + total) ** (YEAR / (end - begin)) - 1 if total > -1 and end - begin >= DAY else None
    per_year = sqrt(YEAR / period)
    deviation = _deviation(returns)
    mean = sum(returns) / len(returns) if returns else 0.0
    downside = sqrt(sum(min(each, 0.0) ** 2 for each in returns) / len(returns)) if returns else 0.0
    return Metrics(
        period=period,
        returns=len(returns),
        total=total,
        annual=annual,
        volatility=deviation * per_year if deviation is not None else None,
        sharpe=mean / deviation * per_year if deviation else None,
        sortino=mean / downside * per_year if downside else None,
        max_drawdown=fall,
        drawdown_from=fallen_from,
        drawdown_to=fallen_to,
        calmar=annual / -fall if annual is not None and fall else None,
        var=value_at_risk(returns),
        es=expected_shortfall(returns),
    )


def _points(curve: Sequence[tuple[int, int]]) -> tuple[int, list[int]]:
    """The distance of returns, and equity at whole multiples of it: days, or samples where there are few days."""
    steps = [after[0] - before[0] for before, after in pairwise(curve)]
    usual = sorted(steps)[len(steps) // 2]
    period = DAY if curve[-1][0] - curve[0][0] >= FEWEST_DAYS * DAY and usual <= DAY else max(usual, 1)
    points, due, index = [curve[0][1]], (curve[0][0] // period + 1) * period, 0
    while due <= curve[-1][0]:
        while index + 1 < len(curve) and curve[index + 1][0] <= due:
            index += 1
        points.append(curve[index][1])
        due += period
    return period, points


def drawdown(curve: Sequence[tuple[int, int]]) -> tuple[float, int, int]:
    """The largest fall as a share of its peak, below zero, and when the peak and the end of it were."""
    peak_at, peak = curve[0]
    worst = (0.0, peak_at, peak_at)
    for time, equity in curve:
        if equity > peak:
            peak_at, peak = time, equity
        elif peak > 0:
            worst = min(worst, ((equity - peak) / peak, peak_at, time))
    return worst


def value_at_risk(returns: Sequence[float]) -> float | None:
    """The percentile, interpolated between its neighbours (Hyndman and Fan 1996, definition 7)."""
    if not returns:
        return None
    ordered = sorted(returns)
    at = (len(ordered) - 1) * TAIL
    low, high = ordered[floor(at)], ordered[ceil(at)]
    return low + (high - low) * (at - floor(at))


def expected_shortfall(returns: Sequence[float]) -> float | None:
    """The mean of all up to the percentile, which is rounded down to one of them."""
    if not returns:
        return None
    worst = sorted(returns)[: int((len(returns) - 1) * TAIL) + 1]
    return sum(worst) / len(worst)


def _deviation(returns: Sequence[float]) -> float | None:
    if len(returns) < 2:
        return None
    mean = sum(returns) / len(returns)
    return sqrt(sum((each - mean) ** 2 for each in returns) / (len(returns) - 1))
