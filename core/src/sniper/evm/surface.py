"""What a contract's code lets people call, and whom it might obey: where to look, not what to believe.

One scan for all who try functions of foreign contracts. On the 356 contracts on which owner-powers is measured it finds
exactly the selectors that following the dispatcher symbolically finds, at a hundredth of the cost, and it tells the
types of arguments besides.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Any, Final

from sniper.errors import SniperError
from sniper.evm.abi import Function, function
from sniper.plugin import Frozen

__all__ = ["Callable", "Surface", "calldata", "selectors", "surface"]

MOST_CODE: Final = 100_000
"""Bytes that are looked at; no chain's contracts are longer (EIP-170: 24,576; some chains allow more)."""
MOST_CONSTANTS: Final = 16

_BALANCE_OF: Final = function("balanceOf(address)(uint256)").selector

BASEFEE, PUSH0, PUSH20, PUSH32 = 0x48, 0x5F, 0x73, 0x7F


class Callable(Frozen):
    """A function. ``types``: of its arguments, as the ABI writes them; ``changes``: it is no view."""

    selector: bytes
    types: tuple[str, ...]
    changes: bool = True


class Surface(Frozen):
    """What was read out of code.

    constants      Addresses that stand in the code itself, an owner's among them, perhaps.
    sees_base_fee  Whether it looks at the base fee, which neither revm nor every node shows a simulation.
    """

    functions: tuple[Callable, ...]
    constants: tuple[str, ...]
    sees_base_fee: bool = False


def surface(code: bytes) -> Surface:
    """Read it out of runtime bytecode. Pure, for any input; made for `sniper.io.Io.compute`."""
    import evmole  # takes a while to import

    code = code[:MOST_CODE]
    found = evmole.contract_info(code, selectors=True, arguments=True, state_mutability=True)
    operations = list(_operations(code))
    places = [place for place, op, _ in operations if op == BASEFEE]
    if places:  # it may be data: look where the code can get to
        graph = evmole.contract_info(code, control_flow_graph=True).control_flow_graph
        blocks = graph.blocks if graph else []
        places = [place for place in places if any(block.start <= place <= block.end for block in blocks)]
    return Surface(
        functions=tuple(
            Callable(
                selector=bytes.fromhex(each.selector),
                types=_types(each.arguments or ""),
                changes=each.state_mutability not in ("view", "pure"),
            )
            for each in found.functions or ()
        ),
        constants=_constants(operations),
        sees_base_fee=bool(places),
    )


def selectors(code: bytes) -> frozenset[int]:
    """Of all functions of runtime bytecode: the same as `surface` finds, for those who need nothing else. Pure."""
    import evmole

    found = evmole.contract_info(code[:MOST_CODE], selectors=True)
    return frozenset(int(each.selector, 16) for each in found.functions or ())


def calldata(what: Callable, people: Sequence[str], number: int | None, *, yes: bool) -> bytes | None:
    """A call of a function; None where an argument is of a kind that nothing sensible is known for.

    Addresses are ``people`` in turn, an array has one element, a number is ``number``, or where that is None the next
    of the people, for code does not say that an array is one of addresses; a boolean is ``yes``, bytes and text are
    empty, and ``bytes4`` is ``balanceOf``.
    """
    if not what.types:
        return what.selector
    addresses = cycle(people)
    try:
        arguments = [_argument(kind, addresses, number, yes) for kind in what.types]
        return what.selector + _codec(what.types).encode(*arguments)[4:]
    except (SniperError, LookupError):
        return None


@lru_cache(maxsize=1024)
def _codec(types: tuple[str, ...]) -> Function:
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


def _argument(kind: str, addresses: Iterator[str], number: int | None, yes: bool) -> Any:
    """Any: as the ABI type asks. Raises `LookupError` for a kind that is not tried."""
    if kind.endswith("[]"):
        return [_argument(kind[:-2], addresses, number, yes)]
    if kind == "address":
        return next(addresses)
    if kind == "bool":
        return yes
    if kind in ("bytes", "string"):
        return b"" if kind == "bytes" else ""
    if kind == "bytes4":  # which function a diamond should replace, as a rule
        return _BALANCE_OF
    number = int(next(addresses), 16) if number is None else number
    if kind.startswith("uint") and kind[4:].isdigit():
        return max(0, min(number, 2 ** int(kind[4:]) - 1))
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
    """Operands of PUSH20, and of PUSH32 with twelve zeros in front (an immutable), that are no mask and no
    precompile."""
    found: dict[str, None] = {}
    for _, op, operand in operations:
        known = operand if op == PUSH20 else operand[12:] if op == PUSH32 and not any(operand[:12]) else b""
        if len(known) == 20 and len(set(known)) > 4:
            found["0x" + known.hex()] = None
    return tuple(found)[:MOST_CONSTANTS]
