"""When to look for new blocks: announcements of a subscription where an endpoint offers one, else by the clock."""

import asyncio
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import structlog

from sniper.errors import RpcError, WrongChain
from sniper.evm.rpc import Endpoints

RESUBSCRIBE_S = 5.0
SILENCE_S = 15.0
"""A subscription that says nothing for so long is not relied upon until it speaks again."""
CANCEL_S = 0.5

_log = structlog.get_logger(__name__)


class Heads:
    """Announcements are hints: only the newest is kept, and what it says is asked for again."""

    def __init__(self, endpoints: Endpoints, poll_s: float) -> None:
        self._endpoints = endpoints
        self._poll_s = poll_s
        self._subscriber: asyncio.Task[None] | None = None
        self._speaking = False
        self._newest: Any = None
        self._noticed = asyncio.Event()

    async def __aenter__(self) -> Self:
        if any(not endpoint.url.startswith("http") for endpoint in self._endpoints.endpoints):
            self._subscriber = asyncio.create_task(self._subscribe())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._subscriber is not None and not self._subscriber.done():
            self._subscriber.cancel()  # again where a library took the first one for its own
            await asyncio.wait([self._subscriber], timeout=CANCEL_S)

    async def next(self) -> Any:
        """The newest announced head (JSON), or None: time to look. Raises `WrongChain`."""
        patience = max(SILENCE_S, self._poll_s) if self._speaking else self._poll_s
        try:
            async with asyncio.timeout(patience):
                await self._noticed.wait()
        except TimeoutError:
            self._speaking = False
        if self._subscriber is not None and self._subscriber.done():
            self._subscriber.result()
        self._noticed.clear()
        newest, self._newest = self._newest, None
        return newest

    async def _subscribe(self) -> None:
        try:
            while True:
                try:
                    async with aclosing(self._endpoints.subscriptions(("newHeads",))) as announcements:
                        async for _, self._newest in announcements:
                            self._speaking = True
                            self._noticed.set()
                except WrongChain:
                    raise
                except RpcError as error:
                    _log.info("subscription lost, polling", chain_id=self._endpoints.chain_id, error=str(error))
                self._speaking, self._newest = False, None
                self._noticed.set()
                await asyncio.sleep(RESUBSCRIBE_S)
        finally:
            self._noticed.set()
