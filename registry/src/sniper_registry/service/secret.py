"""The service's own secret: what signs forms and receipts, hides addresses and seals the seeds of second factors.

It is no publisher's key and no key of the repository. Losing it signs everybody out and asks for second factors anew;
who has it and the database can produce second factors.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sniper_registry.service.errors import Unavailable


class Secret:
    """32 bytes, from which each use has a key of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def at(cls, path: Path) -> "Secret":
        """The one in a file, made (mode 600) where it is missing. Raises `Unavailable` where it holds no secret."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
            if len(key) != 32:
                raise Unavailable(f"{path} does not hold the 32 bytes of the service's secret") from None
            return cls(key)
        with os.fdopen(descriptor, "wb") as file:
            key = secrets.token_bytes(32)
            file.write(key)
        return cls(key)

    def mac(self, use: str, text: str) -> str:
        """A keyed hash, hexadecimal; ``use`` keeps the hashes of different uses apart."""
        return hmac.new(self._for(use), text.encode(), hashlib.sha256).hexdigest()

    def seal(self, use: str, plain: bytes) -> bytes:
        """Encrypt and authenticate (AES-256-GCM, a random nonce in front)."""
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self._for(use)).encrypt(nonce, plain, use.encode())

    def open(self, use: str, sealed: bytes) -> bytes:
        """The reverse. Raises `Unavailable` where it was sealed with another secret."""
        try:
            return AESGCM(self._for(use)).decrypt(sealed[:12], sealed[12:], use.encode())
        except InvalidTag:
            raise Unavailable("the database was written with another secret than that of this service") from None

    def _for(self, use: str) -> bytes:
        return hmac.new(self._key, use.encode(), hashlib.sha256).digest()


def same(one: str, other: str) -> bool:
    """Compare without telling by the time it takes where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
