"""Which functions of a token are tried as an owner, and with what."""

from collections.abc import Iterable
from typing import Final

from sniper.evm.abi import function
from sniper.evm.surface import Callable, calldata

__all__ = ["Callable", "calls", "wanted"]

MOST_FUNCTIONS: Final = 64
NUMBERS: Final = (None, 0, 1, 100, 10_000, 2**255)
"""What is tried for a number: an address; nothing, a little, all in percent and in bps, more than there is."""

_STANDARD: Final = frozenset(
    function(signature).selector
    for signature in (
        "transfer(address,uint256)",
        "transferFrom(address,address,uint256)",
        "approve(address,uint256)",
        "increaseAllowance(address,uint256)",
        "decreaseAllowance(address,uint256)",
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    )
)
"""What everybody calls for himself."""


def wanted(functions: Iterable[Callable]) -> tuple[tuple[Callable, ...], int]:
    """Those that change something and that not everybody has a use for, each once, and how many there was no room
    for. Where there are several of one selector, the first of them is the one that a call reaches."""
    each: dict[bytes, Callable] = {}
    for what in functions:
        if what.changes and what.selector not in _STANDARD:
            each.setdefault(what.selector, what)
    return tuple(each.values())[:MOST_FUNCTIONS], len(each) - min(len(each), MOST_FUNCTIONS)


def calls(what: Callable, people: tuple[str, ...]) -> list[bytes]:
    """Calldata to try: addresses are ``people`` in turn, numbers and booleans go through what usually matters. Empty
    where an argument is of a kind that nothing sensible is known for."""
    found: dict[bytes, None] = {}
    for turn, number in enumerate(NUMBERS):
        turned = people[turn % len(people) :] + people[: turn % len(people)]
        data = calldata(what, turned, number, yes=turn % 2 == 0)
        if data is not None:
            found[data] = None
    return list(found)
