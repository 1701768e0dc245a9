"""The key that signs licences, in a file of its own: 32 bytes in hex."""

import os
import secrets
from pathlib import Path

from sniper.environments.licences import LicenceError, public_key


def create(file: Path) -> str:
    """Write a new key, with mode 0600, and return its public half. Raises `LicenceError` where the file is there."""
    seed = secrets.token_bytes(32)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise LicenceError(f"{file}: {error.strerror}; name a file that is not there yet") from error
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{seed.hex()}\n")
    return public_key(seed)


def read(file: Path) -> bytes:
    """The secret. Raises `LicenceError`, which never tells what stands in the file."""
    try:
        seed = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        seed = b""
    if len(seed) != 32:
        raise LicenceError(f"{file} holds no key of licences; sniper registry licence-key makes one")
    if file.stat().st_mode & 0o077:
        raise LicenceError(f"{file} can be read by others; chmod 600 it, and make another key if it was read")
    return seed
