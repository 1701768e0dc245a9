"""Why a contract call reverted, from its return data.

Sources: Solidity documentation, "Panic via assert and Error via require" (Error(string), the panic codes), "Errors".
"""

from typing import Final

from sniper.errors import CallReverted, CodecError
from sniper.evm.abi import function

__all__ = ["Reverted", "revert_reason"]

_PANICS: Final = {
    0x00: "generic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "no such enum value",
    0x22: "badly encoded storage",
    0x31: "pop of an empty array",
    0x32: "index out of range",
    0x41: "too much memory",
    0x51: "call of an unset function",
}
_MAX_TEXT: Final = 200


class Reverted(CallReverted):
    """``reason``: decoded, short; ``data``: what the call returned, empty when the node did not tell."""

    def __init__(self, to: str, reason: str, data: bytes = b"") -> None:
        super().__init__(f"call of {to} reverted: {reason}")
        self.reason = reason
        self.data = data


def revert_reason(data: bytes) -> str:
    """Never raises: what a hostile contract returns is shown as it is, shortened."""
    if not data:
        return "no reason given"
    selector, arguments = data[:4].hex(), data[4:]
    try:
        if selector == "08c379a0":
            return _printable(_text(arguments)) or "an empty reason"
        if selector == "4e487b71":
            (panic,) = function("Panic(uint256)(uint256)").decode(arguments)
            return f"panic {panic:#04x}: {_PANICS.get(panic, 'unknown')}"
    except CodecError:
        return f"malformed reason {_shortened(data.hex())}"
    return f"custom error 0x{selector}" + (f" {_shortened(arguments.hex())}" if arguments else "")


def _text(arguments: bytes) -> str:
    """By hand, because the generic decoder of strings takes a third of a second to import, in the middle of a trade."""
    size = int.from_bytes(arguments[32:64], "big")
    if int.from_bytes(arguments[:32], "big") != 32 or len(arguments) < 64 + size:
        raise CodecError("not the encoding of one string")
    return arguments[64 : 64 + min(size, 4 * _MAX_TEXT + 4)].decode(errors="replace")


def _printable(text: str) -> str:
    """A token's text ends up in logs and on terminals: no control characters, no endless lines."""
    clean = "".join(character if character.isprintable() else "?" for character in text[: _MAX_TEXT + 1])
    return clean if len(clean) <= _MAX_TEXT else clean[:_MAX_TEXT] + "…"


def _shortened(text: str) -> str:
    return "0x" + (text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…")
