"""What a sender knows and nobody else: read from its file, compared in constant time, shown nowhere."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from sniper.signing.errors import KeyFileError
from sniper.signing.keyfile import read_private
from sniper_feed_webhook.errors import BadSecret

LEAST: Final = 32


class Secret:
    """Says nothing of itself."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise BadSecret("a secret is not written anywhere; hand over the path of its file")

    def same(self, other: "Secret") -> bool:
        """Whether both senders have the same one."""
        return hmac.compare_digest(self._value, other._value)

    def is_token(self, token: str) -> bool:
        """Whether somebody knows it."""
        return hmac.compare_digest(self._value, token.encode(errors="replace"))

    def signed(self, timestamp: str, body: bytes, signature: str) -> bool:
        """Whether ``signature`` is the hex of HMAC-SHA256 (RFC 2104) over ``<timestamp>.<body>``."""
        made = hmac.new(self._value, f"{timestamp}.".encode() + body, sha256).hexdigest()
        return hmac.compare_digest(made.encode(), signature.encode(errors="replace"))


def read_secrets(files: Mapping[str, Path]) -> dict[str, Secret]:
    """By sender. Raises `BadSecret` for what cannot be read, is too short, or two senders have."""
    found: dict[str, Secret] = {}
    for name, path in files.items():
        try:
            value = read_private(path.expanduser()).strip()
        except KeyFileError as error:
            raise BadSecret(f"sender {name}: {error}") from None
        if len(value) < LEAST or len(value.split()) != 1:
            raise BadSecret(
                f"sender {name}: {path} does not hold one word of at least {LEAST} characters; make one with "
                "openssl rand -hex 32"
            )
        secret = Secret(value)
        twin = next((other for other, known in found.items() if known.same(secret)), None)
        if twin is not None:
            raise BadSecret(f"senders {twin} and {name} have the same secret; give each its own")
        found[name] = secret
    return found
