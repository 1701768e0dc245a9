"""A transaction of a Safe, as its owners sign it and as they pass it around.

Sources: ``Safe.getTransactionHash`` and ``SAFE_TX_TYPEHASH`` (Safe 1.3 and newer; 1.5 checked), EIP-712; the Safe
Transaction Service's ``POST /api/v1/safes/{address}/multisig-transactions/``; EIP-55.
"""

from typing import Any, Final

from sniper.evm.keccak import keccak256
from sniper.signer import SignRequest
from sniper.signing.typed import document

_ZERO: Final = "0x" + "0" * 40
_ORIGIN: Final = "sniper"


def typed_data(request: SignRequest, nonce: int) -> bytes:
    """What an owner signs: a plain call by the Safe ``request.sender``, for which whoever executes it pays.

    nonce  The Safe's own; that of the request means nothing to it.
    """
    domain = {"chainId": request.chain_id, "verifyingContract": request.sender}
    return document("SafeTx", domain, _message(request, nonce))


def body(request: SignRequest, nonce: int, digest: str, owner: str, signature: bytes) -> dict[str, Any]:
    """What a transaction service takes, as JSON. Any: its fields are text, numbers and nothing."""
    fields = _message(request, nonce)
    for name in ("to", "gasToken", "refundReceiver"):
        fields[name] = checksummed(fields[name])
    for name in ("value", "safeTxGas", "baseGas", "gasPrice"):
        fields[name] = str(fields[name])
    return {
        **fields,
        "contractTransactionHash": digest,
        "sender": checksummed(owner),
        "signature": f"0x{signature.hex()}",
        "origin": _ORIGIN,
    }


def checksummed(address: str) -> str:
    """EIP-55: a letter is a capital where the hash of the lower-case address has a digit of 8 or more."""
    plain = address[2:].lower()
    marks = keccak256(plain.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(mark, 16) >= 8 else letter for letter, mark in zip(plain, marks, strict=False)
    )


def _message(request: SignRequest, nonce: int) -> dict[str, Any]:
    return {
        "to": request.to,
        "value": request.value,
        "data": f"0x{request.data.hex()}",
        "operation": 0,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": _ZERO,
        "refundReceiver": _ZERO,
        "nonce": nonce,
    }
