"""Who receives, and what is paid, in a call of Uniswap's Universal Router 2.x: its commands hide it in their inputs.

Sources: universal-router (Commands, Dispatcher), v4-periphery (Actions, CalldataDecoder). Only what a trade needs is
known here; what is not known is refused, and so is every encoding but the canonical one, which the router and this
reader cannot take for two different things.
"""

from collections.abc import Iterator
from typing import Final

from sniper.evm.abi import function
from sniper.signing.calldata import WORD, UnreadableCall, address, dynamic, first_address, number, offset, parts, word

EXECUTE: Final = function("execute(bytes commands, bytes[] inputs, uint256 deadline)")
_V4_SWAP: Final = function("input(bytes actions, bytes[] parameters)")

_RECIPIENT: Final = {0x00: 0, 0x02: 1, 0x04: 1, 0x08: 0, 0x0B: 0, 0x0C: 0}
"""Command, then the word of its input that receives: V3_SWAP_EXACT_IN, PERMIT2_TRANSFER_FROM, SWEEP, V2_SWAP_EXACT_IN,
WRAP_ETH, UNWRAP_WETH."""

_V3_SWAP, _COLLECT, _V2_SWAP = 0x00, 0x02, 0x08
_V4: Final = 0x10
_V4_RECIPIENT: Final = {0x06: None, 0x0B: None, 0x0E: 1}
"""Action, likewise: SWAP_EXACT_IN_SINGLE and SETTLE pay nobody, TAKE does."""

_SETTLE: Final = 0x0B
_MSG_SENDER, _ADDRESS_THIS = (n.to_bytes(WORD, "big") for n in (1, 2))

_Spent = tuple[str, int]


def movements(data: bytes) -> tuple[tuple[bytes, ...], tuple[_Spent, ...]]:
    """Receivers (words) that the router does not understand as the sender or itself, and what is taken of the sender:
    (token, amount). ``data``: the arguments of ``execute``. Raises `UnreadableCall`."""
    commands, inputs = dynamic(data, offset(data, 0)), parts(data, offset(data, WORD))
    _canonical(EXECUTE.encode(commands, inputs, number(data, 2))[4:], data)
    if len(commands) != len(inputs):
        raise UnreadableCall(f"{len(commands)} commands with {len(inputs)} inputs")
    receivers: list[bytes] = []
    spent: list[_Spent] = []
    for command, given in zip(commands, inputs, strict=True):
        if command == _V4:
            for action, of_action in _actions(given):
                position = _V4_RECIPIENT[action]
                if position is not None:
                    receivers.append(word(of_action, position))
                if action == _SETTLE:
                    spent += _settled(of_action)
        elif command in _RECIPIENT:
            receivers.append(word(given, _RECIPIENT[command]))
            spent += _paid(command, given)
        else:
            raise UnreadableCall(f"command 0x{command:02x}")
    return tuple(each for each in receivers if each not in (_MSG_SENDER, _ADDRESS_THIS)), tuple(spent)


def _actions(given: bytes) -> Iterator[tuple[int, bytes]]:
    actions, parameters = dynamic(given, offset(given, 0)), parts(given, offset(given, WORD))
    _canonical(_V4_SWAP.encode(actions, parameters)[4:], given)
    if len(actions) != len(parameters):
        raise UnreadableCall(f"{len(actions)} actions with {len(parameters)} parameters")
    for action, of_action in zip(actions, parameters, strict=True):
        if action not in _V4_RECIPIENT:
            raise UnreadableCall(f"action 0x{action:02x} of V4")
        yield action, of_action


def _paid(command: int, given: bytes) -> list[_Spent]:
    if command == _COLLECT:
        return [(address(word(given, 0)), number(given, 2))]
    if command not in (_V3_SWAP, _V2_SWAP) or not number(given, 4):  # payerIsUser
        return []
    if command == _V2_SWAP:
        return [(first_address(given, 3), number(given, 1))]
    path = dynamic(given, offset(given, WORD * 3))
    if len(path) < 20:
        raise UnreadableCall(f"a path of {len(path)} bytes")
    return [(f"0x{path[:20].hex()}", number(given, 1))]


def _settled(given: bytes) -> list[_Spent]:
    if not number(given, 2):  # payerIsUser
        return []
    if not number(given, 1):  # OPEN_DELTA: what the swap turns out to owe
        raise UnreadableCall("a payment by the sender whose amount is not in the call")
    return [(address(word(given, 0)), number(given, 1))]


def _canonical(expected: bytes, found: bytes) -> None:
    if expected != found:
        raise UnreadableCall("an encoding that is not the canonical one")
