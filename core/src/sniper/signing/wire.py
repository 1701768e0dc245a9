"""What the signer's process and its clients say to each other: one msgpack message per packet (SOCK_SEQPACKET).

A request carries the payload that is to be signed, in its canonical encoding, and nothing about it that the signer
could read there itself.
"""

import socket
import struct
from typing import Any, TypeAlias

import msgspec

from sniper.signer import KillLevel, Purpose
from sniper.signing.rules import Rules

MAX_PACKET = 160 * 1024
"""Bytes. Nodes take transactions of at most 128 KiB; a socket's buffer takes this much without being asked."""


class SignAsk(msgspec.Struct, frozen=True, array_like=True, tag="sign"):
    id: int
    account: str
    sender: str
    purpose: Purpose
    payload: bytes
    fence: int = 0


class TypedAsk(msgspec.Struct, frozen=True, array_like=True, tag="typed"):
    """``payload``: EIP-712 typed data, JSON."""

    id: int
    account: str
    sender: str
    purpose: Purpose
    payload: bytes
    fence: int = 0


class LevelAsk(msgspec.Struct, frozen=True, array_like=True, tag="level"):
    id: int
    level: KillLevel


class AddressesAsk(msgspec.Struct, frozen=True, array_like=True, tag="addresses"):
    id: int


class RulesAsk(msgspec.Struct, frozen=True, array_like=True, tag="rules"):
    """``content``: a signed rules file to judge by from now on; None: only tell what is in force."""

    id: int
    content: bytes | None = None


Ask: TypeAlias = RulesAsk | SignAsk | TypedAsk | LevelAsk | AddressesAsk


class SignedAnswer(msgspec.Struct, frozen=True, array_like=True, tag="signed"):
    id: int
    raw: bytes
    tx_hash: str


class TypedAnswer(msgspec.Struct, frozen=True, array_like=True, tag="typed"):
    id: int
    signature: bytes
    digest: bytes


class RefusedAnswer(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    id: int
    rule: str
    value: str
    limit: str
    remedy: str


class FailedAnswer(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The signer could not do it, and not because of a rule."""

    id: int
    message: str


class AddressesAnswer(msgspec.Struct, frozen=True, array_like=True, tag="addresses"):
    id: int
    addresses: tuple[str, ...]


class DoneAnswer(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    id: int


class RulesAnswer(msgspec.Struct, frozen=True, array_like=True, tag="rules"):
    """What is in force. ``operator``: whose signature changes it; "" where nothing does."""

    id: int
    version: int
    operator: str
    text: str


Answer: TypeAlias = (
    RulesAnswer | SignedAnswer | TypedAnswer | RefusedAnswer | FailedAnswer | AddressesAnswer | DoneAnswer
)


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process that a client starts is told, as JSON, over the descriptor that it inherits. The secret that opens
    the keys follows as a packet of its own (empty where none is needed), so that it can be received into a buffer that
    is wiped.

    rules     As they are, or the text of a file that the operator signed.
    operator  Address that signs rules; "": nobody does.
    source    The fields of the kind's `KeySource`. Any: they differ from kind to kind.
    """

    source: dict[str, Any]
    socket: str
    kill_switch: str
    rules: Rules | str
    operator: str
    parent: int


class Started(msgspec.Struct, frozen=True, tag="started"):
    addresses: tuple[str, ...]


class NotStarted(msgspec.Struct, frozen=True, tag="not-started"):
    """``code``: that of the error, so that a client can raise the same."""

    code: str
    message: str


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end of a unix socket (SO_PEERCRED), as the kernel says."""

    pid: int
    uid: int


def peer_of(connection: socket.socket) -> Peer:
    """For a client: who called listen(2). For a server: who called connect(2)."""
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Peer(pid, uid)
