"""Plain values as bytes: what methods are called with, what questions are answered with.

None, bool, int, str, bytes, and sequences of them, which arrive as lists. msgpack has no integers above 64 bits, so
those travel as an extension: two's complement, big-endian, at most 33 bytes.
"""

from typing import Any, Final

import msgspec

from sniper.errors import CodecError

_WIDE: Final = 1
_BYTES: Final = 33
_LOW, _HIGH = -(2**63), 2**64 - 1


def pack(*values: Any) -> bytes:  # Any: what the first line of this page lists
    """Raises `CodecError` for anything else."""
    try:
        return _encode([_narrow(each) for each in values])
    except (TypeError, OverflowError, UnicodeEncodeError, RecursionError) as error:
        raise CodecError(f"cannot be sent: {error}") from error


def unpack(data: bytes) -> list[Any]:
    """The values. Raises `CodecError` for bytes that `pack` did not make."""
    try:
        found = _decode(data)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise CodecError(f"cannot be read: {error}") from error
    if type(found) is not list:
        raise CodecError(f"cannot be read: {type(found).__name__} instead of a list of values")
    return found


def _narrow(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        if _LOW <= value <= _HIGH:
            return value
        return msgspec.msgpack.Ext(_WIDE, value.to_bytes(_BYTES, "big", signed=True))
    if kind is list or kind is tuple:
        return [_narrow(each) for each in value]
    if value is None or kind in (str, bool, bytes):
        return value
    raise TypeError(f"{kind.__name__} {value!r:.80}")


def _extended(code: int, data: memoryview) -> int:
    if code != _WIDE or len(data) != _BYTES:
        raise ValueError(f"extension {code} of {len(data)} bytes")
    return int.from_bytes(data, "big", signed=True)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ext_hook=_extended).decode
