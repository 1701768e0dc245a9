"""A running webhook on the loopback interface."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sniper_feed_webhook.config import WebhookConfig
from sniper_feed_webhook.feed import Webhook

sys.path.insert(0, str(Path(__file__).parent))  # the importlib mode does not find what stands beside it
from running_webhook import Context, Hook


@pytest.fixture
def secrets() -> dict[str, str]:
    return {name: letter * 40 for name, letter in {"desk": "d", "other": "o", "charts": "c"}.items()}


@pytest.fixture
def config(tmp_path: Path, secrets: dict[str, str]) -> dict[str, Any]:
    senders: dict[str, dict[str, str]] = {}
    for name, secret in secrets.items():
        path = tmp_path / f"{name}.secret"
        path.write_text(secret + "\n")
        path.chmod(0o600)
        senders[name] = {"secret_file": str(path)}
    senders["charts"] |= {"format": "tradingview", "authenticates": "token"}
    return {"listen": "127.0.0.1:0", "senders": senders}


@pytest.fixture
def hooks(config: dict[str, Any], secrets: dict[str, str]) -> Callable[..., Any]:
    @asynccontextmanager
    async def running(**options: Any) -> AsyncIterator[Hook]:
        feed = Webhook(WebhookConfig.model_validate({**config, **options}), Context())
        listen = feed.config.listen
        connector = aiohttp.UnixConnector(listen[5:]) if listen.startswith("unix:") else None
        ready = asyncio.Event()
        async with aiohttp.ClientSession(connector=connector) as client:
            hook = Hook(feed, client, secrets)

            async def read() -> None:
                async for batch in feed.events():
                    ready.set()
                    for event in batch:
                        hook.heard.put_nowait(event)

            reading = asyncio.create_task(read())
            reading.add_done_callback(lambda _: ready.set())
            await ready.wait()
            try:
                if reading.done():
                    await reading
                yield hook
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    return running
