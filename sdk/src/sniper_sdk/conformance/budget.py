"""A deadline that does not depend on the machine: the lines of Python that a call executes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StepsExceeded(BaseException):
    """Raised inside of code that executes more lines than allowed. No `Exception`: plugins must not catch it."""


class Steps:
    """``taken``: lines executed so far."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0


@contextmanager
def step_budget(most: int) -> Iterator[Steps]:
    """Count the lines of Python in the functions that the body calls; raise `AssertionError` above ``most``.

    Lines rather than seconds: a slow machine fails nobody, and an endless loop ends. Time inside of C is not seen.
    """
    steps = Steps(most)

    def line(frame: FrameType, event: str, argument: Any) -> Any:  # Any: as sys.settrace has it
        if event == "line":
            steps.taken += 1
            if steps.taken > most:
                raise StepsExceeded
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        yield steps
    except StepsExceeded:
        raise AssertionError(
            f"executed more than {most} lines of Python for one call: the kernel has one thread, and everything waits "
            "for it; do less for each event, or raise max_steps where this is really needed"
        ) from None
    finally:
        sys.settrace(before)
