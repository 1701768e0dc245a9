"""A block and transactions, as nodes tell them."""

from typing import Any

BLOCK = {
    "hash": "0x" + "bb" * 32,
    "number": "0x10",
    "baseFeePerGas": hex(10**9),
    "gasUsed": hex(15_000_000),
    "gasLimit": hex(30_000_000),
    "transactions": [],
}


def transaction(number: int, **changed: Any) -> dict[str, Any]:
    """As a node tells it."""
    return {
        "hash": f"0x{number:064x}",
        "from": f"0x{number % 977:040x}",
        "to": "0x" + "70" * 20,
        "nonce": hex(number),
        "gas": hex(100_000),
        "value": "0x0",
        "maxFeePerGas": hex(5 * 10**9),
        "maxPriorityFeePerGas": hex(10**9),
        "chainId": hex(31337),
        "blockNumber": None,
        "input": "0x",
        **changed,
    }
