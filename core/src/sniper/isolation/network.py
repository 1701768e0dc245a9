"""The host makes requests for a plugin in a worker: by HTTPS, to the hosts that were granted to it, and nowhere else.

Each address is looked at when it is connected to, so a name that is made to point into the own network leads nowhere.
Redirections are followed within what was granted. The value of a secret is put in by the host; the plugin writes its
name, and does not get to see it.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from sniper.errors import PermissionDenied, RpcError
from sniper.io import Fetched
from sniper.isolation.permissions import HTTPS, Network, Secret, inside, parsed

WITHIN_S: Final = 10.0
"""Seconds of one request, redirections included."""
MOST_BYTES: Final = 512 << 10
"""Of an answer's body."""
MOST_SENT: Final = 256 << 10
MOST_HEADERS: Final = 50
MOST_HOPS: Final = 5
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})

_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "proxy-authorization"}
)
"""Headers that say how a message is carried."""
_SECRET = re.compile(r"\$\{secret:([^}]*)\}")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host."""


async def looked_up(host: str, port: int) -> list[str]:
    """As the system resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def environment_secret(name: str) -> str:
    """``SNIPER_SECRET_ACME_KEY`` for ``acme-key``. Raises `PermissionDenied` where it is not set."""
    variable = "SNIPER_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    try:
        return os.environ[variable]
    except KeyError:
        raise PermissionDenied(f"the secret {name} is granted but not set; set {variable} where sniper runs") from None


class Requests:
    """Of one plugin. ``permissions``: what was granted to it.

    lookup, refuses, context, secrets  How names become addresses, which of them are refused, what certificates are
                                       believed, and where the values of secrets come from.
    """

    def __init__(
        self,
        permissions: Iterable[str],
        *,
        lookup: Lookup = looked_up,
        refuses: Callable[[str], bool] = inside,
        context: ssl.SSLContext | None = None,
        secrets: Callable[[str], str] = environment_secret,
    ) -> None:
        granted = parsed(permissions)
        self._hosts = {(each.host, each.port) for each in granted if isinstance(each, Network)}
        self._names = {each.name for each in granted if isinstance(each, Secret)}
        self._resolver = _Checked(lookup, refuses)
        self._context = context
        self._secrets = secrets

    async def fetch(self, url: str, method: str, headers: Iterable[tuple[str, str]], body: bytes) -> Fetched:
        """See `sniper.io.Io.fetch`. Raises `PermissionDenied` for what was not granted, and `RpcError` where no answer
        came in time or it is too large."""
        if method not in METHODS:
            raise PermissionDenied(f"{method!r:.20} is no method; use one of {', '.join(sorted(METHODS))}")
        if len(body) > MOST_SENT:
            raise PermissionDenied(f"a body of {len(body)} bytes; at most {MOST_SENT} are sent")
        target = self._target(url)
        values: dict[str, str] = {}
        filled = self._filled(list(headers), values)
        try:
            async with asyncio.timeout(WITHIN_S):
                found = await self._followed(target, method, filled, body, secret=bool(values))
        except TimeoutError:
            raise RpcError(f"{target.hostname} did not answer within {WITHIN_S:g} s") from None
        except PermissionDenied:
            raise  # an OSError, too
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RpcError(f"{target.hostname} gave no answer: {type(error).__name__}") from None
        return _without(found, values.values())

    def _target(self, url: str) -> SplitResult:
        try:
            target = urlsplit(url)
            port = target.port or HTTPS
        except ValueError as error:
            raise PermissionDenied(f"{url!r:.100} is no address: {error}") from None
        if target.scheme != "https" or target.username or target.password or not url.isascii():
            raise PermissionDenied(f"{url!r:.100}: only https:// is requested, and without names or passwords in it")
        if (target.hostname, port) not in self._hosts:
            granted = ", ".join(sorted(f"{host}:{number}" for host, number in self._hosts)) or "none"
            raise PermissionDenied(f"{target.hostname}:{port} was not granted (granted: {granted})")
        return target

    def _filled(self, headers: list[tuple[str, str]], values: dict[str, str]) -> list[tuple[str, str]]:
        if len(headers) > MOST_HEADERS:
            raise PermissionDenied(f"{len(headers)} headers; at most {MOST_HEADERS} are sent")

        def put(match: re.Match[str]) -> str:
            name = match[1]
            if name not in self._names:
                raise PermissionDenied(f"the secret {name!r:.80} was not granted")
            values[name] = self._secrets(name)
            return values[name]

        filled = []
        for name, value in headers:
            if not _NAME.fullmatch(name) or name.lower() in _OURS:
                raise PermissionDenied(f"the header {name!r:.80} is not for a plugin to set")
            made = _SECRET.sub(put, value)
            if len(made) > 8_000 or any(ord(each) < 32 or ord(each) == 127 for each in made):
                raise PermissionDenied(f"the header {name} is too long or has control characters")
            filled.append((name, made))
        return filled

    async def _followed(
        self, target: SplitResult, method: str, headers: list[tuple[str, str]], body: bytes, *, secret: bool
    ) -> Fetched:
        first = target.hostname, target.port
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, ssl=self._context or True)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
        ) as session:
            for _ in range(MOST_HOPS + 1):
                if secret and (target.hostname, target.port) != first:
                    raise PermissionDenied(f"{first[0]} redirects to {target.hostname}, and a secret goes nowhere else")
                async with session.request(
                    method, target.geturl(), headers=headers, data=body or None, allow_redirects=False
                ) as answer:
                    where = answer.headers.get("Location")
                    if answer.status not in _REDIRECTS or not where:
                        return await _read(answer)
                    target = self._target(urljoin(target.geturl(), where))
                    if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
                        method, body = "GET", b""
        raise RpcError(f"{first[0]} redirects more than {MOST_HOPS} times")


class _Checked(AbstractResolver):
    """Gives addresses that may be connected to, and no others."""

    def __init__(self, lookup: Lookup, refuses: Callable[[str], bool]) -> None:
        self._lookup = lookup
        self._refuses = refuses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._lookup(host, port)
        refused = [address for address in found if self._refuses(address)]
        if refused:
            raise PermissionDenied(f"{host} leads to {refused[0]}, which is of this machine or its own network")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """It holds nothing."""


async def _read(answer: aiohttp.ClientResponse) -> Fetched:
    body = b""
    async for piece in answer.content.iter_chunked(64 << 10):
        body += piece
        if len(body) > MOST_BYTES:
            raise RpcError(f"{answer.url.host} answered with more than {MOST_BYTES} bytes")
    headers = tuple((name, value) for name, value in list(answer.headers.items())[:MOST_HEADERS])
    return Fetched(status=answer.status, headers=headers, body=body)


def _without(found: Fetched, secrets: Iterable[str]) -> Fetched:
    """A host that says a secret again says it to nobody."""
    for secret in secrets:
        if secret:
            headers = tuple((name, value.replace(secret, "***")) for name, value in found.headers)
            found = Fetched(status=found.status, headers=headers, body=found.body.replace(secret.encode(), b"***"))
    return found


def plain(found: Fetched) -> list[Any]:  # Any: plain values
    """As it travels to a worker."""
    return [found.status, [list(pair) for pair in found.headers], found.body]
