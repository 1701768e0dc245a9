from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sniper_feed_evm_logs import sniper_feeds
from sniper_feed_evm_logs.feed import EvmLogs
from sniper_sdk import FeedConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-feed-evm-logs"


class TestEvmLogs(FeedConformance):
    emits = sniper_feeds()[0].emits

    @pytest.fixture
    def make_feed(self, chain: Any, readers: Any) -> Callable[[Any], EvmLogs]:
        def made(resume: Any) -> EvmLogs:
            reader = readers(chain.ws_url)
            reader.context.resume = resume
            feed: EvmLogs = reader.feed
            return feed

        return made

    @pytest.fixture
    def produce(self, chain: Any) -> Callable[[], Awaitable[None]]:
        async def produced() -> None:
            for number in range(3):
                chain.emit(0, 1, number, tip=(number + 1) * 10**9)
            chain.mine()

        return produced
