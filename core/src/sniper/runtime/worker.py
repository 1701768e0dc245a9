"""A worker process: does one piece of pure work after the other, and knows nothing but what it is sent.

It imports what a piece of work needs when that first comes. Its memory is capped, it has no secrets in its environment,
and it ends with the process that started it.
"""

import argparse
import ctypes
import os
import resource
import signal
import socket
import struct
import sys
from typing import Final

from sniper.codec import decode, encode, register
from sniper.errors import SniperError, told, writable
from sniper.plugin import Frozen

LENGTH: Final = struct.Struct(">I")
LONGEST: Final = 128 * 1024 * 1024
"""Bytes of one message."""
_PR_SET_PDEATHSIG: Final = 1
_TEXT: Final = 500


class Begin(Frozen, tag="worker.begin/1"):
    """The first message. ``path``: where to import from."""

    path: tuple[str, ...]


class Compute(Frozen, tag="worker.compute/1"):
    """Call a function. ``arguments``: as `sniper.runtime.carried` writes them."""

    function: str
    arguments: bytes


class Computed(Frozen, tag="worker.computed/1"):
    """What it returned."""

    result: bytes


class Failed(Frozen, tag="worker.failed/1"):
    """Why there is no result. ``ends``: the worker does not go on after this."""

    reason: str
    ends: bool = False


for _message in (Begin, Compute, Computed, Failed):
    register(_message)


class Channel:
    """Messages over a socket that blocks, each with its length before it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: Frozen) -> None:
        data = encode(message)
        self._connection.sendall(LENGTH.pack(len(data)) + data)

    def receive(self) -> Frozen | None:
        """The next message; None where the other side has closed."""
        head = self._read(LENGTH.size)
        return None if head is None else decode(self._read(LENGTH.unpack(head)[0]) or b"")

    def _read(self, size: int) -> bytes | None:
        parts: list[bytes] = []
        while size:
            part = self._connection.recv(min(size, 1 << 20))
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _compute(work: Compute) -> Frozen:
    from sniper.runtime.carried import carrier, found

    function = found(work.function)
    carries = carrier(function)
    return Computed(result=carries.write_result(function(**carries.read(work.arguments))))


def _serve(channel: Channel) -> None:
    while (work := channel.receive()) is not None:
        try:
            assert isinstance(work, Compute)
            answer = _compute(work)
        except MemoryError:
            channel.send(Failed(reason="it needs more memory than a worker may have", ends=True))
            return
        except SniperError as error:
            answer = Failed(reason=_short(told(error)))
        except (Exception, SystemExit) as error:  # a plugin's code raises whatever it likes
            answer = Failed(reason=_short(told(error)))
        channel.send(answer)


def _short(text: str) -> str:
    return writable(text[:_TEXT])


def _die_with(parent: int) -> None:
    """Linux kills this process when the thread that started it ends."""
    if sys.platform == "linux":
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            sys.exit(f"prctl(PR_SET_PDEATHSIG): {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent:
            sys.exit(1)  # it died before this line


def main() -> int:
    """The process."""
    parser = argparse.ArgumentParser(prog="sniper worker process")
    parser.add_argument("descriptor", type=int, help="of the socket to the process that started this one")
    parser.add_argument("--parent", type=int, required=True, help="its process id; ends with it")
    parser.add_argument("--memory", type=int, required=True, help="most address space, bytes")
    arguments = parser.parse_args()
    _die_with(arguments.parent)
    # Ctrl-C in a terminal reaches every process of it; when to end is for the one that started this one to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (arguments.memory, arguments.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=arguments.descriptor) as connection:
        connection.setblocking(True)
        channel = Channel(connection)
        begin = channel.receive()
        if isinstance(begin, Begin):
            sys.path[:] = begin.path
            _serve(channel)
    return 0
