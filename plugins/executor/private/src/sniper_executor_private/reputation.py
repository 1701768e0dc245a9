"""The key that says to relays who asks. It holds nothing and signs no transaction."""

import secrets
from pathlib import Path
from typing import Final

from sniper.errors import ConfigError, SignerError
from sniper.evm.keccak import keccak256
from sniper.evm.transaction import SigningKey

HEADER: Final = "X-Flashbots-Signature"
_PREFIX: Final = b"\x19Ethereum Signed Message:\n66"


def reputation_key(file: Path | None) -> SigningKey:
    """The key in a file (64 hex digits), or a new one. Raises `ConfigError`, which shows nothing of what it read."""
    if file is None:
        return SigningKey(secrets.token_bytes(32))
    try:
        text = file.expanduser().read_text()
    except OSError as error:
        raise ConfigError(f"key_file {file} cannot be read: {error.strerror}; write 64 hex digits into it") from None
    try:
        return SigningKey(bytes.fromhex(text.strip().removeprefix("0x")))
    except (ValueError, SignerError):
        raise ConfigError(f"key_file {file} holds no key; write 64 random hex digits into it") from None


def header(key: SigningKey, body: bytes) -> str:
    """``address:signature``, by EIP-191 over the text of the body's keccak, ``0x`` and 64 hex digits. Source: Flashbots
    documentation, "JSON-RPC Endpoints", Authentication."""
    return f"{key.address}:0x{key.sign(_PREFIX + b'0x' + keccak256(body).hex().encode()).hex()}"
