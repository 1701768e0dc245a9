"""Questions that were asked before, or are being asked: nobody has to answer them again."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

ENTRY: Final = 400
"""Bytes that an answer takes besides its own: question, hash, and place in the table. Most answers are shorter."""


class Answers:
    """Answers, by their question; the ones that were used longest ago are forgotten above ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self.size = 0

    def get(self, question: Hashable) -> bytes | None:
        answer = self._kept.get(question)
        if answer is not None:
            self._kept.move_to_end(question)
        return answer

    def put(self, question: Hashable, answer: bytes) -> None:
        before = self._kept.pop(question, None)
        self.size += len(answer) + ENTRY - (0 if before is None else len(before) + ENTRY)
        self._kept[question] = answer
        while self.size > self._most:
            _, oldest = self._kept.popitem(last=False)
            self.size -= len(oldest) + ENTRY


class Shared(Generic[T]):
    """Equal questions that are asked while one is being answered share its answer. When nobody waits for it any more,
    it is given up."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}
        self._waiting: dict[asyncio.Task[T], int] = {}

    async def run(self, question: Hashable, answer: Callable[[], Awaitable[T]]) -> T:
        """What ``answer`` gives, or gave whoever asked first. Raises what it raises."""
        task = self._tasks.get(question)
        if task is None:
            self._tasks[question] = task = asyncio.ensure_future(_awaited(answer))
            task.add_done_callback(lambda done: self._forget(question, done))
        self._waiting[task] = self._waiting.get(task, 0) + 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[task] -= 1
            if not self._waiting[task]:
                del self._waiting[task]
                if not task.done():
                    self._forget(question, task)
                    task.cancel()

    def _forget(self, question: Hashable, task: "asyncio.Task[T]") -> None:
        if self._tasks.get(question) is task:
            del self._tasks[question]
        if task.done() and not task.cancelled():
            task.exception()  # where nobody waits any more, nobody misses it

    async def close(self) -> None:
        """Give up all that is being answered."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _awaited(answer: Callable[[], Awaitable[T]]) -> T:
    return await answer()
