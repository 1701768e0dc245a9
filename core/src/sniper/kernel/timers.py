"""Timers: a heap of deadlines. Setting a key again replaces it; what was replaced stays in the heap and is skipped."""

from collections.abc import Container
from heapq import heappop, heappush
from typing import NamedTuple


class Owner(NamedTuple):
    """Who set a timer: a strategy instance, or (``token`` and ``exit`` given) an exit of one of its positions."""

    account: str
    instance: str
    token: str = ""
    exit: str = ""


class Timers:
    """All timers of the kernel, fired in the order of their deadlines, then of their being set."""

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, Owner, str]] = []
        """(deadline, order of setting, owner, key), the earliest first; some of them were replaced or dropped since."""
        self._current: dict[tuple[Owner, str], int] = {}
        self._count = 0

    def set(self, owner: Owner, key: str, at: int) -> None:
        """Fire ``key`` of ``owner`` at ``at`` (ns UTC)."""
        self._count += 1
        self._current[owner, key] = self._count
        heappush(self.heap, (at, self._count, owner, key))

    def has(self, owner: Owner, key: str) -> bool:
        """Whether it is set and has not fired."""
        return (owner, key) in self._current

    def next_at(self) -> int | None:
        """The earliest deadline, replaced ones included."""
        return self.heap[0][0] if self.heap else None

    def due(self, now: int) -> tuple[int, Owner, str] | None:
        """Take the earliest timer whose deadline is not after ``now``: deadline, owner, key."""
        heap = self.heap
        while heap and heap[0][0] <= now:
            at, count, owner, key = heappop(heap)
            if self._current.get((owner, key)) == count:
                del self._current[owner, key]
                return at, owner, key
        return None

    def drop(self, account: str, tokens: Container[str]) -> None:
        """Forget the timers of these positions' exits."""
        for owner, key in [k for k in self._current if k[0].account == account and k[0].token in tokens]:
            del self._current[owner, key]

    def dump(self) -> list[tuple[int, Owner, str]]:
        """What is set, in firing order."""
        return [
            (at, owner, key) for at, count, owner, key in sorted(self.heap) if self._current.get((owner, key)) == count
        ]
