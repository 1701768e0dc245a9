"""Reading calldata as the contract that gets it would: words, and what offsets lead to (Solidity ABI specification)."""

from sniper.errors import SniperError

WORD = 32


class UnreadableCall(SniperError, ValueError):
    """The call holds something that is not known here, or ends too early."""

    code = "unreadable-call"


def word(data: bytes, position: int) -> bytes:
    """Word number ``position`` of arguments, without the selector."""
    found = data[WORD * position : WORD * (position + 1)]
    if len(found) != WORD:
        raise UnreadableCall(f"an input of {len(data)} bytes, which ends before its word {position}")
    return found


def number(data: bytes, position: int) -> int:
    return int.from_bytes(word(data, position), "big")


def address(found: bytes) -> str:
    """An address in a word, lower-case hex."""
    if any(found[:12]):
        raise UnreadableCall(f"0x{found.hex()}, which is no address")
    return f"0x{found[12:].hex()}"


def offset(data: bytes, at: int) -> int:
    """A word at a byte that counts bytes within ``data``, or items that lie there."""
    value = int.from_bytes(word(data[at : at + WORD], 0), "big")
    if value > len(data):
        raise UnreadableCall(f"an offset or length of {value} in {len(data)} bytes")
    return value


def dynamic(data: bytes, at: int) -> bytes:
    """``bytes`` whose length stands at a byte."""
    start = at + WORD
    found = data[start : start + offset(data, at)]
    if len(found) != offset(data, at):
        raise UnreadableCall("bytes that end before their length")
    return found


def parts(data: bytes, at: int) -> list[bytes]:
    """``bytes[]`` whose count stands at a byte."""
    first, count = at + WORD, offset(data, at)
    found: list[bytes] = []
    room = len(data)
    for n in range(count):
        found.append(dynamic(data, first + offset(data, first + WORD * n)))
        room -= len(found[-1]) + WORD
        if room < 0:  # before they fill the memory: parts that overlap are not canonical either
            raise UnreadableCall(f"{count} parts that overlap")
    return found


def first_address(data: bytes, position: int) -> str:
    """The first of the ``address[]`` that argument ``position`` leads to."""
    at = number(data, position)
    if at % WORD or offset(data, at) == 0:
        raise UnreadableCall(f"a path at byte {at}, which is empty or none")
    return address(word(data, at // WORD + 1))
