"""When one endpoint may be asked: its rate budget and its back-off. Pure: time comes as an argument, in seconds."""

import random
from typing import Final

__all__ = ["Backoff", "TokenBucket"]

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 30.0


class TokenBucket:
    """``rate`` requests a second on average, ``burst`` at once. A batch costs one token per request, as providers bill.

    What is larger than the bucket may leave when it is full and puts it into debt, so it is delayed, never stuck.
    """

    def __init__(self, rate: float, burst: int) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError(f"a rate budget needs rate > 0 and burst >= 1, got {rate} and {burst}")
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at = 0.0

    def wait(self, cost: int, now: float) -> float:
        """Seconds until ``cost`` requests may leave; 0 when they may now."""
        return max(0.0, (min(cost, self.burst) - self._level(now)) / self.rate)

    def take(self, cost: int, now: float) -> None:
        """Spend, even into debt: whoever cannot wait is paid for by those who can."""
        self._tokens = self._level(now) - cost
        self._at = now

    def _level(self, now: float) -> float:
        return min(float(self.burst), self._tokens + max(0.0, now - self._at) * self.rate)


class Backoff:
    """Doubling pauses after consecutive failures, each between half and the whole of its length at random, so that
    many clients of a recovering node do not return at the same moment."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.failures = 0
        self.failed_at = float("-inf")
        self.until = 0.0

    def failed(self, asked: float, now: float, *, lasting: bool = False) -> None:
        """``asked``: when what failed was asked. What was under way at the last failure fails with it and says nothing
        new: a connection that breaks is one failure, whatever it carried.
        ``lasting``: this will not heal by itself soon (a wrong chain), so take the longest pause at once."""
        if asked < self.failed_at and not lasting:
            return
        self.failures += 1
        self.failed_at = now
        longest = LONGEST_PAUSE if lasting else min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self.failures - 1, 16))
        self.until = now + longest * self._rng.uniform(0.5, 1.0)

    def succeeded(self) -> None:
        self.failures = 0
        self.until = 0.0
