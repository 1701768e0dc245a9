"""Generated markets: bars of an hour from integers alone, the same on every machine.

None of them is a real market. A random walk has nothing to earn: what earns there was lucky. Trends and returns to a
mean have something to earn, for a rule that is about them. Crashes fall in hours and have gaps.

Several instruments of one market move together: half of the variance of each is common to all. They crash at once, and
their trends and their means are their own.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
"""Rises with every change of what is generated: results of another version are not comparable."""
MODELS: Final = ("random-walk", "trends", "mean-reverting", "crashes")
HOUR: Final = 3_600
BEGIN: Final = 1_704_067_200
"""2024-01-01T00:00:00Z: of the first bar."""
FIRST: Final = 100_000
"""Of prices, in ticks."""
STEPS: Final = 8
"""Moves of the price within a bar."""
MILLION: Final = 1_000_000
_MASK: Final = (1 << 64) - 1


_SHARE: Final = 7
"""Tenths of a common and of an own move that make one: 0.7² + 0.7² is 0.98, so it is about as wide as either."""


@dataclass(frozen=True)
class Bar:
    """``time``: of its open, seconds UTC. Prices are ticks, ``volume`` lots."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int


def seed_of(sha256: str, model: str, number: int) -> int:
    """The seed of market ``number`` of a model for the wheel of that hash: 64 bits."""
    return _seed(f"sniper-markets/{VERSION}:{sha256}:{model}:{number}")


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def bars(model: str, seed: int, count: int) -> Iterator[Bar]:
    """``count`` bars. Raises `ValueError` for a model that is none."""
    if model not in MODELS:
        raise ValueError(f"{model!r} is none of {', '.join(MODELS)}")
    draw = _Draw(seed)
    price, drift, time = FIRST, 0, BEGIN
    for _ in range(count):
        if model == "trends" and (draw.below(150) == 0 or drift == 0):
            drift = (400 + draw.below(800)) * (1 if draw.below(2) else -1)
        if model == "crashes":
            drift = drift * 9 // 10
            if draw.below(400) == 0:
                drift = -9_000
                time += HOUR * draw.below(4)  # nothing is traded for a while
        path = [price]
        for _ in range(STEPS):
            pull = (FIRST - path[-1]) * 4_000 // FIRST if model == "mean-reverting" else 0
            move = draw.bell(1_800) + drift // STEPS + pull
            path.append(max(10, path[-1] + (path[-1] * move + MILLION // 2) // MILLION))  # to the nearest tick
        yield Bar(time, path[0], max(path), min(path), path[-1], 50_000 + draw.below(100_000))
        price = path[-1]
        time += HOUR


def together(model: str, seed: int, count: int, instruments: int) -> list[list[Bar]]:
    """``count`` bars of each of several instruments, which open at the same times. One alone is what `bars` gives.
    Raises `ValueError` for a model that is none."""
    if instruments == 1:
        return [list(bars(model, seed, count))]
    if model not in MODELS:
        raise ValueError(f"{model!r} is none of {', '.join(MODELS)}")
    common = _Draw(seed)
    own = [_Draw(_seed(f"sniper-markets/{VERSION}:{seed}:instrument:{number}")) for number in range(instruments)]
    prices, drifts, time = [FIRST] * instruments, [0] * instruments, BEGIN
    found: list[list[Bar]] = [[] for _ in own]
    for _ in range(count):
        if model == "trends":
            for number, draw in enumerate(own):
                if draw.below(150) == 0 or drifts[number] == 0:
                    drifts[number] = (400 + draw.below(800)) * (1 if draw.below(2) else -1)
        if model == "crashes":
            drifts = [drift * 9 // 10 for drift in drifts]
            if common.below(400) == 0:
                drifts = [-9_000] * instruments
                time += HOUR * common.below(4)  # nothing is traded for a while
        shared = [common.bell(1_800) for _ in range(STEPS)]
        for number, draw in enumerate(own):
            path = [prices[number]]
            for step in shared:
                pull = (FIRST - path[-1]) * 4_000 // FIRST if model == "mean-reverting" else 0
                move = (_SHARE * (step + draw.bell(1_800)) + 5) // 10 + drifts[number] // STEPS + pull
                path.append(max(10, path[-1] + (path[-1] * move + MILLION // 2) // MILLION))
            bar = Bar(time, path[0], max(path), min(path), path[-1], 50_000 + draw.below(100_000))
            found[number].append(bar)
            prices[number] = path[-1]
        time += HOUR
    return found


def csv(found: Iterable[Bar]) -> str:
    """As ``sniper data import --as bars`` takes it, with prices of two and sizes of three decimals."""
    rows = ["time,open,high,low,close,volume"]
    for each in found:
        prices = ",".join(_decimal(value, 2) for value in (each.open, each.high, each.low, each.close))
        rows.append(f"{each.time},{prices},{_decimal(each.volume, 3)}")
    return "\n".join(rows) + "\n"


def _decimal(value: int, places: int) -> str:
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}}"


class _Draw:
    """SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014)."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, end: int) -> int:
        return (self._next() * end) >> 64

    def bell(self, width: int) -> int:
        """About normal, around zero: the sum of four even draws, each up to ``width`` on either side."""
        return sum(self.below(2 * width + 1) for _ in range(4)) - 4 * width
