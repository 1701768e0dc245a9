"""Accounts whose keys come from a name: the same on every machine, and worth nothing on any other chain."""

from dataclasses import dataclass, field
from functools import cached_property

from coincurve import PrivateKey

from sniper.evm.keccak import keccak256


@dataclass(frozen=True)
class Account:
    """A key of a dev chain. The key follows from the name alone, so everyone knows it: never fund it elsewhere."""

    name: str
    key: bytes = field(repr=False)

    @classmethod
    def named(cls, name: str) -> "Account":
        """The account whose key is the keccak of ``sniper dev chain: NAME``."""
        return cls(name, keccak256(f"sniper dev chain: {name}".encode()))

    @cached_property
    def address(self) -> str:
        """The checksummed address (EIP-55)."""
        public = PrivateKey(self.key).public_key.format(compressed=False)
        return checksum(keccak256(public[1:])[12:])

    def sign(self, transaction: dict[str, object]) -> bytes:
        """The raw signed form of a transaction, whose fields are named as in eth-account."""
        from eth_account import Account as Signer  # 0.8 s to import: only who signs pays

        return bytes(Signer.sign_transaction(transaction, self.key).raw_transaction)


def checksum(address: bytes) -> str:
    """The EIP-55 form of 20 bytes: a letter is upper case where the hash of the lower-case hex has a digit above 7."""
    lower = address.hex()
    digits = keccak256(lower.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(digit, 16) > 7 else letter for letter, digit in zip(lower, digits, strict=False)
    )


def contract_address(creator: str, nonce: int) -> str:
    """Where `creator` deploys with its transaction number `nonce`: keccak(rlp([creator, nonce])), last 20 bytes."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(creator.removeprefix("0x")) + encoded
    return checksum(keccak256(bytes([0xC0 + len(body)]) + body)[12:])


def create2_address(creator: str, salt: bytes, init_code_hash: bytes) -> str:
    """Where `creator` deploys by CREATE2 (EIP-1014): keccak(0xff ‖ creator ‖ salt ‖ hash of the creation code)."""
    return checksum(keccak256(b"\xff" + bytes.fromhex(creator.removeprefix("0x")) + salt + init_code_hash)[12:])
