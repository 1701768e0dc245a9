"""Sources that are asked again and again, each at its own pace, and none held up by another."""

import asyncio
import random
from abc import abstractmethod
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Final

import structlog

from sniper.errors import SniperError, said
from sniper.events import Event, SignalHeard, fields_of
from sniper.feed import Feed, FeedContext
from sniper_feed_rss.errors import BadAnswer

LONGEST_PAUSE_S: Final = 1_800.0
MOST_WAITING: Final = 64

_log = structlog.get_logger(__name__)


class Polling(Feed):
    """Looks at sources, and tells what is new. ``failing``: those that gave nothing at the last look, and why."""

    def __init__(self, config: Any, context: FeedContext) -> None:  # Any: the config of a subclass, with ``poll_s``
        super().__init__(config, context)
        self.failing: dict[str, str] = {}
        self._batches: asyncio.Queue[Sequence[SignalHeard]] = asyncio.Queue(MOST_WAITING)
        self._random = random.Random()

    @abstractmethod
    def sources(self) -> Collection[str]:
        """Their names."""

    @abstractmethod
    async def look(self, source: str) -> list[SignalHeard]:
        """What is new there; one look at a time for a source. Raises `SniperError` where it gives nothing."""

    async def close(self) -> None:
        """Let go of what looking needed."""

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """As `Feed.events`: an empty batch for a look that brought nothing new."""
        looking = [asyncio.create_task(self._follow(source)) for source in self.sources()]
        waiting = asyncio.create_task(self._batches.get())
        try:
            while True:
                done, _ = await asyncio.wait({waiting, *looking}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {waiting}:
                    task.result()  # none ends but by an error
                now, batch = self.context.now(), waiting.result()
                waiting = asyncio.create_task(self._batches.get())
                yield [_at(now, heard) for heard in batch]
        finally:
            for task in (*looking, waiting):
                task.cancel()
            await asyncio.gather(*looking, waiting, return_exceptions=True)
            await self.close()

    async def _follow(self, source: str) -> None:
        failures = 0
        while True:
            pause = self.config.poll_s
            try:
                found = await self.look(source)
            except SniperError as error:
                failures += 1
                self._failed(source, error)
                pause = min(LONGEST_PAUSE_S, pause * 2 ** min(failures, 16))
                pause = max(pause, error.retry_s if isinstance(error, BadAnswer) else 0.0)
            else:
                failures = 0
                if self.failing.pop(source, None):
                    _log.info("a source is there again", feed=self.context.name, source=source)
                await self._batches.put(found)
            await asyncio.sleep(pause * self._random.uniform(0.9, 1.1))

    def _failed(self, source: str, error: Exception) -> None:
        """Told once for each reason in a row: the address stays out, for some hold what only you should know."""
        reason = said(error)
        if self.failing.get(source) != reason:
            _log.warning("a source gives nothing", feed=self.context.name, source=source, reason=reason)
        self.failing[source] = reason


def _at(now: int, heard: SignalHeard) -> SignalHeard:
    """Known when it is handed on: another source may have been read meanwhile."""
    return SignalHeard(**{name: getattr(heard, name) for name in fields_of(SignalHeard)} | {"time": now})
