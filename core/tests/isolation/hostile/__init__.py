"""What a hostile plugin would try. Each attack is a function that raises where it is refused.

The same code runs in a worker, where all fail, and in the open, where all succeed: an attack that works nowhere would
prove nothing. It uses the standard library only.
"""

import ctypes
import os
from collections.abc import Callable
from typing import Any, NamedTuple

Scene = dict[str, Any]
"""What the attacker knows; made by ``theatre.py``, which says what the keys mean."""

libc = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"


class Attack(NamedTuple):
    """group  The module that it stands in.
    story  What it tries, in words.
    run    Returns what it got hold of, or that it is done.
    power  The capability that an attacker needs in the open; "": none, so everybody succeeds there.
    calls  How often it is called; only the last call counts.
    place  Fields of the worker's place that are otherwise.
    """

    group: str
    story: str
    run: Callable[[Scene], object]
    power: str = ""
    calls: int = 1
    place: dict[str, int] = {}


ATTACKS: dict[str, Attack] = {}


def attack(
    story: str, *, power: str = "", calls: int = 1, **place: int
) -> Callable[[Callable[[Scene], object]], Callable[[Scene], object]]:
    def listed(run: Callable[[Scene], object]) -> Callable[[Scene], object]:
        ATTACKS[run.__name__.replace("_", "-")] = Attack(
            run.__module__.rpartition(".")[2], story, run, power, calls, place
        )
        return run

    return listed


def call(x86_64: int, aarch64: int, *arguments: object) -> int:
    """A system call by its number, past everything that Python or libc would check first."""
    found = int(libc.syscall(x86_64 if X86 else aarch64, *arguments))
    return checked(found)


def checked(found: int) -> int:
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return found
