from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sniper_feed_pending_pool import sniper_feeds
from sniper_feed_pending_pool.feed import PendingPool
from sniper_sdk import FeedConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-feed-pending-pool"


class TestPendingPool(FeedConformance):
    emits = sniper_feeds()[0].emits

    @pytest.fixture
    def make_feed(self, chain: Any, readers: Any) -> Callable[[Any], PendingPool]:
        def made(resume: Any) -> PendingPool:
            reader = readers(chain.ws_url)
            reader.context.resume = resume
            feed: PendingPool = reader.feed
            return feed

        return made

    @pytest.fixture
    def produce(self, chain: Any) -> Callable[[], Awaitable[None]]:
        async def produced() -> None:
            chain.create_pair()
            chain.mine()

        return produced
