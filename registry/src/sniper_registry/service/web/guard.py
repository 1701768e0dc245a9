"""What every request passes: a cap on its body, the origin of forms, and headers that let a page do next to nothing."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sniper_registry.service.errors import UploadTooLarge

LARGEST_FORM = 256 << 10
"""Bytes of a request's body, but for an upload."""
UPLOADS = "/api/1/uploads/"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Guard:
    """Around the whole application. ``origin``: the only one whose forms are taken."""

    def __init__(self, app: ASGIApp, origin: str, largest_upload: int) -> None:
        self._app, self._origin, self._largest_upload = app, origin, largest_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path: str = scope["path"]
        guarded = self._guarded(path, send)
        most = self._largest_upload if path.startswith(UPLOADS) else LARGEST_FORM
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > most:
            await PlainTextResponse(f"at most {most} bytes are taken\n", 413)(scope, receive, guarded)
        elif "\0" in path or b"%00" in scope["query_string"]:  # no name holds one, and no database keeps one
            await PlainTextResponse("an address holds no NUL\n", 400)(scope, receive, guarded)
        elif scope["method"] not in ("GET", "HEAD") and not path.startswith("/api/") and not self._ours(headers):
            # A browser says where a form came from. Programs use the interface, which takes no cookies.
            await PlainTextResponse("this form did not come from our own page\n", 403)(scope, receive, guarded)
        else:
            await self._app(scope, _capped(receive, most), guarded)

    def _ours(self, headers: Headers) -> bool:
        return headers.get("origin") == self._origin

    def _guarded(self, path: str, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                if not path.startswith("/static/"):
                    headers["Cache-Control"] = "no-store" if "set-cookie" in headers else "private, no-cache"
                if self._origin.startswith("https://"):
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        return guarded


def _capped(receive: Receive, most: int) -> Receive:
    """Where no length was announced, bytes are counted as they come."""
    taken = 0

    async def capped() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise UploadTooLarge(f"at most {most} bytes are taken")
        return message

    return capped
