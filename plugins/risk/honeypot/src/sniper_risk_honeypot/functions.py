"""What a token's code lets people call, and whom it might obey: where to look, not what to believe."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import cycle
from typing import Any, Final

from sniper.errors import SniperError
from sniper.evm.abi import function
from sniper.plugin import Frozen

MOST_FUNCTIONS: Final = 64
MOST_CODE: Final = 100_000
"""Bytes that are looked at; no chain's contracts are longer (EIP-170: 24,576; some chains allow more)."""
NUMBERS: Final = (None, 0, 1, 100, 10_000, 2**255)
"""What is tried for a number: an address, for code does not say that an array is one of addresses; nothing, a little,
all in percent and in bps, more than there is."""

BASEFEE, PUSH0, PUSH20, PUSH32 = 0x48, 0x5F, 0x73, 0x7F

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
    """What was read out of code.

    constants      Addresses that stand in the code itself, an owner's among them, perhaps.
    left_out       Functions beyond `MOST_FUNCTIONS`.
    sees_base_fee  Whether it looks at the base fee, which neither revm nor every node shows a simulation.
    """

    functions: tuple[Callable, ...]
    constants: tuple[str, ...]
    sees_base_fee: bool = False
    left_out: int = 0


def surface(code: bytes) -> Surface:
    """Read it out of runtime bytecode. Pure; runs in a worker."""
    import evmole

    code = code[:MOST_CODE]
    found = evmole.contract_info(code, selectors=True, arguments=True, state_mutability=True)
    functions = [
        Callable(selector=bytes.fromhex(each.selector), types=_types(each.arguments or ""))
        for each in found.functions or ()
        if each.state_mutability not in ("view", "pure")
    ]
    wanted = [each for each in functions if each.selector not in _STANDARD]
    operations = list(_operations(code))
    places = [place for place, op, _ in operations if op == BASEFEE]
    if places:  # it may be data: look where the code can get to
        graph = evmole.contract_info(code, control_flow_graph=True).control_flow_graph
        blocks = graph.blocks if graph else []
        places = [place for place in places if any(block.start <= place <= block.end for block in blocks)]
    return Surface(
        functions=tuple(wanted[:MOST_FUNCTIONS]),
        constants=_constants(operations),
        sees_base_fee=bool(places),
        left_out=len(wanted[MOST_FUNCTIONS:]),
    )


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


def _operations(code: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Place, opcode and operand, one after the other, data included."""
    place = 0
    while place < len(code):
        op = code[place]
        size = op - PUSH0 if PUSH0 <= op <= PUSH32 else 0
        yield place, op, code[place + 1 : place + 1 + size]
        place += 1 + size


def _constants(operations: Iterable[tuple[int, int, bytes]]) -> tuple[str, ...]:
    """Operands of PUSH20 that are no mask and no precompile."""
    operands = (operand for _, op, operand in operations if op == PUSH20 and len(operand) == 20)
    return tuple(dict.fromkeys("0x" + operand.hex() for operand in operands if len(set(operand)) > 4))[:16]
