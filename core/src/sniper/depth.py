"""How deep what strangers send may be nested."""

import sys
from typing import Final

DEEPEST: Final = 5_000
"""Most calls within calls. What is nested deeper raises when it is read. Python's own limit is lower, but libraries
raise it for the whole process (py_ecc to 100,000), and then 60 kB of opened brackets end it: a stack of 8 MiB is over
at about 20,000."""


def hold() -> None:
    """To be called before anything is read that a stranger made."""
    if sys.getrecursionlimit() > DEEPEST:
        sys.setrecursionlimit(DEEPEST)
