from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import aiohttp
import pytest
from running_webhook import Context, Hook

from sniper_feed_webhook import sniper_feeds
from sniper_feed_webhook.config import WebhookConfig
from sniper_feed_webhook.feed import Webhook
from sniper_sdk import FeedConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-feed-webhook"


class TestWebhook(FeedConformance):
    emits = sniper_feeds()[0].emits

    @pytest.fixture
    def made(self) -> list[Webhook]:
        return []

    @pytest.fixture
    def make_feed(self, config: dict[str, Any], made: list[Webhook]) -> Callable[[Any], Webhook]:
        def make(resume: Any) -> Webhook:
            made.append(Webhook(WebhookConfig.model_validate(config), Context()))
            return made[-1]

        return make

    @pytest.fixture
    async def produce(
        self, made: list[Webhook], secrets: dict[str, str]
    ) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        numbers = count()
        async with aiohttp.ClientSession() as client:

            async def produced() -> None:
                """Before it listens, at its door: as what comes over the network once it does."""
                hook = Hook(made[-1], client, secrets)
                body = b'{"about":["A"],"id":"%d"}' % next(numbers)
                stamp = str(made[-1].context.now() // 10**9)
                now = made[-1].context.now()
                heard, _ = made[-1]._door.admit("desk", body, stamp, hook.sign("desk", stamp, body), now, 1.0)
                made[-1]._heard.put_nowait(heard)

            yield produced
