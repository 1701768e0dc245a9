"""The shell's clock: the one place where time is read. The kernel learns it from events only."""

import time


class Clock:
    """ns UTC that never decreases, whatever is done to the machine's clock."""

    def __init__(self, least: int = 0) -> None:
        self._last = least

    def __call__(self) -> int:
        now = time.time_ns()
        if now < self._last:
            return self._last
        self._last = now
        return now
