"""Work for worker processes, in a module that they can import."""

import ctypes
import os
import time

from sniper.plugin import Frozen


class Pair(Frozen):
    left: int
    right: tuple[str, ...] = ()


def swapped(pair: Pair, times: int = 1) -> Pair:
    return Pair(left=pair.left * times, right=pair.right[::-1])


def whoami(salt: int) -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def fails(text: str) -> int:
    raise ValueError(text)


def leaves() -> int:
    raise SystemExit(3)


def recurses(depth: int) -> int:
    return recurses(depth + 1)


def loops() -> int:
    while True:
        pass


def sleeps(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def hoards() -> int:
    return len(bytearray(1 << 33))


def crashes() -> int:
    return ctypes.string_at(0)[0]


def lies() -> int:
    return "not a number"  # type: ignore[return-value]


def untyped(x):  # type: ignore[no-untyped-def]
    return x
