"""What a webhook is handed by the runtime, and senders that post to it."""

import asyncio
import hmac
import json
from hashlib import sha256
from typing import Any

import aiohttp

from sniper.events import Event
from sniper.types import SECOND
from sniper_feed_webhook.feed import SIGNATURE, TIMESTAMP, Webhook

NOW = 1_800_000_000
"""s UTC, when the context's clock begins."""


class Context:
    """What the runtime would hand over. ``time``: ns UTC, moved by the tests alone."""

    name = "webhook"
    chain_id = 0
    endpoints = None
    subscriptions: tuple[Any, ...] = ()
    resume = None

    def __init__(self) -> None:
        self.time = NOW * SECOND

    def now(self) -> int:
        return self.time

    def watched(self) -> frozenset[str]:
        return frozenset()

    own = watched


class Hook:
    """A webhook that is read as the runtime reads one, and how to post to it."""

    def __init__(self, feed: Webhook, client: aiohttp.ClientSession, secrets: dict[str, str]) -> None:
        self.feed = feed
        self.client = client
        self.secrets = secrets
        self.heard: asyncio.Queue[Event] = asyncio.Queue()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.feed.port}" if self.feed.port else "http://webhook"

    async def post(
        self, content: object, *, sender: str = "desk", at: int | None = None, **headers: str | None
    ) -> tuple[int, Any]:
        """Signed by the sender, at its time, unless ``headers`` say otherwise. The status and the body's JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        timestamp = str(self.feed.context.now() // SECOND if at is None else at)
        sent = {TIMESTAMP: timestamp, SIGNATURE: self.sign(sender, timestamp, body), **headers}
        async with self.client.post(
            f"{self.base}/{sender}", data=body, headers={k: v for k, v in sent.items() if v is not None}
        ) as answer:
            return answer.status, await answer.json()

    def sign(self, sender: str, timestamp: str, body: bytes) -> str:
        return self.signature(self.secrets.get(sender, "nobody's"), timestamp, body)

    @staticmethod
    def signature(secret: str, timestamp: str, body: bytes) -> str:
        return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            return await self.heard.get()
