"""A client's connection: many asks under way at once, each answered by its number."""

import asyncio
import socket
from collections import deque
from itertools import count
from pathlib import Path

import msgspec

from sniper.signer import SignerUnreachable
from sniper.signing.wire import MAX_PACKET, Answer, Ask, Peer, peer_of

_REMEDY = "see its log and start it again; nothing was lost, the same request gives the same bytes"


class Link:
    """Lives on one event loop. `lost` says why once the connection is gone."""

    def __init__(self, path: Path) -> None:
        """Connect now. Raises `SignerUnreachable`."""
        self._loop = asyncio.get_running_loop()
        self._numbers = count()
        self._pending: dict[int, asyncio.Future[Answer]] = {}
        self._unsent: deque[bytes] = deque()
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
        self._buffer = memoryview(bytearray(MAX_PACKET))
        self.lost: str | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        try:
            # Connecting to a unix socket does not wait; a full backlog is an error at once.
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise SignerUnreachable(f"no signer listens on {path}: {error.strerror or error}; start it") from error
        self.peer: Peer = peer_of(self._socket)
        self._loop.add_reader(self._socket, self._readable)

    def number(self) -> int:
        """The number of the next ask."""
        return next(self._numbers)

    def ask(self, ask: Ask) -> asyncio.Future[Answer]:
        """Send it now; the future has the answer, or `SignerUnreachable` where the connection is lost first."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        if self.lost is not None:
            future.set_exception(_unreachable(self.lost))
            return future
        self._pending[ask.id] = future  # until its answer comes, also when the caller gave up
        packet = self._encoder.encode(ask)
        if self._unsent:
            self._unsent.append(packet)
        else:
            self._send(packet)
        return future

    def close(self, reason: str) -> None:
        """Let go; whoever waits gets `SignerUnreachable`."""
        if self.lost is not None:
            return
        self.lost = reason
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        for future in self._pending.values():
            if not future.done():
                future.set_exception(_unreachable(reason))
        self._pending.clear()

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.send(packet, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            self._unsent.append(packet)
            self._loop.add_writer(self._socket, self._writable)
        except OSError as error:
            self.close(error.strerror or str(error))

    def _writable(self) -> None:
        while self._unsent:
            try:
                self._socket.send(self._unsent[0], socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError as error:
                self.close(error.strerror or str(error))
                return
            self._unsent.popleft()
        self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        try:
            size = self._socket.recv_into(self._buffer)
            if size == 0:
                self.close("it closed the connection")
                return
            answer = self._decoder.decode(self._buffer[:size])
        except BlockingIOError:
            return
        except OSError as error:
            self.close(error.strerror or str(error))
            return
        except msgspec.MsgspecError as error:
            self.close(f"it sent what is no answer ({error})")
            return
        future = self._pending.pop(answer.id, None)
        if future is not None and not future.done():
            future.set_result(answer)


def _unreachable(reason: str) -> SignerUnreachable:
    return SignerUnreachable(f"the signer does not answer: {reason}; {_REMEDY}")
