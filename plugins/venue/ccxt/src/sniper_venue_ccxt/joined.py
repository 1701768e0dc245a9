"""Several streams as one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def joined(sources: Collection[AsyncIterator[T]]) -> AsyncGenerator[T, None]:
    """What all of them give, each in its order. Ends with the first that ends, and raises what the first raises."""
    queue: asyncio.Queue[tuple[T] | BaseException | None] = asyncio.Queue()

    async def drain(source: AsyncIterator[T]) -> None:
        try:
            async for each in source:
                queue.put_nowait((each,))
            queue.put_nowait(None)
        except Exception as error:
            queue.put_nowait(error)

    tasks = [asyncio.create_task(drain(source)) for source in sources]
    try:
        while (item := await queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
