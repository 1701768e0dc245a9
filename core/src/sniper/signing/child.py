"""The signer's process as a child of its client."""

import asyncio
import socket
import subprocess
import sys

import msgspec

from sniper.signing.errors import BY_CODE, StartError
from sniper.signing.secret import SecretBuffer
from sniper.signing.wire import NotStarted, Start, Started

_MAX_WORD = 2**20


class Child:
    """A running signer that ends with this object's `close`, or with this process, however that ends."""

    def __init__(self, process: "subprocess.Popen[bytes]", lifeline: socket.socket) -> None:
        self._process = process
        self._lifeline = lifeline

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    async def close(self, patience: float) -> None:
        """Let it wipe its keys and end; kill it after ``patience`` seconds."""
        self._lifeline.close()
        try:
            await asyncio.to_thread(self._process.wait, patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


async def start_child(package: str, start: Start, password: SecretBuffer, patience: float) -> Child:
    """Start, unlock, listen; ``password`` is wiped. ``package`` is the kind's, ``patience`` in seconds.

    Raises `SignerError` or `RulesError`.

    Nothing secret is in its arguments, and nothing at all in its environment.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with theirs:
            # Here and not in another thread: the child is killed when the thread that made it ends.
            process = subprocess.Popen(  # noqa: ASYNC220
                [sys.executable, "-I", "-X", "utf8", "-m", package, "start", "--start-fd", str(theirs.fileno())],
                env={},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
    except OSError as error:
        ours.close()
        password.wipe()
        raise StartError(f"the signer's process cannot be started: {error.strerror}; check {sys.executable}") from error
    child = Child(process, ours)
    try:
        answer = await _tell(ours, start, password, patience)
    except BaseException:
        process.kill()
        await child.close(patience)
        raise
    finally:
        password.wipe()
    if isinstance(answer, Started):
        return child
    await child.close(patience)
    raise BY_CODE.get(answer.code, StartError)(answer.message)


async def _tell(lifeline: socket.socket, start: Start, password: SecretBuffer, patience: float) -> Started | NotStarted:
    try:
        lifeline.send(msgspec.json.encode(start), socket.MSG_NOSIGNAL)
        if len(password.view):  # else the kind needs no secret, and its process waits for none
            lifeline.send(password.view, socket.MSG_NOSIGNAL)
        lifeline.setblocking(False)
        async with asyncio.timeout(patience):
            answer = await asyncio.get_running_loop().sock_recv(lifeline, _MAX_WORD)
    except TimeoutError:
        raise StartError(f"the signer was not ready within {patience} s; give it more, or a cheaper key file") from None
    except OSError as error:
        raise StartError(f"the signer ended before it was ready: {error.strerror}; see what it wrote above") from error
    if not answer:
        raise StartError("the signer ended before it was ready; see what it wrote above")
    return msgspec.json.decode(answer, type=Started | NotStarted)
