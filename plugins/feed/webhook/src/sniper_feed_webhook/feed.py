"""The server that takes posts, and the signals that came of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from sniper.errors import ConfigError
from sniper.events import Event, SignalHeard
from sniper.feed import Feed, FeedContext
from sniper_feed_webhook.config import WebhookConfig
from sniper_feed_webhook.door import Door
from sniper_feed_webhook.errors import Refused, TooMany
from sniper_feed_webhook.secret import read_secrets

MOST_WAITING: Final = 1_000
"""Signals that the kernel has not taken yet; more are turned away."""
READ_S: Final = 5.0
SHUTDOWN_S: Final = 0.5
TELL_S: Final = 60.0
SOCKET_MODE: Final = 0o660
TIMESTAMP, SIGNATURE = "X-Sniper-Timestamp", "X-Sniper-Signature"

_log = structlog.get_logger(__name__)


class Webhook(Feed):
    """``port``: where it listens, once it does; 0 for a socket. ``refused``: posts since that was told last, by
    status."""

    config: WebhookConfig

    def __init__(self, config: WebhookConfig, context: FeedContext) -> None:
        super().__init__(config, context)
        secrets = read_secrets({name: sender.secret_file for name, sender in config.senders.items()})
        self._door = Door(context.name, config, secrets)
        self._heard: asyncio.Queue[SignalHeard] = asyncio.Queue(MOST_WAITING)
        self.port = 0
        self.refused: Counter[int] = Counter()

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """As `Feed.events`. Raises `ConfigError` where it cannot listen."""
        app = web.Application(client_max_size=self.config.max_bytes)
        app.add_routes([web.post("/{sender}", self._post)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, keepalive_timeout=READ_S)
        await runner.setup()
        try:
            await self._listen(runner)
            yield []
            while True:
                batch = await self._next()
                self._tell()
                yield batch
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        listen = self.config.listen
        path = listen.removeprefix("unix:")
        try:
            if path != listen:
                await web.UnixSite(runner, path).start()
                Path(path).chmod(SOCKET_MODE)  # noqa: ASYNC240  (once, on a local path)
            else:
                host, _, port = listen.rpartition(":")
                await web.TCPSite(runner, host.strip("[]"), int(port)).start()
                self.port = runner.addresses[0][1]
        except OSError as error:
            raise ConfigError(f"listen {listen} cannot be used: {error.strerror}; set it to another place") from error

    async def _next(self) -> list[Event]:
        """All that waits; nothing, where nothing came for a while."""
        found: list[Event] = []
        try:
            async with asyncio.timeout(TELL_S):
                found.append(await self._heard.get())
        except TimeoutError:
            return found
        while not self._heard.empty():
            found.append(self._heard.get_nowait())
        return found

    def _tell(self) -> None:
        if self.refused:
            by_status = {str(status): count for status, count in sorted(self.refused.items())}
            _log.warning("posts were refused", feed=self.context.name, by_status=by_status)
            self.refused.clear()

    async def _post(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(READ_S):
                body = await request.read()
        except TimeoutError:
            return self._refuse(408, f"the body did not come within {READ_S:g} s")
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(413, f"the body is larger than {self.config.max_bytes} bytes")
        if self._heard.full():
            return self._refuse(503, "too much is waiting", retry_s=1)
        try:
            heard, is_news = self._door.admit(
                request.match_info["sender"],
                body,
                request.headers.get(TIMESTAMP, ""),
                request.headers.get(SIGNATURE, ""),
                self.context.now(),
                asyncio.get_running_loop().time(),
            )
        except Refused as error:
            return self._refuse(error.status, str(error), retry_s=error.retry_s if isinstance(error, TooMany) else 0)
        if is_news:
            self._heard.put_nowait(heard)
        return web.json_response({"id": heard.id, "repeated": not is_news}, status=202 if is_news else 200)

    def _refuse(self, status: int, reason: str, *, retry_s: int = 0) -> web.Response:
        self.refused[status] += 1
        headers = {"Retry-After": str(retry_s)} if retry_s else {}
        return web.json_response({"error": reason}, status=status, headers=headers)
