"""What KMS answers in DER (X.690): a public key and a signature of secp256k1, as the signer wants them."""

from typing import Final

import coincurve

from sniper.errors import SignerError
from sniper.signing.key import CURVE_ORDER

_SPKI: Final = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")
"""SubjectPublicKeyInfo (RFC 5480) up to the point: id-ecPublicKey, secp256k1 (1.3.132.0.10), 66 bytes of bit string."""


def point(spki: bytes) -> bytes:
    """The uncompressed public key, 65 bytes. Raises `SignerError`."""
    found = spki[len(_SPKI) :]
    if not spki.startswith(_SPKI) or len(found) != 65 or found[0] != 4:
        raise SignerError("KMS holds no key of secp256k1 under this id; make one with key spec ECC_SECG_P256K1")
    return found


def numbers(signature: bytes) -> tuple[int, int]:
    """r and s of an ``Ecdsa-Sig-Value`` (RFC 3279, section 2.2.3). Raises `SignerError`."""
    if signature[:1] != b"\x30" or len(signature) < 2 or signature[1] != len(signature) - 2 or signature[1] > 127:
        raise SignerError(f"KMS answered with {len(signature)} bytes that are no signature")
    r, rest = _integer(signature[2:])
    s, rest = _integer(rest)
    if rest:
        raise SignerError("KMS answered with a signature and something behind it")
    return r, s


def recoverable(signature: bytes, digest: bytes, public: bytes) -> bytes:
    """65 bytes: r, s (low, EIP-2), parity of y: of the two that there can be, that which gives ``public``.

    Raises `SignerError` where neither does: then what was signed is not ``digest``.
    """
    r, s = numbers(signature)
    if not (0 < r < CURVE_ORDER and 0 < s < CURVE_ORDER):
        raise SignerError("KMS answered with a signature beyond the order of the curve")
    both = r.to_bytes(32, "big") + min(s, CURVE_ORDER - s).to_bytes(32, "big")
    for parity in (b"\x00", b"\x01"):
        try:
            found = coincurve.PublicKey.from_signature_and_message(both + parity, digest, hasher=None)
        except ValueError:  # no point of the curve has this x and parity
            continue
        if found.format(compressed=False) == public:
            return both + parity
    raise SignerError("KMS signed something else than what it was asked for, or with another key")


def _integer(data: bytes) -> tuple[int, bytes]:
    size = data[1] if len(data) > 1 and data[0] == 2 else 0
    if not 0 < size <= 33 or len(data) < 2 + size:
        raise SignerError("KMS answered with a signature whose numbers cannot be read")
    return int.from_bytes(data[2 : 2 + size], "big"), data[2 + size :]
