"""Small contracts that exist in simulations alone: they read what no call of a node's own simulation tells, hand out
native coin, and stand for a contract that trades.

Code is EVM assembly, byte by byte (Ethereum yellow paper, appendix H).
"""

from typing import Final

from sniper.evm.simulate import SimulatedBlock, SimulatedCall, StateOverride
from sniper.runtime.forwarder import word

BALANCES: Final = "0x" + "5117e12" * 5 + "51179"
"""Returns the native balance of the address in its calldata. These addresses have neither key nor code on any chain."""
CODES: Final = "0x" + "5117e12" * 5 + "5117a"
"""Returns the code of the address in its calldata."""
FAUCET: Final = "0x" + "5117e12" * 5 + "5117b"
"""Gives what it is sent to the address in its calldata, without running any code there."""
BANK: Final = "0x" + "5117e12" * 5 + "5117c"
"""Has all the native coin that a simulation hands out, and sends what no scenario sends."""
VAULT: Final = "0x" + "5117e12" * 5 + "5117d"
"""Has all the tokens that a simulation hands out."""

WEALTH: Final = 2**200
"""Of the bank, wei."""

# PUSH0 CALLDATALOAD BALANCE PUSH0 MSTORE PUSH1(32) PUSH0 RETURN
_BALANCE: Final = bytes.fromhex("5f35315f5260205ff3")
# PUSH0 CALLDATALOAD, DUP1 EXTCODESIZE, EXTCODECOPY(address, 0, 0, size), RETURN(0, size)
_CODE: Final = bytes.fromhex("5f35803b805f5f843c5ff3")
# PUSH0 CALLDATALOAD SLOAD PUSH0 MSTORE PUSH1(32) PUSH0 RETURN
_SLOT: Final = bytes.fromhex("5f35545f5260205ff3")
# Creates, with the value that came along, a contract whose constructor is PUSH20(address) SELFDESTRUCT; so the balance
# moves without a call (EIP-6780 keeps that). Reverts where the creation fails.
_FAUCET: Final = bytes.fromhex(
    "5f3560581b"  # the address, moved to where the constructor has it
    + ("7f73" + "00" * 20 + "ff" + "00" * 10)  # PUSH32(constructor without the address)
    + "175f52"  # OR, MSTORE(0)
    + "60165f34f0"  # CREATE(callvalue, 0, 22)
    + "603457"  # JUMPI(0x34)
    + "5f5ffd"
    + "5b00"
)
READER: Final = bytes.fromhex(
    "60005b36811015601557"  # while i < calldatasize
    "8035548152"  # MSTORE(i, SLOAD(word i))
    "602001600256"  # i += 32
    "5b6000f3"  # RETURN(0, i)
)
"""Code that returns a word of its account's storage for each slot in its calldata, 32 bytes each."""
CENSUS: Final = bytes.fromhex(
    "60005b36811015602257"  # while i < calldatasize
    "803580318260011b52"  # MSTORE(2 * i, BALANCE(word i))
    "3f8160011b60200152"  # MSTORE(2 * i + 32, EXTCODEHASH(word i))
    "602001600256"  # i += 32
    "5b60011b6000f3"  # RETURN(0, 2 * i)
)
"""Code that returns the balance and the hash of the code of each address in its calldata, 32 bytes each. The hash is
zero where there is no account at all: neither code nor balance nor nonce (EIP-1052)."""

PROBES: Final = {
    BALANCES: StateOverride(code=_BALANCE),
    CODES: StateOverride(code=_CODE),
    FAUCET: StateOverride(code=_FAUCET),
    BANK: StateOverride(balance=WEALTH),
}
"""What a simulation that uses them begins with."""


def reads_balance(sender: str, address: str) -> SimulatedCall:
    """A call that returns the native balance of an address."""
    return SimulatedCall(sender=sender, to=BALANCES, data=word(address), gas=1_000_000)


def reads_code(sender: str, address: str) -> SimulatedCall:
    """A call that returns the code of an address."""
    return SimulatedCall(sender=sender, to=CODES, data=word(address), gas=5_000_000)


def reads_slot(sender: str, address: str, slot: int) -> SimulatedBlock:
    """A block whose call returns a word of an address's storage; it has other code from then on."""
    call = SimulatedCall(sender=sender, to=address, data=slot.to_bytes(32, "big"), gas=1_000_000)
    return SimulatedBlock(calls=[call], states={address: StateOverride(code=_SLOT)})


def pays_out(address: str, amount: int) -> SimulatedCall:
    """A call that gives an address native coin on top of what it has, wei."""
    return SimulatedCall(sender=BANK, to=FAUCET, data=word(address), value=amount, gas=500_000)
