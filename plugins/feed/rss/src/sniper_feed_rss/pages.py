"""Web pages that tell news."""

import asyncio
from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

import aiohttp

from sniper.errors import SniperError
from sniper.events import SignalHeard
from sniper.feed import FeedContext
from sniper_feed_rss.polling import Polling
from sniper_feed_rss.web import Page


class Pages(Polling):
    """``pages``: by the names of the sources."""

    def __init__(self, config: Any, context: FeedContext, pages: Mapping[str, Page]) -> None:  # Any: as in `Polling`
        super().__init__(config, context)
        self._pages = pages
        self._session: aiohttp.ClientSession | None = None

    @abstractmethod
    def news(self, source: str, body: bytes, now: int) -> list[SignalHeard]:
        """What is new in a page. In a thread. Raises `sniper_feed_rss.errors.BadDocument`."""

    def sources(self) -> Collection[str]:
        """As `Polling.sources`."""
        return self._pages.keys()

    async def look(self, source: str) -> list[SignalHeard]:
        """As `Polling.look`."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        page = self._pages[source]
        try:
            body = await page.read(self._session)
            return [] if body is None else await asyncio.to_thread(self.news, source, body, self.context.now())
        except SniperError:
            page.forget()
            raise

    async def close(self) -> None:
        """As `Polling.close`."""
        if self._session is not None:
            await self._session.close()
