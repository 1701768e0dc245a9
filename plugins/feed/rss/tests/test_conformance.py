from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from newspaper import Context, Newspaper

from sniper_feed_rss import sniper_feeds
from sniper_feed_rss.config import RssConfig
from sniper_feed_rss.feed import Rss
from sniper_sdk import FeedConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-feed-rss"


class TestRss(FeedConformance):
    emits = sniper_feeds()[0].emits

    @pytest.fixture
    def make_feed(self, paper: Newspaper) -> Callable[[Any], Rss]:
        def make(resume: Any) -> Rss:
            config = RssConfig.model_validate({"sources": {"acme": {"url": paper.url}}, "poll_s": 1})
            object.__setattr__(config, "poll_s", 0.01)
            return Rss(config, Context())

        return make

    @pytest.fixture
    def produce(self, paper: Newspaper) -> Callable[[], Awaitable[None]]:
        numbers = count()

        async def produced() -> None:
            dated = "<pubDate>Fri, 15 Jan 2027 08:00:00 GMT</pubDate>"
            paper.body = f"<rss><item><title>x</title><guid>{next(numbers)}</guid>{dated}</item></rss>".encode()

        return produced
