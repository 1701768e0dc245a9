"""How much of what was found by searching is luck. Returns are those between samples of equity, not annualised.

Trials are columns of a matrix of returns, ``shape (periods, trials)``. Positions that are held over the border of two
parts of the time belong to both a little; what is purged between them makes up for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import e, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

EULER: Final = 0.5772156649015329
NORMAL: Final = NormalDist()
BLOCKS: Final = 10
"""Parts into which the time is cut for the probability of overfitting."""


def sharpe(returns: "Matrix") -> "Matrix":
    """Mean by standard deviation, of each column; 0 where nothing varies."""
    import numpy as np

    deviation = returns.std(axis=0, ddof=1)
    ratios: Matrix = np.divide(returns.mean(axis=0), deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return ratios


def probabilistic_sharpe(observed: float, periods: int, skew: float, kurtosis: float, benchmark: float = 0.0) -> float:
    """Probability that the true ratio is above ``benchmark`` (Bailey and López de Prado, "The Sharpe Ratio Efficient
    Frontier", 2012). ``kurtosis``: 3 for the normal distribution."""
    spread = 1 - skew * observed + (kurtosis - 1) / 4 * observed**2
    return NORMAL.cdf((observed - benchmark) * sqrt(periods - 1) / sqrt(spread)) if spread > 0 else 0.0


def best_by_luck(variance: float, trials: int) -> float:
    """What the best of so many trials without any skill is expected to have (Bailey and López de Prado, "The Deflated
    Sharpe Ratio", 2014). ``variance``: of the ratios of all trials."""
    if trials < 2 or variance <= 0:
        return 0.0
    return sqrt(variance) * (
        (1 - EULER) * NORMAL.inv_cdf(1 - 1 / trials) + EULER * NORMAL.inv_cdf(1 - 1 / (trials * e))
    )


def deflated_sharpe(returns: "Matrix") -> float:
    """Probability that the best trial has any skill, given how many were tried: as above."""
    ratios = sharpe(returns)
    best = int(ratios.argmax())
    skew, kurtosis = moments(returns[:, best])
    variance = float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0
    luck = best_by_luck(variance, len(ratios))
    return probabilistic_sharpe(float(ratios[best]), len(returns), skew, kurtosis, luck)


def moments(column: "Matrix") -> tuple[float, float]:
    """Skewness, and kurtosis (3 for the normal distribution)."""
    centred = column - column.mean()
    deviation = float(centred.std())
    if not deviation:
        return 0.0, 3.0
    return float((centred**3).mean()) / deviation**3, float((centred**4).mean()) / deviation**4


def overfitting(returns: "Matrix", blocks: int = BLOCKS) -> float | None:
    """Probability that the trial that is best in one half of the time is below the middle in the other (Bailey,
    Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting", 2015: CSCV over all halves of
    ``blocks`` parts). None with fewer than two trials or too little time."""
    import numpy as np

    length = len(returns) // blocks
    if returns.shape[1] < 2 or length < 2:
        return None
    parts = returns[: length * blocks].reshape(blocks, length, -1)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    every, below, count = set(range(blocks)), 0, 0
    for chosen in combinations(range(blocks), blocks // 2):
        inside = _ratio(sums[list(chosen)].sum(axis=0), squares[list(chosen)].sum(axis=0), length * len(chosen))
        rest = sorted(every - set(chosen))
        outside = _ratio(sums[rest].sum(axis=0), squares[rest].sum(axis=0), length * len(rest))
        mine = outside[int(inside.argmax())]
        rank = ((outside < mine).sum() + ((outside == mine).sum() + 1) / 2) / (len(outside) + 1)
        below += bool(rank <= 0.5)
        count += 1
    return float(np.float64(below) / count)


def _ratio(sums: "Matrix", squares: "Matrix", count: int) -> "Matrix":
    import numpy as np

    mean = sums / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return np.divide(mean, deviation, out=np.zeros_like(mean), where=deviation > 1e-15)


def by_chance(returns: "Matrix", seed: int, draws: int = 1_000) -> float:
    """Probability that rules without any skill, searched like this, would earn as much as the best (White, "A Reality
    Check for Data Snooping", 2000, by the stationary bootstrap of Politis and Romano, 1994; blocks of the root of the
    number of periods, on average)."""
    import numpy as np

    periods = len(returns)
    mean = returns.mean(axis=0)
    reached = mean.max()
    rng = np.random.default_rng(seed)
    again = 1 / max(1.0, sqrt(periods))
    above = 0
    for _ in range(draws):
        begins = rng.random(periods) < again
        begins[0] = True
        starts = rng.integers(0, periods, periods)
        since = np.arange(periods) - np.maximum.accumulate(np.where(begins, np.arange(periods), 0))
        index = (np.repeat(starts[begins], np.diff(np.append(np.flatnonzero(begins), periods))) + since) % periods
        weights = np.bincount(index, minlength=periods) / periods
        above += bool((weights @ returns - mean).max() >= reached)
    return (above + 1) / (draws + 1)


@dataclass(frozen=True)
class Fold:
    """The trial that was best in training, and what it did in the test. ``begin``, ``end``: periods of the test."""

    begin: int
    end: int
    trial: int
    trained: float
    tested: float


def walk_forward(returns: "Matrix", folds: int) -> list[Fold]:
    """Train on all that was before, test on what comes next. The first part is training alone."""
    edges = [len(returns) * number // (folds + 1) for number in range(folds + 2)]
    return [_fold(returns, returns[:begin], begin, end) for begin, end in pairwise(edges[1:]) if end - begin > 1]


def purged(returns: "Matrix", folds: int, purge: int) -> list[Fold]:
    """K-fold cross-validation: train on the rest of the time but ``purge`` periods on each side of the test (López de
    Prado, "Advances in Financial Machine Learning", 2018, chapter 7)."""
    import numpy as np

    edges = [len(returns) * number // folds for number in range(folds + 1)]
    found = []
    for begin, end in pairwise(edges):
        train = np.concatenate([returns[: max(0, begin - purge)], returns[end + purge :]])
        if end - begin > 1 and len(train) > 1:
            found.append(_fold(returns, train, begin, end))
    return found


def _fold(returns: "Matrix", train: "Matrix", begin: int, end: int) -> Fold:
    ratios = sharpe(train)
    best = int(ratios.argmax())
    return Fold(begin, end, best, float(ratios[best]), float(sharpe(returns[begin:end])[best]))


@dataclass(frozen=True)
class Drawn:
    """Percentiles 5, 50 and 95 of what came out. ``loss``: share of draws that ended below where they began."""

    total: tuple[float, float, float]
    fall: tuple[float, float, float]
    loss: float


def drawn(trades: Sequence[float], seed: int, draws: int = 2_000) -> Drawn | None:
    """The same number of trades, drawn again and again from those that there were: what they earn, and how far they
    fall from a peak; shares of the equity at the beginning. None without trades."""
    import numpy as np

    if not trades:
        return None
    rng = np.random.default_rng(seed)
    picked = rng.choice(np.asarray(trades), size=(draws, len(trades)))
    curves = np.concatenate([np.zeros((draws, 1)), picked.cumsum(axis=1)], axis=1)
    falls = (curves - np.maximum.accumulate(curves, axis=1)).min(axis=1)
    ends = curves[:, -1]
    total, fall = (np.percentile(each, (5, 50, 95)) for each in (ends, falls))
    return Drawn(tuple(map(float, total)), tuple(map(float, fall)), float((ends < 0).mean()))  # type: ignore[arg-type]  # of three
