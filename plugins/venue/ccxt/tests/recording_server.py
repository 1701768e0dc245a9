"""A loopback server that writes down what comes to it, and answers with what it is told to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: str

    @property
    def fields(self) -> dict[str, str]:
        """Of the query and of the body, a form or JSON, as texts."""
        if self.body.startswith("{"):
            raw = msgspec.json.decode(self.body, type=dict[str, msgspec.Raw])
            return {name: bytes(value).decode().strip('"') for name, value in raw.items()}
        return {**self.query, **dict(parse_qsl(self.body))}


@dataclass
class Recorder:
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], web.Response] = lambda request: web.json_response({}, status=503)

    async def handle(self, request: web.Request) -> web.Response:
        seen = Request(request.method, request.path, dict(request.query), (await request.text()))
        self.requests.append(seen)
        return self.answer(seen)

    def to(self, end: str) -> list[Request]:
        return [each for each in self.requests if each.path.endswith(end)]


@asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield recorder
    finally:
        await runner.cleanup()
