"""The signer's process: a unix socket in front of a `Keyring`. One thread, no event loop library, few imports."""

import fcntl
import gc
import os
import selectors
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from sniper.signing.errors import StartError
from sniper.signing.fences import Fences
from sniper.signing.hardening import lock_all_memory
from sniper.signing.keyring import Keyring
from sniper.signing.kill_switch import KillSwitchFiles
from sniper.signing.ledger import Ledger
from sniper.signing.rulebook import RuleBook
from sniper.signing.rules import Rules
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource
from sniper.signing.wire import MAX_PACKET, Answer, Ask, peer_of

_BACKLOG = 64


class Process:
    """Serves one keyring until it is told to end.

    lifeline  A socket whose other end belongs to whoever started this process; when that end closes, this process ends.
    """

    def __init__(
        self,
        *,
        source: KeySource,
        socket_path: Path,
        kill_switch: Path,
        rules: Rules | bytes,
        operator: str,
        secret: SecretBuffer,
        lifeline: socket.socket | None = None,
    ) -> None:
        """Unlock and listen; ``secret`` is wiped. Call `seal` before. ``rules``, ``operator``: see `RuleBook`.

        Raises `SignerError` or `RulesError`.
        """
        # Held until this process ends: one signer per directory, so that limits are counted in one place.
        self._directory = _own_directory(socket_path.parent)
        try:
            book = RuleBook(socket_path.with_suffix(".rules"), rules, operator)
            keys = source.keys(secret)
        finally:
            secret.wipe()
        if len({key.address for key in keys}) != len(keys):
            raise StartError("two of the keys are the same key; name each once")
        # After unlocking: the child that decrypts needs more memory than a user may lock.
        self.memory = "all" if lock_all_memory() else "keys" if all(key.locked for key in keys) else "none"
        ledger = Ledger(socket_path.with_suffix(".ledger"), time.time_ns())
        fences = Fences(socket_path.with_suffix(".fences"))
        self.keyring = Keyring(keys, book, ledger, fences, KillSwitchFiles(kill_switch))
        self._socket_path = socket_path
        self._listener = _listen(socket_path)
        self._lifeline = lifeline
        self._selector = selectors.DefaultSelector()
        self._buffer = memoryview(bytearray(MAX_PACKET))
        self._decoder: msgspec.msgpack.Decoder[Ask] = msgspec.msgpack.Decoder(Ask)
        self._encoder = msgspec.msgpack.Encoder()
        # Answers that a connection has not taken yet; while there is one, nothing more is read from it.
        self._owed: dict[socket.socket, bytes] = {}

    def serve(self) -> None:
        """Answer until SIGTERM, or SIGINT, or the end of the lifeline; then wipe the keys."""
        # What exists now stays until the end; a collection need not look at it again.
        gc.freeze()
        with _ending_on_signals():
            self._selector.register(self._listener, selectors.EVENT_READ)
            if self._lifeline is not None:
                self._selector.register(self._lifeline, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in self._selector.select():
                        connection = key.fileobj
                        assert isinstance(connection, socket.socket)
                        if connection is self._listener:
                            self._accept()
                        elif connection is self._lifeline:
                            return
                        elif connection in self._owed:
                            self._pay(connection)
                        else:
                            self._read(connection)
            finally:
                self.keyring.wipe()
                self._socket_path.unlink(missing_ok=True)
                log("ended", socket=str(self._socket_path))

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:  # gone again, or out of descriptors: the others are still served
            log("accept-failed", reason=str(error))
            return
        peer = peer_of(connection)
        if peer.uid != os.geteuid():
            log("peer-refused", pid=peer.pid, uid=peer.uid)
            connection.close()
            return
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        try:
            size, _, flags, _ = connection.recvmsg_into([self._buffer])
        except BlockingIOError:
            return
        except OSError:
            size, flags = 0, 0
        if size == 0 or flags & socket.MSG_TRUNC:
            self._drop(connection)
            return
        try:
            ask = self._decoder.decode(self._buffer[:size])
        except msgspec.MsgspecError as error:
            log("peer-dropped", reason=str(error))
            self._drop(connection)
            return
        self._send(connection, self.keyring.answer(ask))

    def _send(self, connection: socket.socket, answer: Answer) -> None:
        packet = self._encoder.encode(answer)
        try:
            connection.send(packet, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            self._owed[connection] = packet
            self._selector.modify(connection, selectors.EVENT_WRITE)
        except OSError:
            self._drop(connection)

    def _pay(self, connection: socket.socket) -> None:
        try:
            connection.send(self._owed[connection], socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        del self._owed[connection]
        self._selector.modify(connection, selectors.EVENT_READ)

    def _drop(self, connection: socket.socket) -> None:
        self._owed.pop(connection, None)
        self._selector.unregister(connection)
        connection.close()


def log(event: str, **fields: object) -> None:
    """One JSON line on stderr. Only what is public goes in: addresses, paths, process ids."""
    sys.stderr.write(msgspec.json.encode({"event": event, **fields}).decode() + "\n")
    sys.stderr.flush()


def _own_directory(path: Path) -> int:
    """Make or check the socket's directory (mode 0700, this user's) and lock it; gives the descriptor of the lock."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            raise StartError(
                f"{path} is open to others (user {status.st_uid}, mode {mode:04o}); run: chmod 0700 {path}"
            )
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartError(f"another signer serves in {path}; end it, or use another directory") from None
    except OSError as error:
        if isinstance(error, StartError):
            raise
        raise StartError(f"{path} cannot be used for the signer's socket: {error.strerror}") from error
    return descriptor


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        # The directory is locked, so a socket that lies there belongs to nobody any more.
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise StartError(
            f"cannot listen on {path}: {error.strerror or error}; a path of up to 107 bytes works"
        ) from error
    return listener


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
