"""The shell's clock: the one place where time is read. The kernel learns it from events only."""

import time


class Clock:
    """ns UTC that never decreases, whatever is done to the machine's clock.

    Where the machine's clock is behind what was said before (it was ahead for a while, in this run or in the one
    before), time goes on at half its pace until they meet: if it stood still, no timer would fire, so no position would
    be sold for its age and no denied entry be tried again.
    """

    def __init__(self, least: int = 0) -> None:
        self._last = least
        self._beat = time.monotonic_ns()

    def __call__(self) -> int:
        beat = time.monotonic_ns()
        self._last = max(time.time_ns(), self._last + (beat - self._beat) // 2)
        self._beat = beat
        return self._last
