"""Who asks: ``X-Flashbots-Signature``, by which a relay knows its users and nobody can cancel what another one sent.

``address:signature``, where the signature (65 bytes, hex) is one of EIP-191 over the text of the request body's keccak,
written as ``0x`` and 64 hex digits. Source: Flashbots documentation, "JSON-RPC Endpoints", Authentication.
"""

from typing import Final

import coincurve

from sniper.evm.keccak import keccak256
from sniper.evm.transaction import SigningKey
from sniper_sdk.relay.refusal import Refused

HEADER: Final = "X-Flashbots-Signature"
_PREFIX: Final = b"\x19Ethereum Signed Message:\n66"


def header(key: SigningKey, body: bytes) -> str:
    """The header's value for this body."""
    return f"{key.address}:0x{key.sign(_message(body)).hex()}"


def signer_of(value: str | None, body: bytes) -> str:
    """The address that signed this body, lower-case. Raises `Refused` where there is none or it is another one's."""
    if not value:
        raise Refused(f"missing {HEADER}", number=-32600, status=403)
    address, _, text = value.partition(":")
    try:
        signature = bytes.fromhex(text.removeprefix("0x"))
        if len(signature) != 65:
            raise ValueError("a signature has 65 bytes")
        parity = signature[64] - 27 if signature[64] >= 27 else signature[64]
        key = coincurve.PublicKey.from_signature_and_message(
            signature[:64] + bytes((parity,)), keccak256(_message(body)), hasher=None
        )
    except ValueError as error:
        raise Refused(f"{HEADER} cannot be read: {error}", number=-32600, status=403) from None
    found = "0x" + keccak256(key.format(compressed=False)[1:])[12:].hex()
    if found != address.lower():
        raise Refused(f"{HEADER} says {address.lower()} and was signed by {found}", number=-32600, status=403)
    return found


def _message(body: bytes) -> bytes:
    return _PREFIX + b"0x" + keccak256(body).hex().encode()
