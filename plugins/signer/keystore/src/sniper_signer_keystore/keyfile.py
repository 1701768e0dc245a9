"""Encrypted key files: Web3 Secret Storage, version 3, with scrypt.

Format: https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage. Encryption is left to
``eth-keyfile``, which is imported where it is used: its 0.6 s are not paid by the process that signs.
"""

import os
import stat
from pathlib import Path
from typing import Any

import msgspec

from sniper_signer_keystore.errors import KeyFileError
from sniper_signer_keystore.secret import SecretBuffer

KEY_BYTES = 32
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1 (SEC 2, section 2.4.1): a private key is between 1 and this, exclusive."""

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
    content = _read_private(path)
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
        raise KeyFileError(f"{path} is not an encrypted key file: not JSON, or not hex; give a Web3 Secret Storage file") from None
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
            raise KeyFileError(f"{path}: {name} is {found!r}, only {wanted!r} is read; write the file again with import-key")
    if not (1 < scrypt.n <= 2**32 and scrypt.n & (scrypt.n - 1) == 0 and 0 < scrypt.r and 0 < scrypt.p <= 16):
        raise KeyFileError(f"{path}: scrypt parameters n={scrypt.n} r={scrypt.r} p={scrypt.p} cannot be used")
    if 128 * scrypt.n * scrypt.r > MAX_SCRYPT_MEMORY:
        raise KeyFileError(
            f"{path}: scrypt wants {128 * scrypt.n * scrypt.r} bytes of memory, at most {MAX_SCRYPT_MEMORY} are given;"
            " write the file again with import-key"
        )
    return keyfile


def decrypt(path: Path, keyfile: KeyFile, password: SecretBuffer) -> bytes:
    """The private key: 32 bytes. Leaves copies of password and key in this process's memory: call it in one that ends.

    Raises `KeyFileError` for a wrong password and for a file whose key is not that of its address; which one it is, is
    the first word of the message's code.
    """
    raise NotImplementedError
