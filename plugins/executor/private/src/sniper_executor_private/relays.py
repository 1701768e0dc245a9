"""Talking to relays: each request goes to all of them at once, signed; what they say is one outcome."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import msgspec

from sniper.errors import RpcError
from sniper.evm.endpoint import NodeError
from sniper.evm.rpc import SendKind, send_kind
from sniper.evm.transaction import SigningKey
from sniper.evm.wire import Answer, endpoint_name
from sniper.executor import Outcome
from sniper_executor_private.reputation import HEADER, header

_JSON: Final = {"Content-Type": "application/json"}
_INTERNAL: Final = -32603
_decoder: Final[msgspec.json.Decoder[Answer]] = msgspec.json.Decoder(Answer)
_PREFERENCE: Final = tuple(SendKind)

Said = Any
"""A relay's result (JSON), a `NodeError` where it refused, an `RpcError` where nobody knows."""


class Relays:
    """Some relays of one chain. Errors show their scheme and host alone: a URL may hold a key."""

    def __init__(self, urls: Sequence[str], key: SigningKey, timeout: float) -> None:
        """``timeout``: seconds for one answer. Raises `ConfigError` for what is no URL."""
        self.address = key.address
        self._urls = [(endpoint_name(url), url) for url in urls]
        self._key = key
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, parameter: dict[str, Any]) -> list[Said]:
        """What each says, in the order of the config; raises nothing of what went wrong. Any: JSON."""
        asked = await asyncio.gather(
            *(self._ask(name, url, method, parameter) for name, url in self._urls), return_exceptions=True
        )
        for answer in asked:
            if isinstance(answer, BaseException) and not isinstance(answer, RpcError):
                raise answer
        return asked

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, name: str, url: str, method: str, parameter: dict[str, Any]) -> Said:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=300))
        id_ = next(self._ids)
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": id_, "method": method, "params": [parameter]})
        headers = {**_JSON, HEADER: header(self._key, body)}
        within = aiohttp.ClientTimeout(total=self._timeout)
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=within, allow_redirects=False
            ) as response:
                answer = _read(await response.read(), response.status, name)
                if answer.id != id_ and not (answer.id is None and answer.error):
                    response.close()  # a later answer on this connection would be taken for an earlier one's, too
                    raise RpcError(f"{name} answered another request than {method}")
        except TimeoutError:
            raise RpcError(f"{name} did not answer {method} within {self._timeout:g} s") from None
        except (aiohttp.ClientError, OSError) as cause:
            if isinstance(cause, RpcError):
                raise
            # the library's own words quote the URL
            raise RpcError(f"{name} cannot be reached, or hung up: {type(cause).__name__}") from None
        if answer.error is None:
            return answer.result
        if answer.error.code == _INTERNAL or "internal" in answer.error.message.lower():
            raise RpcError(f"{name} failed at {method}: {answer.error.message[:200]}")  # it may have taken it before
        return NodeError(name, method, answer.error)


def outcome_of(said: Sequence[Said]) -> Outcome:
    """What all of them together mean for a transaction that each was given. ``accepted`` or ``known`` where one has it.

    Raises `RpcError` where none has and one fell silent: it may have it all the same.
    """
    refused: list[tuple[SendKind, str]] = []
    silent: RpcError | None = None
    for each in said:
        if isinstance(each, NodeError):
            refused.append((send_kind(each.text), f"{each.endpoint}: {each.text[:300]}"))
        elif isinstance(each, RpcError):
            silent = each
        else:
            return Outcome(outcome=SendKind.ACCEPTED.value)
    best = min(refused, key=lambda each: _PREFERENCE.index(each[0]), default=None)
    if best is not None and (silent is None or best[0] is SendKind.KNOWN):
        return Outcome(outcome=best[0].value.replace("_", "-"), message=best[1])
    raise silent or RpcError("no relay was asked")


def _read(raw: bytes, status: int, name: str) -> Answer:
    try:
        answer = _decoder.decode(raw)
    except msgspec.MsgspecError:
        answer = Answer()
    if answer.error is None and (status != 200 or answer.result is msgspec.UNSET):
        raise RpcError(f"{name} answered HTTP status {status} and no JSON-RPC: {raw[:60]!r}")
    return answer
