"""Who receives in a call of Uniswap's Universal Router 2.x: its commands hide it in their inputs.

Sources: universal-router (Commands, Dispatcher), v4-periphery (Actions, CalldataDecoder). Only what a trade needs is
known here; what is not known is refused, and so is every encoding but the canonical one, which the router and this
reader cannot take for two different things.
"""

from collections.abc import Iterator
from typing import Final

from sniper.errors import SniperError
from sniper.evm.abi import function

_EXECUTE: Final = function("execute(bytes commands, bytes[] inputs, uint256 deadline)")
_V4_SWAP: Final = function("input(bytes actions, bytes[] parameters)")

_RECIPIENT: Final = {0x00: 0, 0x02: 1, 0x04: 1, 0x08: 0, 0x0B: 0, 0x0C: 0}
"""Command, then the word of its input that receives: V3_SWAP_EXACT_IN, PERMIT2_TRANSFER_FROM, SWEEP, V2_SWAP_EXACT_IN,
WRAP_ETH, UNWRAP_WETH."""

_V4: Final = 0x10
_V4_RECIPIENT: Final = {0x06: None, 0x0B: None, 0x0E: 1}
"""Action, likewise: SWAP_EXACT_IN_SINGLE and SETTLE pay nobody, TAKE does."""

_MSG_SENDER, _ADDRESS_THIS = (number.to_bytes(32, "big") for number in (1, 2))
_WORD: Final = 32


class UnreadableCommands(SniperError, ValueError):
    """The call holds something that is not known here."""

    code = "unreadable-commands"


def strangers(calldata: bytes, sender: bytes) -> list[str]:
    """Receivers that are neither the sender (a word) nor the router itself, as hex. Raises `UnreadableCommands`."""
    commands, inputs, deadline = _lists(calldata[4:], 3)
    _canonical(_EXECUTE.encode(commands, inputs, int.from_bytes(deadline, "big")), calldata)
    if len(commands) != len(inputs):
        raise UnreadableCommands(f"{len(commands)} commands with {len(inputs)} inputs")
    receivers = [word for number, given in zip(commands, inputs, strict=True) for word in _receivers(number, given)]
    return [f"0x{word.hex()}" for word in receivers if word not in (sender, _MSG_SENDER, _ADDRESS_THIS)]


def _receivers(number: int, given: bytes) -> Iterator[bytes]:
    if number == _V4:
        actions, parameters, _ = _lists(given, 2)
        _canonical(_V4_SWAP.encode(actions, parameters)[4:], given)
        if len(actions) != len(parameters):
            raise UnreadableCommands(f"{len(actions)} actions with {len(parameters)} parameters")
        for action, of_action in zip(actions, parameters, strict=True):
            if action not in _V4_RECIPIENT:
                raise UnreadableCommands(f"action 0x{action:02x} of V4")
            position = _V4_RECIPIENT[action]
            if position is not None:
                yield _word(of_action, position)
    elif number in _RECIPIENT:
        yield _word(given, _RECIPIENT[number])
    else:
        raise UnreadableCommands(f"command 0x{number:02x}")


def _lists(data: bytes, head: int) -> tuple[bytes, list[bytes], bytes]:
    """The first argument (bytes), the second (bytes[]), and the last word of a head of so many words."""
    inputs = _offset(data, _WORD)
    first = inputs + _WORD
    count = _offset(data, inputs)
    parts: list[bytes] = []
    room = len(data)
    for number in range(count):
        parts.append(_bytes(data, first + _offset(data, first + _WORD * number)))
        room -= len(parts[-1]) + _WORD
        if room < 0:  # before they fill the memory: parts that overlap are not canonical either
            raise UnreadableCommands(f"{count} parts that overlap")
    return _bytes(data, _offset(data, 0)), parts, data[_WORD * (head - 1) : _WORD * head]


def _bytes(data: bytes, at: int) -> bytes:
    return data[at + _WORD : at + _WORD + _offset(data, at)]


def _offset(data: bytes, at: int) -> int:
    """A word that counts bytes within ``data`` or what lies there."""
    value = int.from_bytes(_word(data[at : at + _WORD], 0), "big")
    if value > len(data):
        raise UnreadableCommands(f"an offset or length of {value} in {len(data)} bytes")
    return value


def _word(data: bytes, position: int) -> bytes:
    word = data[_WORD * position : _WORD * (position + 1)]
    if len(word) != _WORD:
        raise UnreadableCommands(f"an input of {len(data)} bytes, which ends before its word {position}")
    return word


def _canonical(expected: bytes, found: bytes) -> None:
    if expected != found:
        raise UnreadableCommands("an encoding that is not the canonical one")
