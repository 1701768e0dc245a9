"""Decrypts a key file in a process that ends right after.

``eth-keyfile`` returns the key as ``bytes``, and so are the password and the derived key on its way there: none of them
can be wiped. So all of that happens in a forked child, whose memory goes back to the system with it; the process that
signs keeps nothing but one buffer that it can zero. It is also spared the libraries that decryption pulls in.
"""

import contextlib
import os
from pathlib import Path
from typing import NoReturn

from sniper_signer_keystore import keyfile
from sniper_signer_keystore.errors import KeyFileError, StartError, WrongPassword
from sniper_signer_keystore.key import Key
from sniper_signer_keystore.secret import SecretBuffer

_OPENED = b"+"
_WRONG_PASSWORD = b"p"
_NO_MEMORY = b"m"
_DAMAGED = b"d"


def unlock(path: Path, password: SecretBuffer) -> Key:
    """The private key of a key file.

    Call it while this process has one thread. Raises `KeyFileError`, `WrongPassword` or `StartError`.
    """
    file = keyfile.read(path)
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        _decrypt_and_exit(file, password, writable)
    os.close(writable)
    outcome = bytearray(1)
    secret = SecretBuffer(keyfile.KEY_BYTES)
    try:
        os.readv(readable, [outcome, secret.view])
    finally:
        os.close(readable)
        _, status = os.waitpid(child, 0)
    if outcome == _WRONG_PASSWORD:
        raise WrongPassword(f"the password does not open {path}; check it, and the file")
    if outcome == _NO_MEMORY:
        needed = 128 * file.crypto.kdfparams.n * file.crypto.kdfparams.r
        raise StartError(f"{path} needs {needed} bytes of memory to be opened, which this system does not give")
    if outcome == _DAMAGED:
        raise KeyFileError(f"{path} is damaged: it cannot be decrypted; take it from your backup")
    if outcome != _OPENED:
        raise StartError(f"{path}: decryption ended without an answer (status {status}); see the system's log")
    if not 0 < int.from_bytes(secret.view, "big") < keyfile.CURVE_ORDER:
        secret.wipe()
        raise KeyFileError(f"{path} holds no key of secp256k1; take it from your backup")
    key = Key(secret)
    if file.address is not None and file.address.lower().removeprefix("0x") != key.address[2:]:
        key.wipe()
        raise KeyFileError(
            f"{path} holds another key than that of its address {file.address}; take it from your backup"
        )
    return key


def _decrypt_and_exit(file: keyfile.KeyFile, password: SecretBuffer, answer: int) -> NoReturn:
    # Whatever happens here, the child must not run on in its parent's code. It has inherited the limits of `seal`.
    outcome, key = _DAMAGED, b""
    try:
        from eth_keyfile.keyfile import decode_keyfile_json

        key = decode_keyfile_json(file.as_json(), bytes(password.view))
        outcome = _OPENED
    except MemoryError:
        outcome = _NO_MEMORY
    except ValueError as error:
        outcome = _WRONG_PASSWORD if "MAC mismatch" in str(error) else _DAMAGED
    finally:
        with contextlib.suppress(BrokenPipeError):  # the parent has ended, and nobody is left to tell
            os.write(answer, outcome + key)
        os._exit(0)
