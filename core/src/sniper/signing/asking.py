"""One question to a running signer, for a command that has no event loop."""

import socket
from pathlib import Path

import msgspec

from sniper.signer import SignerUnreachable
from sniper.signing.wire import MAX_PACKET, Answer, Ask

_PATIENCE = 10.0


def ask(path: Path, question: Ask) -> Answer:
    """``path``: its socket. Raises `SignerUnreachable`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
            connection.send(msgspec.msgpack.encode(question), socket.MSG_NOSIGNAL)
            packet = connection.recv(MAX_PACKET)
        except OSError as error:
            raise SignerUnreachable(f"no signer answers on {path}: {error.strerror or error}; start it") from error
    if not packet:
        raise SignerUnreachable(f"the signer on {path} hung up; see what it wrote to its log")
    answer: Answer = msgspec.msgpack.decode(packet, type=Answer)
    return answer
