"""Encrypted key files: Web3 Secret Storage, version 3, with scrypt.

Format: https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage. Encryption is left to
``eth-keyfile``, which is imported where it is used: its 0.6 s are not paid by the process that signs.
"""

import os
import stat
from pathlib import Path
from typing import Any

import msgspec

from sniper.signing.errors import KeyFileError
from sniper.signing.key import CURVE_ORDER, KEY_BYTES
from sniper.signing.secret import SecretBuffer

WORK_FACTOR = 2**18
"""scrypt's N as other wallets choose it: about 0.7 s and 256 MB for each guess."""

MAX_FILE_BYTES = 64 * 1024
MAX_SCRYPT_MEMORY = 2**30


class _Scrypt(msgspec.Struct):
    n: int
    r: int
    p: int
    dklen: int
    salt: str


class _CipherParams(msgspec.Struct):
    iv: str


class _Crypto(msgspec.Struct):
    cipher: str
    cipherparams: _CipherParams
    ciphertext: str
    kdf: str
    kdfparams: _Scrypt
    mac: str


class KeyFile(msgspec.Struct):
    """The fields of version 3. ``address`` is optional in the format; without 0x, any case."""

    version: int
    crypto: _Crypto
    address: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain data, which is what ``eth-keyfile`` takes. Any: JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def read(path: Path) -> KeyFile:
    """Read a key file without decrypting it. Raises `KeyFileError` also when others than its owner may read it."""
    content = read_private(path)
    try:
        parsed = msgspec.json.decode(content)
        # Geth of old and some wallets write "Crypto"; the format's keys are compared without case.
        keyfile = msgspec.convert(_lower_keys(parsed), KeyFile)
        fields = (keyfile.crypto.ciphertext, keyfile.crypto.mac, keyfile.crypto.kdfparams.salt)
        ciphertext, mac, _ = (bytes.fromhex(field) for field in fields)
        iv = bytes.fromhex(keyfile.crypto.cipherparams.iv)
    except msgspec.ValidationError as error:
        raise KeyFileError(f"{path} is not an encrypted key file: {error}; give a Web3 Secret Storage file") from None
    except (msgspec.DecodeError, ValueError):
        # The decoder's message may quote the content, and a file that holds a bare key must not end in a log.
        raise KeyFileError(
            f"{path} is not an encrypted key file: not JSON, or not hex; give a Web3 Secret Storage file"
        ) from None
    scrypt = keyfile.crypto.kdfparams
    for name, found, wanted in (
        ("version", keyfile.version, 3),
        ("kdf", keyfile.crypto.kdf, "scrypt"),
        ("cipher", keyfile.crypto.cipher, "aes-128-ctr"),
        ("dklen", scrypt.dklen, 32),
        ("bytes of ciphertext", len(ciphertext), KEY_BYTES),
        ("bytes of mac", len(mac), 32),
        ("bytes of iv", len(iv), 16),
    ):
        if found != wanted:
            raise KeyFileError(
                f"{path}: {name} is {found!r}, only {wanted!r} is read; write the file again with sniper keys import"
            )
    if not (1 < scrypt.n <= 2**32 and scrypt.n & (scrypt.n - 1) == 0 and scrypt.r > 0 and 0 < scrypt.p <= 16):
        raise KeyFileError(f"{path}: scrypt parameters n={scrypt.n} r={scrypt.r} p={scrypt.p} cannot be used")
    if 128 * scrypt.n * scrypt.r > MAX_SCRYPT_MEMORY:
        raise KeyFileError(
            f"{path}: scrypt wants {128 * scrypt.n * scrypt.r} bytes of memory, at most {MAX_SCRYPT_MEMORY} are given;"
            " write the file again with sniper keys import"
        )
    return keyfile


def create(path: Path, password: SecretBuffer, key: bytes | None = None, *, work_factor: int = WORK_FACTOR) -> str:
    """Write a new key file, mode 0600, and return its address (lower-case hex). Never overwrites.

    key          32 bytes; drawn from the system's random source when None.
    work_factor  scrypt's N, a power of two; smaller ones are for tests only.

    Copies of key and password stay in this process's memory until it ends. Raises `KeyFileError`.
    """
    import coincurve
    from eth_keyfile.keyfile import create_keyfile_json

    if len(password.view) == 0:
        raise KeyFileError(f"{path} is not written: the password is empty; choose one")
    secret = key if key is not None else coincurve.PrivateKey().secret
    if len(secret) != KEY_BYTES or not 0 < int.from_bytes(secret, "big") < CURVE_ORDER:
        raise KeyFileError(f"{path} is not written: a key has 32 bytes and lies inside the curve; check it")
    content = create_keyfile_json(secret, bytes(password.view), kdf="scrypt", iterations=work_factor)
    content["address"] = content["address"].lower()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists and is not overwritten; choose another name") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}; check the directory") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(content))
        file.flush()
        os.fsync(file.fileno())
    return f"0x{content['address']}"


def import_key(path: Path, password: SecretBuffer, text: str, *, work_factor: int = WORK_FACTOR) -> str:
    """As `create`, with a key that is written as hex, with or without 0x."""
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise KeyFileError(f"{path} is not written: the key is not hex; give its 64 digits") from None
    return create(path, password, key, work_factor=work_factor)


def read_private(path: Path) -> bytes:
    """A file with secrets, checked before it is read. Raises `KeyFileError` where others than its owner may read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}; check the path and its owner") from error
    # What is checked is what is read: by descriptor, so that nobody can swap the file in between.
    try:
        _check_private(path, os.fstat(descriptor))
        return os.read(descriptor, MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def _check_private(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{path} is not a regular file; give the key file itself")
    if status.st_uid != os.geteuid():
        raise KeyFileError(f"{path} belongs to user {status.st_uid}, this is user {os.geteuid()}; chown it")
    if mode & ~0o600:
        raise KeyFileError(f"{path} has mode {mode:04o}; run: chmod 0600 {path}")
    if status.st_size > MAX_FILE_BYTES:
        raise KeyFileError(f"{path} has {status.st_size} bytes, a key file at most {MAX_FILE_BYTES}; give a key file")


def _lower_keys(value: Any) -> Any:
    """Any: parsed JSON."""
    if isinstance(value, dict):
        return {str(key).lower(): _lower_keys(inner) for key, inner in value.items()}
    return value
