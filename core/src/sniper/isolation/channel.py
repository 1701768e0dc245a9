"""Messages between two processes over a socket that keeps their borders.

A packet holds a flag and a piece of a message. Only the last piece of a message may be shorter than `PIECE`, so nobody
can make a message of many small ones; and a message has at most `LONGEST` bytes.
"""

import socket
import struct
from time import perf_counter_ns
from typing import Final

from sniper import depth
from sniper.errors import SniperError
from sniper.isolation.messages import LONGEST

PIECE: Final = 64 << 10
_LAST, _MORE = b"\0", b"\1"


class Broken(SniperError, ConnectionError):
    """The other side does not keep to the form."""

    code = "worker-broken"


class Gone(Broken):
    """The other side has ended, or closed its end."""

    code = "worker-gone"


class Late(SniperError, TimeoutError):
    """Nothing came, or could be sent, in time."""

    code = "worker-late"


class Budget:
    """The time that one request may take, all its questions together; what the host itself does meanwhile is not
    counted. A monotonic clock measures it."""

    __slots__ = ("_end", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = perf_counter_ns() + int(seconds * 1e9)

    def left(self) -> float:
        """Seconds. Raises `Late` where there are none."""
        left = self._end - perf_counter_ns()
        if left <= 0:
            raise Late(f"no answer within {self.seconds:g} s")
        return left / 1e9

    def pause(self, ns: int) -> None:
        """So long nobody waited."""
        self._end += ns


class Channel:
    """One end. It waits as long as it must, or as long as `within` said."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        self._socket = connection
        self._buffer = bytearray(PIECE + 2)
        self._view = memoryview(self._buffer)
        self._within = 0.0

    def within(self, seconds: float) -> None:
        """From now on no single wait takes longer. The kernel measures it, which costs nothing where it is short."""
        if seconds == self._within:
            return
        whole = int(seconds)
        limit = struct.pack("ll", whole, max(1, int((seconds - whole) * 1_000_000)))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._within = seconds

    def send(self, message: bytes, budget: Budget | None = None) -> None:
        """Raises `Broken` and `Late`. What is long is sent in pieces, all within ``budget``."""
        if len(message) <= PIECE:
            self._send(_LAST + message)
            return
        if len(message) > LONGEST:
            raise Broken(f"a message of {len(message)} bytes; at most {LONGEST} can be said")
        for begin in range(0, len(message), PIECE):
            if budget is not None:
                self.within(budget.left())
            last = begin + PIECE >= len(message)
            self._send((_LAST if last else _MORE) + message[begin : begin + PIECE])

    def receive(self, budget: Budget | None = None) -> bytes | memoryview:
        """The next message, to be read before the next call. Raises `Broken` and `Late`."""
        depth.hold()
        piece = self._receive()
        flag = self._buffer[0]
        if flag == 0:
            return piece
        pieces, size = [bytes(piece)], len(piece)
        while True:
            if flag != 1 or len(piece) != PIECE or size > LONGEST:
                raise Broken("a message is longer than any may be, or is not in the pieces that it must be in")
            if budget is not None:
                self.within(budget.left())
            piece = self._receive()
            flag = self._buffer[0]
            pieces.append(bytes(piece))
            size += len(piece)
            if flag == 0 and size <= LONGEST:
                return b"".join(pieces)

    def close(self) -> None:
        self._socket.close()

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except (BlockingIOError, TimeoutError) as error:
            raise Late("it does not listen") from error
        except OSError as error:
            raise Gone(f"its process has ended ({error.strerror})") from error

    def _receive(self) -> memoryview:
        """What follows the flag, which is the first byte of the buffer."""
        try:
            size = self._socket.recv_into(self._buffer)
        except (BlockingIOError, TimeoutError) as error:
            raise Late(f"no answer within {self._within:g} s") from error
        except OSError as error:
            raise Gone(f"its process has ended ({error.strerror})") from error
        if size == 0:
            raise Gone("its process has ended, or said an empty packet")
        if size > PIECE + 1:
            raise Broken("a packet is longer than any may be")
        return self._view[1:size]
