"""The hash of the EVM: Keccak-256 with the original padding, which is not the SHA3-256 of FIPS 202."""

from sha3 import keccak_256  # type: ignore[import-untyped]

__all__ = ["keccak256"]


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest of ``data``."""
    digest: bytes = keccak_256(data).digest()
    return digest
