import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sniper_feed_rss.config import RssConfig
from sniper_feed_rss.feed import Rss

sys.path.insert(0, str(Path(__file__).parent))  # the importlib mode does not find what stands beside it
from newspaper import Context, Newspaper, Subscriber, printing


@pytest.fixture
async def paper() -> AsyncIterator[Newspaper]:
    async with printing() as running:
        yield running


@pytest.fixture
def subscribed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A feed on sources, which looks at them without a pause to speak of."""

    @asynccontextmanager
    async def reading(sources: dict[str, dict[str, Any]], **options: Any) -> AsyncIterator[Subscriber]:
        config = RssConfig.model_validate({"sources": sources, "poll_s": 1, **options})
        object.__setattr__(config, "poll_s", 0.01)
        subscriber = Subscriber(Rss(config, Context()))
        try:
            yield subscriber
        finally:
            await subscriber.close()

    return reading
