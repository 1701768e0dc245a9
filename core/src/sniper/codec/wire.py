"""Bytes in and out: msgpack with one spelling per value."""

import reprlib
from typing import Any, Final

import msgspec

from sniper.errors import CodecError

Wire = Any
"""What msgpack knows: None, bool, int, float, str, bytes, list of the same. Any: it is checked where it is read."""

UNWRITABLE: Final = (UnicodeEncodeError, OverflowError, RecursionError, TypeError)
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, RecursionError, OverflowError)

dump = msgspec.msgpack.Encoder().encode
_load = msgspec.msgpack.Decoder().decode


def written(wire: Wire) -> bytes:
    """The bytes. Raises `CodecError`."""
    try:
        return dump(wire)
    except UNWRITABLE as error:
        raise unwritable(error) from error


def read(data: bytes) -> Wire:
    """What the bytes say. Raises `CodecError` for a spelling that is not ours."""
    try:
        wire = _load(data)
        # Writing it again takes 0.1 µs and finds every spelling that is not ours, at any depth.
        same = dump(wire) == data
    except UNREADABLE as error:
        raise CodecError(f"not msgpack: {error} ({len(data)} bytes, starting {data[:16].hex()})") from error
    if not same:
        raise CodecError(
            f"not the canonical spelling ({len(data)} bytes, starting {data[:16].hex()}): another encoder wrote it"
        )
    return wire


def unwritable(error: Exception) -> CodecError:
    """Why something cannot be written."""
    return CodecError(f"cannot be written: {error}; text must be valid Unicode, data not nested without end")


def wrong(where: str, expected: str, found: object) -> CodecError:
    """Another type than the declared one stands there."""
    return CodecError(f"{where}: expected {expected}, found {type(found).__name__} {reprlib.repr(found)}")
