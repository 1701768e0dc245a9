"""Call data from signatures as people write them: ``calldata("transfer(address,uint256)", to, amount)``."""

from functools import cache
from typing import Any

from sniper.evm.keccak import keccak256


@cache
def selector(signature: str) -> bytes:
    """The first four bytes of the signature's keccak, for example ``a9059cbb`` for ``transfer(address,uint256)``."""
    return keccak256(signature.encode())[:4]


@cache
def topic(signature: str) -> str:
    """The first topic of an event, as hex with 0x."""
    return "0x" + keccak256(signature.encode()).hex()


def calldata(signature: str, *arguments: Any) -> bytes:
    """Selector and encoded arguments. Structs are written as tuples: ``mint((address,uint256),bool)``."""
    return selector(signature) + encoded(_argument_types(signature), arguments)


def encoded(types: tuple[str, ...], arguments: tuple[Any, ...]) -> bytes:
    """ABI encoding without a selector, as constructors take it."""
    if not types and not arguments:
        return b""
    from eth_abi.abi import encode  # 0.5 s to import, so only where there is something to encode

    return encode(types, arguments)


def decoded(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    """The values that a call returned."""
    from eth_abi.abi import decode

    return decode(types, data)


@cache
def _argument_types(signature: str) -> tuple[str, ...]:
    listed = signature[signature.index("(") :]
    if listed == "()":
        return ()
    from eth_abi.grammar import TupleType, parse

    parsed = parse(listed)
    assert isinstance(parsed, TupleType)
    return tuple(component.to_type_str() for component in parsed.components)
