"""How JSON-RPC 2.0 travels to one node: HTTP, WebSocket, or a unix socket. One request or one batch per exchange.

A transport never puts its address into an error: an endpoint's URL often holds an API key.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import UNSET, Struct

from sniper.errors import ConfigError, RpcError

__all__ = ["Answer", "Answers", "ErrorObject", "Transport", "endpoint_name", "transport_for"]

_MAX_MESSAGE: Final = 64 * 1024 * 1024


class ErrorObject(Struct):
    """JSON-RPC 2.0, section 5.1. Any: ``data`` is whatever the node likes."""

    code: int = 0
    message: str = ""
    data: Any = None


class Answer(Struct):
    """JSON-RPC 2.0, section 5. Any: the result's shape is the method's."""

    id: int | str | None = None
    result: Any = UNSET
    error: ErrorObject | None = None


Answers: TypeAlias = Answer | list[Answer]
_decoder: Final[msgspec.json.Decoder[Answers]] = msgspec.json.Decoder(Answers)


def endpoint_name(url: str) -> str:
    """What may be shown of ``url``: scheme and host (with port), or the file name of a unix socket."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname:
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    if url.endswith(".ipc") or url.startswith("/"):
        return "ipc:" + url.rsplit("/", 1)[-1]
    raise ConfigError("an endpoint is http(s)://…, ws(s)://…, or the path of a unix socket; this one has another form")


def transport_for(url: str) -> "Transport":
    name = endpoint_name(url)
    if name.startswith("http"):
        return Http(name, url)
    return WebSocket(name, url) if name.startswith("ws") else UnixSocket(name, url)


class Transport(ABC):
    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self._address = address

    @abstractmethod
    async def exchange(self, ids: Sequence[int], payload: bytes, within: float) -> Answers:
        """Send ``payload``, whose requests have ``ids``; what came back. Raises `RpcError` on any failure to talk."""

    @abstractmethod
    async def close(self) -> None: ...

    def failed(self, cause: Exception, within: float) -> RpcError:
        """The texts of client libraries quote URLs, so only the kind of failure and the system's words are kept."""
        if isinstance(cause, TimeoutError):
            return RpcError(f"{self.name} did not answer within {within:g} s")
        if isinstance(cause, EOFError):
            return RpcError(f"{self.name} closed the connection")
        words = getattr(cause, "strerror", None)
        return RpcError(f"{self.name} cannot be reached: {words if isinstance(words, str) else type(cause).__name__}")

    def decode(self, raw: bytes | str) -> Answers:
        try:
            return _decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise RpcError(f"{self.name} answered with something that is no JSON-RPC: {raw[:60]!r}") from None


class Http(Transport):
    """Keeps its connections open between calls, so that a send does not wait for a handshake."""

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, ids: Sequence[int], payload: bytes, within: float) -> Answers:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=300),
                headers={"content-type": "application/json"},
            )
        try:
            async with self._session.post(
                self._address, data=payload, timeout=aiohttp.ClientTimeout(total=within), allow_redirects=False
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as cause:
            raise self.failed(cause, within) from None
        if response.status == 200:
            return self.decode(raw)
        with contextlib.suppress(RpcError):
            answer = self.decode(raw)
            if isinstance(answer, Answer) and answer.error is not None and answer.error.message:
                return answer
        raise RpcError(f"{self.name} answered HTTP status {response.status}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


class Multiplexed(Transport):
    """One connection, many exchanges in flight; answers find their caller by id. Connects on use.

    A connection on which nothing at all came while an exchange waited in vain is given up: its other side may be gone
    without a word, and the system would notice that after many minutes.
    """

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        self._pending: dict[int, asyncio.Future[Answers]] = {}
        self._connecting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._heard = float("-inf")

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def write(self, payload: bytes) -> None: ...

    @abstractmethod
    async def receive(self) -> bytes | str:
        """The next message; raises EOFError when the other side has closed."""

    @abstractmethod
    async def hang_up(self) -> None: ...

    async def exchange(self, ids: Sequence[int], payload: bytes, within: float) -> Answers:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answers] = loop.create_future()
        asked = loop.time()
        self._pending.update(dict.fromkeys(ids, future))
        try:
            async with asyncio.timeout(within):
                await self._connected()
                await self.write(payload)
                return await future
        except (aiohttp.ClientError, OSError, EOFError) as cause:
            if isinstance(cause, RpcError):
                raise
            if isinstance(cause, TimeoutError):
                await self._give_up(asked)
            raise self.failed(cause, within) from None
        finally:
            for id_ in ids:
                self._pending.pop(id_, None)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
            self._reader = None

    async def _give_up(self, asked: float) -> None:
        """End the connection, where it has said nothing since. Whoever holds the lock does so, or makes another one."""
        if self._heard < asked and not self._connecting.locked():
            async with self._connecting:
                await self.close()

    async def _connected(self) -> None:
        async with self._connecting:
            if self._reader is None or self._reader.done():
                await self.open()
                self._heard = asyncio.get_running_loop().time()
                self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                message = await self.receive()
                self._heard = asyncio.get_running_loop().time()
                self._deliver(self.decode(message))
        except RpcError as error:
            self._fail(error)
        except (aiohttp.ClientError, OSError, EOFError) as cause:
            self._fail(self.failed(cause, 0.0))
        finally:
            self._fail(RpcError(f"{self.name}: the connection was closed"))
            await self.hang_up()

    def _deliver(self, answers: Answers) -> None:
        several = answers if isinstance(answers, list) else [answers]
        for answer in several:
            future = self._pending.get(answer.id) if isinstance(answer.id, int) else None
            if future is not None:
                if not future.done():
                    future.set_result(answers)
                return
        if any(answer.id is None and answer.error is not None for answer in several):
            # An error without an id is about a message that the node could not read: which, nobody knows.
            self._fail(RpcError(f"{self.name} could not read a request: {several[0].error}"))

    def _fail(self, error: RpcError) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(error)


class WebSocket(Multiplexed):
    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession()
        try:
            self._socket = await self._session.ws_connect(self._address, max_msg_size=_MAX_MESSAGE)
        except BaseException:
            await self._session.close()
            raise

    async def write(self, payload: bytes) -> None:
        if self._socket is None or self._socket.closed:
            raise EOFError
        await self._socket.send_str(payload.decode())

    async def receive(self) -> bytes | str:
        if self._socket is None:
            raise EOFError
        message = await self._socket.receive()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            raise EOFError
        data: bytes | str = message.data
        return data

    async def hang_up(self) -> None:
        if self._session is not None:
            await self._session.close()


class UnixSocket(Multiplexed):
    """Every common node ends a message with a newline, which compact JSON never contains."""

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        self._streams = await asyncio.open_unix_connection(self._address, limit=_MAX_MESSAGE)

    async def write(self, payload: bytes) -> None:
        if self._streams is None:
            raise EOFError
        self._streams[1].write(payload + b"\n")
        await self._streams[1].drain()

    async def receive(self) -> bytes | str:
        if self._streams is None:
            raise EOFError
        try:
            line = await self._streams[0].readline()
        except ValueError:
            raise RpcError(f"{self.name} sent more than {_MAX_MESSAGE} bytes without an end") from None
        if not line:
            raise EOFError
        return line

    async def hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
