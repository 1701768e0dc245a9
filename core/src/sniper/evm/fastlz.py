"""How long bytes become under FastLZ level 1, without compressing them: rollups of the OP stack price data by it.

Fjord fixes the variant: Solady's ``LibZip.flzCompress``, which the predeploy ``GasPriceOracle`` calls. Only the length
is computed, for nothing else of the compressed bytes is needed.
"""

from typing import Final

__all__ = ["fastlz_length"]

_HASH_BITS: Final = 13
_FARTHEST: Final = 0x1FFF
"""A match lies at most so far back."""
_TAIL: Final = 14
"""No match begins in the last bytes."""
_REST: Final = 4
"""No match reaches into the last bytes."""
_RUN: Final = 32
"""Most literals behind one control byte."""
_LONG: Final = 262
"""The longest match that one token writes."""


def fastlz_length(data: bytes) -> int:
    """Bytes that ``data`` takes when compressed."""
    table = [0] * (1 << _HASH_BITS)
    limit = len(data) - _TAIL
    size = anchor = 0
    at = 2
    while at < limit:
        found = _match(data, table, at, limit)
        if found is None:
            break
        at, earlier = found
        size += _literals(at - anchor)
        length = _common(data, earlier + 3, at + 3, len(data) - _REST)
        size += _token(length)
        at += length
        for place in (at, at + 1):
            table[_hash(_three(data, place))] = place
        at = anchor = at + 2
    return size + _literals(len(data) - anchor)


def _match(data: bytes, table: list[int], at: int, limit: int) -> tuple[int, int] | None:
    """The next place from ``at`` on that repeats three bytes, and where these stand before it; None: there is none."""
    while at < limit:
        three = _three(data, at)
        slot = _hash(three)
        earlier, table[slot] = table[slot], at
        if at - earlier <= _FARTHEST and _three(data, earlier) == three:
            return at, earlier
        at += 1
    return None


def _common(data: bytes, left: int, right: int, end: int) -> int:
    """How many bytes the two places share, and the first that differs is counted as well."""
    length = 0
    while right + length < end:
        length += 1
        if data[left + length - 1] != data[right + length - 1]:
            break
    return length


def _literals(count: int) -> int:
    whole, rest = divmod(count, _RUN)
    return whole * (_RUN + 1) + (rest + 1 if rest else 0)


def _token(length: int) -> int:
    whole, rest = divmod(length - 1, _LONG)
    return whole * 3 + (3 if rest >= 6 else 2)


def _three(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _hash(three: int) -> int:
    return (three * 2_654_435_769 >> 19) & _FARTHEST
