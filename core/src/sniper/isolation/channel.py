"""Messages between two processes over a socket that keeps their borders.

A packet holds a flag and a piece of a message. Only the last piece of a message may be shorter than `PIECE`, so nobody
can make a message of many small ones; and a message has at most `LONGEST` bytes.
"""

import os
import select
import socket
import struct
from time import perf_counter_ns
from typing import Final

from sniper import depth
from sniper.errors import SniperError
from sniper.isolation.messages import LONGEST

PIECE: Final = 64 << 10
SOON_NS: Final = 50_000
"""To wake a process on a processor that sleeps takes about as long: within it, looking again is the faster wait."""
_MOST_VAIN: Final = 8
_TICKS_NS: Final = 20_000_000
"""A socket's own limit costs nothing, and is up to two ticks late, of at most 10 ms. `poll` is exact."""
_WAKING_NS: Final = 2_000_000
"""So much before the end a wait is over: the host has to wake up, and to say that nothing came."""
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
    """One end. It waits as long as it must, or as long as `within` said.

    While one question follows another within `SOON_NS`, both sides look for the next message again and again for so
    long before they sleep. Where both are on one processor, they would wait for each other's looking: each look in
    vain is a reason to sleep at once the next times, twice as often as before. ``asks``: this end asks, so that the
    pause between two questions is its own; at the other end it is what the wait took.
    """

    def __init__(self, connection: socket.socket, *, asks: bool) -> None:
        connection.setblocking(True)
        self._asks = asks
        self._looks = len(os.sched_getaffinity(0)) > 1
        self._soon = False
        self._came = 0
        self._vain = 0
        self._sleeps = 0
        self._socket = connection
        self._buffer = bytearray(PIECE + 2)
        self._view = memoryview(self._buffer)
        self._within_ns = 0
        self._coarse = True

    def within(self, seconds: float) -> None:
        """From now on no single wait takes longer; where nothing comes, it ends some milliseconds before."""
        within_ns = int(seconds * 1e9)
        if within_ns == self._within_ns:
            return
        self._within_ns = within_ns
        self._coarse = within_ns > _TICKS_NS
        if self._coarse:
            whole, rest = divmod(within_ns - _TICKS_NS, 1_000_000_000)
            limit = struct.pack("ll", whole, max(1, rest // 1000))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

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
        began = perf_counter_ns()
        try:
            if self._coarse:
                try:
                    self._socket.send(packet)
                    return
                except BlockingIOError:
                    pass
            self._wait(select.POLLOUT, began)
            self._socket.send(packet, socket.MSG_DONTWAIT)
        except Late:
            raise
        except OSError as error:
            raise Gone(f"its process has ended ({error.strerror})") from error

    def _receive(self) -> memoryview:
        """What follows the flag, which is the first byte of the buffer."""
        began = perf_counter_ns()
        if self._asks:
            self._soon = began - self._came < SOON_NS
        try:
            size = self._received(began)
        except Late:
            raise
        except OSError as error:
            raise Gone(f"its process has ended ({error.strerror})") from error
        self._came = perf_counter_ns()
        if not self._asks:
            self._soon = self._came - began < SOON_NS
        if size == 0:
            raise Gone("its process has ended, or said an empty packet")
        if size > PIECE + 1:
            raise Broken("a packet is longer than any may be")
        return self._view[1:size]

    def _received(self, began: int) -> int:
        if self._soon and self._looks:
            size = self._looked(began + SOON_NS)
            if size is not None:
                return size
        if self._coarse:
            try:
                return self._socket.recv_into(self._buffer)
            except BlockingIOError:
                pass
        self._wait(select.POLLIN, began)
        return self._socket.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)

    def _wait(self, event: int, began: int) -> None:
        """For what is left since ``began``. Raises `Late`."""
        poll = select.poll()
        poll.register(self._socket, event)
        left = began + self._within_ns - _WAKING_NS - perf_counter_ns()
        if not poll.poll(max(0, left // 1_000_000)):
            raise Late(f"no answer within {self._within_ns / 1e9:g} s")

    def _looked(self, until: int) -> int | None:
        """The length of a packet that comes ``until`` then; None: none did. Raises `OSError`."""
        if self._sleeps:
            self._sleeps -= 1
            return None
        while perf_counter_ns() < until:
            try:
                size = self._socket.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            self._vain = 0
            return size
        self._vain = min(self._vain + 1, _MOST_VAIN)
        self._sleeps = 1 << self._vain
        return None
