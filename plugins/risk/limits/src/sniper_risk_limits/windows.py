"""When a window has moved on far enough."""

from collections.abc import Callable

from sniper.risk import Retry

MINUTE = 60 * 10**9


def again_at(now: int, window: int, holds: Callable[[int], bool]) -> Retry | None:
    """When a limit over a window (ns) holds again, in whole minutes from ``now``, if nothing else happens until then;
    None where it does not even hold over nothing. ``holds``: whether it would over a window of so many ns, which is
    what is left of this one after the rest has gone by.

    Where it holds now, that does not matter to anybody. What comes and goes may hold, fail and hold again: then it is
    one of the times from which it holds, not always the first.
    """
    early, late = 0, window // MINUTE + 1
    if not holds(window - late * MINUTE):
        return None
    while late - early > 1:
        middle = (early + late) // 2
        if holds(window - middle * MINUTE):
            late = middle
        else:
            early = middle
    return Retry.at(now + late * MINUTE)
