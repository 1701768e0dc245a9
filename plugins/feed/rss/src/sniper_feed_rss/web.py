"""One web page that is asked again and again, and answers with all of itself only when it has changed."""

from collections.abc import Mapping
from typing import Final

import aiohttp

from sniper.errors import said
from sniper_feed_rss.errors import BadAnswer

_OK, _NOT_MODIFIED = 200, 304
_MOST_RETRY_S: Final = 3_600.0
_AGENT: Final = "sniper"


class Page:
    """Remembers what it was told of its state (RFC 9110, "Conditional Requests"). Follows no redirect: the config says
    which hosts are asked."""

    def __init__(self, url: str, accepts: str, headers: Mapping[str, str], *, max_bytes: int, timeout_s: float) -> None:
        self._url = url
        self._headers = {"User-Agent": _AGENT, "Accept": accepts, **headers}
        self._max_bytes = max_bytes
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._conditions: dict[str, str] = {}

    def forget(self) -> None:
        """What was read last could not be used: ask for all of it again."""
        self._conditions = {}

    async def read(self, session: aiohttp.ClientSession) -> bytes | None:
        """The page; None where it is what it was. Raises `BadAnswer`."""
        try:
            async with session.get(
                self._url, headers=self._headers | self._conditions, allow_redirects=False, timeout=self._timeout
            ) as answer:
                if answer.status == _NOT_MODIFIED:
                    return None
                if answer.status != _OK:
                    raise BadAnswer(self._status(answer), _retry(answer.headers.get("Retry-After", "")))
                body = await self._body(answer)
                self._conditions = {
                    asks: value
                    for asks, told in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
                    if (value := answer.headers.get(told))
                }
                return body
        except TimeoutError:
            raise BadAnswer(f"it did not answer within {self._timeout.total:g} s") from None
        except aiohttp.ClientError as error:
            raise BadAnswer(f"it cannot be reached: {type(error).__name__}: {said(error)[:200]}") from None

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for piece in answer.content.iter_chunked(65_536):
            body += piece
            if len(body) > self._max_bytes:
                raise BadAnswer(f"its document is larger than {self._max_bytes} bytes; raise max_bytes if it may be")
        return bytes(body)

    def _status(self, answer: aiohttp.ClientResponse) -> str:
        if 300 <= answer.status < 400:
            return f"it has moved (status {answer.status}); look where it is now, and set url to that"
        return f"it answered with status {answer.status}"


def _retry(text: str) -> float:
    """Seconds; what is a date, or nonsense, is left to our own pauses."""
    return min(float(text), _MOST_RETRY_S) if text.isascii() and text.isdecimal() else 0.0
