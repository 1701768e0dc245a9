"""The time, which tests set."""

import time
from typing import Protocol

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


class Clock(Protocol):
    """Says what time it is: `int` nanoseconds UTC."""

    def now(self) -> int: ...


class WallClock:
    """The machine's own."""

    def now(self) -> int:
        return time.time_ns()


def iso(at: int) -> str:
    """A time for machines, to the second, such as ``2026-01-31T09:30:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at // SECOND))


def day(at: int) -> str:
    """A time for people: ``31 January 2026``."""
    then = time.gmtime(at // SECOND)
    return f"{then.tm_mday} {_MONTHS[then.tm_mon - 1]} {then.tm_year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
