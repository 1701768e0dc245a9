"""A private key that signs from the buffer it lies in.

`sniper.evm.transaction.SigningKey` and coincurve's own ``PrivateKey`` hold a key as ``bytes``, which cannot be wiped,
so the library below coincurve is called with the buffer. The signatures are the same (a test says so).
"""

from coincurve import PublicKey

# The only way to that library; coincurve gives no public one. Its version is pinned, and the tests sign for real.
from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]
from coincurve.context import GLOBAL_CONTEXT

from sniper.errors import SignerError
from sniper.evm.keccak import keccak256
from sniper.evm.transaction import Signature
from sniper_signer_keystore.secret import SecretBuffer


class Key:
    """Takes over ``secret``: 32 bytes that are a key of secp256k1. ``address``: lower-case hex."""

    def __init__(self, secret: SecretBuffer) -> None:
        self._secret = secret
        self._pointer = ffi.from_buffer("unsigned char[]", secret.view)
        public = PublicKey.from_valid_secret(self._pointer).format(compressed=False)
        self.address = "0x" + keccak256(public[1:])[12:].hex()
        self.locked = secret.locked

    def sign(self, payload: bytes) -> Signature:
        """Sign the Keccak-256 of ``payload``: deterministic (RFC 6979), low s (EIP-2)."""
        signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
        if not lib.secp256k1_ecdsa_sign_recoverable(
            GLOBAL_CONTEXT.ctx, signature, keccak256(payload), self._pointer, ffi.NULL, ffi.NULL
        ):
            raise SignerError(f"the key of {self.address} does not sign; it was wiped, so open the signer again")
        compact = ffi.new("unsigned char[64]")
        parity = ffi.new("int *")
        lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(GLOBAL_CONTEXT.ctx, compact, parity, signature)
        return bytes(ffi.buffer(compact)) + bytes((parity[0],))

    def wipe(self) -> None:
        """Zero the key; it signs no more."""
        self._secret.wipe()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.address}>"
