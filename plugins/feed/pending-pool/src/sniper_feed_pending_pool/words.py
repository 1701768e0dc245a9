"""Reading single words of calldata. Contracts ignore what follows their arguments, so it may have any length here."""

from sniper_feed_pending_pool.pending import Nonsense

WORD = 32


def number(arguments: bytes, place: int) -> int:
    """The word at ``place``, counted in words. Raises `Nonsense` where the calldata ends before."""
    word = arguments[place * WORD : (place + 1) * WORD]
    if len(word) < WORD:
        raise Nonsense(f"calldata of {len(arguments)} bytes ends before its argument {place}")
    return int.from_bytes(word)


def address(arguments: bytes, place: int) -> str:
    """As `number`. Raises `Nonsense` where the word is no address."""
    found = number(arguments, place)
    if found >> 160:
        raise Nonsense(f"argument {place} is {found:#x}, which is no address")
    return f"0x{found:040x}"


def parts(arguments: bytes, place: int, most: int) -> list[bytes]:
    """The first ``most`` elements of the ``bytes[]`` whose offset stands at ``place`` (Solidity ABI specification,
    "Use of Dynamic Types"). Raises `Nonsense` where one lies outside of the calldata."""
    begin = number(arguments, place)
    inside = arguments[begin:] if begin <= len(arguments) else b""
    count = number(inside, 0)
    array = inside[WORD:]
    found = []
    for each in range(min(count, most)):
        offset = number(array, each)
        part = array[offset:] if offset <= len(array) else b""
        length = number(part, 0)
        if length > len(part) - WORD:
            raise Nonsense(f"element {each} of {count} is {length} bytes long, and the calldata is not")
        found.append(part[WORD : WORD + length])
    return found
