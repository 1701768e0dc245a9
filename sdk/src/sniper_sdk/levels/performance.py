"""How long calls of a plugin take, in a unit that is the same on every machine."""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter_ns
from typing import Final

_REPEATS: Final = 5
_MOST_CALLS: Final = 200


def calibration_loop() -> int:
    """The unit: 1,000 rounds of integer arithmetic and a dict, what plugins mostly do."""
    table: dict[int, int] = {}
    total = 1
    for n in range(1000):
        total = (total * 31 + n) & 0xFFFFFFFF
        table[n & 63] = total
    return total


def loops_per_call(made: Callable[[], Sequence[Callable[[], object]]]) -> float | None:
    """The median call, in calibration loops: the best of a few repetitions, for others may use the machine, too.

    made  Gives the calls anew, in the order in which they are made; a call may change what the next one does.
    Returns None where there is none.
    """
    best: float | None = None
    for _ in range(_REPEATS):
        calls = made()[:_MOST_CALLS]
        if not calls:
            return None
        units, times = [], []
        for number, call in enumerate(calls):
            if number % 10 == 0:
                units.append(_timed(calibration_loop))
            times.append(_timed(call))
        found = median(times) / median(units)
        best = found if best is None else min(best, found)
    return best


def _timed(call: Callable[[], object]) -> int:
    begun = perf_counter_ns()
    call()
    return perf_counter_ns() - begun
