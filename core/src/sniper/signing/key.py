"""A key, and the one that lies in a buffer of this process.

`sniper.evm.transaction.SigningKey` and coincurve's own ``PrivateKey`` hold a key as ``bytes``, which cannot be wiped,
so the library below coincurve is called with the buffer. The signatures are the same (a test says so).
"""

from abc import ABC, abstractmethod

from coincurve import PublicKey

# The only way to that library; coincurve gives no public one. Its version is pinned, and the tests sign for real.
from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]
from coincurve.context import GLOBAL_CONTEXT

from sniper.errors import SignerError
from sniper.evm.keccak import keccak256
from sniper.evm.transaction import Signature
from sniper.signing.secret import SecretBuffer

KEY_BYTES = 32
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1 (SEC 2, section 2.4.1): a private key is between 1 and this, exclusive."""


class Key(ABC):
    """Signs digests; where the private part lies is the kind's affair.

    address  Lower-case hex.
    locked   Whether the system keeps it out of swap, or it is not in this process at all.
    """

    address: str
    locked: bool

    @abstractmethod
    def sign(self, digest: bytes) -> Signature:
        """Sign these 32 bytes, with a low s (EIP-2). Raises `SignerError`."""

    def sign_payload(self, payload: bytes) -> Signature:
        """Sign a transaction: the Keccak-256 of its payload. A device that shows what it signs, and takes no digest,
        overrides this. Raises `SignerError`."""
        return self.sign(keccak256(payload))

    @abstractmethod
    def wipe(self) -> None:
        """Forget it; it signs no more. May be called again."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.address}>"


class LocalKey(Key):
    """Takes over ``secret``: 32 bytes that are a key of secp256k1."""

    def __init__(self, secret: SecretBuffer) -> None:
        self._secret = secret
        self._pointer = ffi.from_buffer("unsigned char[]", secret.view)
        self.address = address_of(PublicKey.from_valid_secret(self._pointer).format(compressed=False))
        self.locked = secret.locked

    def sign(self, digest: bytes) -> Signature:
        """Deterministic (RFC 6979)."""
        signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
        if not lib.secp256k1_ecdsa_sign_recoverable(
            GLOBAL_CONTEXT.ctx, signature, digest, self._pointer, ffi.NULL, ffi.NULL
        ):
            raise SignerError(f"the key of {self.address} does not sign; it was wiped, so open the signer again")
        compact = ffi.new("unsigned char[64]")
        parity = ffi.new("int *")
        lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(GLOBAL_CONTEXT.ctx, compact, parity, signature)
        return bytes(ffi.buffer(compact)) + bytes((parity[0],))

    def wipe(self) -> None:
        self._secret.wipe()


def is_key(secret: SecretBuffer) -> bool:
    """Whether these bytes are a private key of secp256k1."""
    return len(secret.view) == KEY_BYTES and 0 < int.from_bytes(secret.view, "big") < CURVE_ORDER


def address_of(point: bytes) -> str:
    """The address of an uncompressed public key: 65 bytes that begin with 4 (SEC 1, section 2.3.3)."""
    return "0x" + keccak256(point[1:])[12:].hex()
