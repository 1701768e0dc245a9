"""What a token's code lets people call, and whom it might obey: where to look, not what to believe."""

from functools import lru_cache
from itertools import cycle
from typing import Any, Final

from sniper.errors import SniperError
from sniper.evm.abi import function
from sniper.plugin import Frozen

MOST_FUNCTIONS: Final = 64
MOST_CODE: Final = 100_000
"""Bytes that are looked at; no chain's contracts are longer (EIP-170: 24,576; some chains allow more)."""
NUMBERS: Final = (0, 1, 100, 10_000, 2**255, None)
"""What is tried for a number: nothing, a little, all in percent and in bps, more than there is; and an address, for
nothing in an array of addresses says that it is one."""

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


class Callable(Frozen):
    """A function that changes something. ``types``: of its arguments, as the ABI writes them."""

    selector: bytes
    types: tuple[str, ...]


class Surface(Frozen):
    """``constants``: addresses that stand in the code itself, an owner's among them, perhaps."""

    functions: tuple[Callable, ...]
    constants: tuple[str, ...]


def surface(code: bytes) -> Surface:
    """Read it out of runtime bytecode. Pure; runs in a worker."""
    import evmole

    found = evmole.contract_info(code[:MOST_CODE], selectors=True, arguments=True, state_mutability=True)
    functions = [
        Callable(selector=bytes.fromhex(each.selector), types=_types(each.arguments or ""))
        for each in found.functions or ()
        if each.state_mutability not in ("view", "pure")
    ]
    wanted = [each for each in functions if each.selector not in _STANDARD]
    return Surface(functions=tuple(wanted[:MOST_FUNCTIONS]), constants=_constants(code[:MOST_CODE]))


def calls(what: Callable, people: tuple[str, ...]) -> list[bytes]:
    """Calldata to try: addresses are ``people`` in turn, numbers and booleans go through what usually matters. Empty
    where an argument is of a kind that nothing sensible is known for."""
    if not what.types:
        return [what.selector]
    found = []
    for turn, number in enumerate(NUMBERS):
        addresses = cycle(people[turn % len(people) :] + people[: turn % len(people)])
        try:
            arguments = [_argument(kind, addresses, number, turn) for kind in what.types]
            data = what.selector + _codec(what.types).encode(*arguments)[4:]
        except (SniperError, LookupError):
            continue
        if data not in found:
            found.append(data)
    return found


@lru_cache(maxsize=1024)
def _codec(types: tuple[str, ...]) -> Any:  # Any: sniper.evm.abi.Function
    return function(f"f({','.join(types)})")


def _types(text: str) -> tuple[str, ...]:
    """Top-level types of ``uint256,(address,bool)[]``."""
    found, depth, begin = [], 0, 0
    for place, char in enumerate(text + ","):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            found.append(text[begin:place])
            begin = place + 1
    return tuple(each for each in found if each)


def _argument(kind: str, addresses: "cycle[str]", number: int | None, turn: int) -> Any:
    """Raises `LookupError` for a kind that is not tried."""
    if kind.endswith("[]"):
        return [_argument(kind[:-2], addresses, number, turn)]
    if kind == "address":
        return next(addresses)
    if kind == "bool":
        return turn % 2 == 0
    number = int(next(addresses), 16) if number is None else number
    if kind.startswith("uint") and kind[4:].isdigit():
        return min(number, 2 ** int(kind[4:]) - 1)
    if kind == "bytes32":
        return number.to_bytes(32, "big")
    raise LookupError(kind)


def _constants(code: bytes) -> tuple[str, ...]:
    """Operands of PUSH20 (0x73) that are no mask and no precompile."""
    found: dict[str, None] = {}
    place = 0
    while place < len(code):
        op = code[place]
        size = op - 0x5F if 0x5F <= op <= 0x7F else 0
        if size == 20:
            operand = code[place + 1 : place + 21]
            if len(operand) == 20 and len(set(operand)) > 4:
                found["0x" + operand.hex()] = None
        place += 1 + size
    return tuple(found)[:16]
