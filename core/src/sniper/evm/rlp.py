"""Recursive length prefix: the serialisation of transactions (Yellow Paper, appendix B).

An item is ``bytes`` or a list of items. Decoding accepts the canonical form only: one value has one encoding, so a
signed payload cannot be said in two ways.
"""

from typing import Final, TypeAlias

from sniper.errors import CodecError

__all__ = ["Item", "decode", "encode", "encode_integer", "encode_list_header"]

Item: TypeAlias = "bytes | list[Item]"

_SMALL: Final = (b"\x80", *(bytes((n,)) for n in range(1, 0x80)))
"""Scalars of seven bits."""
_SHORT: Final = tuple(bytes((0x80 + size,)) for size in range(56))
"""What stands before a string of so many bytes."""


def encode(item: Item) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _header(0x80, len(item)) + item
    body = b"".join([encode(part) for part in item])
    return _header(0xC0, len(body)) + body


def encode_integer(value: int) -> bytes:
    """A scalar: big-endian without leading zeros, zero is empty."""
    if 0 <= value < 0x80:
        return _SMALL[value]
    size = (value.bit_length() + 7) >> 3
    return (_SHORT[size] if size < 56 else _header(0x80, size)) + value.to_bytes(size, "big")


def encode_list_header(size: int) -> bytes:
    """What stands before a list whose encoded items take ``size`` bytes."""
    return _header(0xC0, size)


def decode(data: bytes) -> Item:
    """Raises `CodecError` for anything but exactly one canonical item."""
    item, end = _item(data, 0, len(data), 0)
    if end != len(data):
        raise CodecError(f"RLP: {len(data) - end} bytes after the item")
    return item


def _header(base: int, size: int) -> bytes:
    if size < 56:
        return bytes((base + size,))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((base + 55 + len(length),)) + length


def _item(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    if start >= limit:
        raise CodecError(f"RLP: ends at byte {start} where an item should begin")
    if depth > 16:
        raise CodecError("RLP: nested deeper than any transaction")
    prefix = data[start]
    if prefix < 0x80:
        return data[start : start + 1], start + 1
    base = 0x80 if prefix < 0xC0 else 0xC0
    begin, size = start + 1, prefix - base
    if size > 55:
        width = size - 55
        length = data[begin : begin + width]
        begin, size = begin + width, int.from_bytes(length, "big")
        if len(length) != width or not length[0] or size < 56:
            raise CodecError(f"RLP: length at byte {start} is not canonical")
    end = begin + size
    if end > limit:
        raise CodecError(f"RLP: item at byte {start} ends {end - limit} bytes after the data")
    if base == 0x80:
        if size == 1 and data[begin] < 0x80:
            raise CodecError(f"RLP: byte at {start} is not canonical")
        return data[begin:end], end
    items: list[Item] = []
    while begin < end:
        item, begin = _item(data, begin, end, depth + 1)
        items.append(item)
    return items, end
