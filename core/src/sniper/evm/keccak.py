"""The hash of the EVM: Keccak-256 with the original padding, which is not the SHA3-256 of FIPS 202."""

from Crypto.Hash import keccak

__all__ = ["keccak256"]


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest of ``data``."""
    return keccak.new(digest_bits=256, data=data).digest()
