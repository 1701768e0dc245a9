"""A real node with the real Uniswap contracts, for tests and the demo: ``with DevChain() as chain:``."""

from sniper_sdk.devchain.abi import calldata, decoded, encoded, selector, topic
from sniper_sdk.devchain.account import Account, checksum, contract_address, create2_address
from sniper_sdk.devchain.chain import CHAIN_ID, GENESIS_TIMESTAMP, ChainNotRunning, DevChain, Log, Receipt
from sniper_sdk.devchain.deployment import Addresses
from sniper_sdk.devchain.known import KnownChain
from sniper_sdk.devchain.process import AnvilProcess, ChainStartFailed
from sniper_sdk.devchain.rpc import Rpc

__all__ = [
    "CHAIN_ID",
    "GENESIS_TIMESTAMP",
    "Account",
    "Addresses",
    "AnvilProcess",
    "ChainNotRunning",
    "ChainStartFailed",
    "DevChain",
    "KnownChain",
    "Log",
    "Receipt",
    "Rpc",
    "calldata",
    "checksum",
    "contract_address",
    "create2_address",
    "decoded",
    "encoded",
    "selector",
    "topic",
]
