"""Questions that are asked in the same moment travel as one batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from sniper.evm.endpoint import NodeError, Request

Asked: TypeAlias = tuple[Request, asyncio.Future[Any]]
"""Any: a result as JSON."""


class Gathering:
    """What is asked before the event loop comes round again is one exchange with a node."""

    def __init__(
        self,
        call: Callable[[str, Sequence[Any]], Awaitable[Any]],
        batch: Callable[[Sequence[Request]], Awaitable[list[Any | NodeError]]],
    ) -> None:
        """See `sniper.evm.rpc.Endpoints`, whose methods these are."""
        self._call = call
        self._batch = batch
        self._waiting: list[Asked] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, method: str, params: Sequence[Any]) -> Any:
        """As `sniper.evm.rpc.Endpoints.call`."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._depart)
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(((method, params), answer))
        return await answer

    def _depart(self) -> None:
        task = asyncio.create_task(self._exchange(self._waiting))
        self._waiting = []
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _exchange(self, asked: list[Asked]) -> None:
        alone = asked
        if len(asked) > 1:
            try:
                results = await self._batch([request for request, _ in asked])
            except Exception:  # one of them may take too long for a node, or not even be JSON: each finds out alone
                alone = asked
            else:
                alone = [each for each, result in zip(asked, results, strict=True) if not _settled(each[1], result)]
        await asyncio.gather(*(self._alone(*each) for each in alone))

    async def _alone(self, request: Request, answer: asyncio.Future[Any]) -> None:
        try:
            result = await self._call(*request)
        except Exception as error:
            result = error
        if answer.done():
            return  # who asked has given up
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)


def _settled(answer: asyncio.Future[Any], result: Any | NodeError) -> bool:
    """Whether no other node could do better: this one may only lack what it was asked for."""
    if isinstance(result, NodeError) and not result.execution_failed:
        return False
    if answer.done():
        return True
    if isinstance(result, NodeError):
        answer.set_exception(result)
    else:
        answer.set_result(result)
    return True
