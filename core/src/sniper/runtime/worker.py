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
import sys
from typing import TYPE_CHECKING, Final

from sniper.codec import decode, encode
from sniper.errors import ComputeError, said, told, writable
from sniper.plugin import Frozen
from sniper.runtime.errand import LENGTH, Begin, Compute, Computed, Failed, Play

if TYPE_CHECKING:
    from sniper.runtime.local_stage import Blocks

_PR_SET_PDEATHSIG: Final = 1
_TEXT: Final = 500


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


class Plays:
    """Scenarios, and what is known of the blocks that they were played on."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._blocks: Blocks | None = None

    def play(self, work: Play) -> Frozen:
        from sniper.runtime import local_stage
        from sniper.runtime.carried import carrier, found

        if self._blocks is None:
            self._blocks = local_stage.Blocks()
        function = found(work.function)
        carries = carrier(function)
        stage = local_stage.LocalStage(self._blocks.at(work.head), work.head, work.hardfork, work.url, self._asked)
        value = local_stage.play(function(**carries.read(work.arguments)), stage)
        return Computed(result=carries.write_result(value))

    def _asked(self, question: Frozen) -> Frozen:
        self._channel.send(question)
        answer = self._channel.receive()
        if answer is None:
            sys.exit(0)
        return answer


def _serve(channel: Channel) -> None:
    plays = Plays(channel)
    while (work := channel.receive()) is not None:
        try:
            if isinstance(work, Play):
                answer = plays.play(work)
            else:
                assert isinstance(work, Compute)
                answer = _compute(work)
        except MemoryError:
            channel.send(Failed(reason="it needs more memory than a worker may have", ends=True))
            return
        except ComputeError as error:
            answer = Failed(reason=_short(said(error)))
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
