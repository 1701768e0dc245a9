"""Opens a key file. ``eth-keyfile`` returns the key as ``bytes``, so that happens apart: see `sniper.signing.apart`."""

from pathlib import Path

from sniper.signing import keyfile
from sniper.signing.apart import apart
from sniper.signing.errors import KeyFileError, WrongPassword
from sniper.signing.key import LocalKey, is_key
from sniper.signing.secret import SecretBuffer


def unlock(path: Path, password: SecretBuffer) -> LocalKey:
    """The private key of a key file.

    Call it while this process has one thread. Raises `KeyFileError`, `WrongPassword` or `StartError`.
    """
    file = keyfile.read(path)
    secret = apart(str(path), lambda: _decrypted(path, file, password))
    if not is_key(secret):
        secret.wipe()
        raise KeyFileError(f"{path} holds no key of secp256k1; take it from your backup")
    key = LocalKey(secret)
    if file.address is not None and file.address.lower().removeprefix("0x") != key.address[2:]:
        key.wipe()
        raise KeyFileError(
            f"{path} holds another key than that of its address {file.address}; take it from your backup"
        )
    return key


def _decrypted(path: Path, file: keyfile.KeyFile, password: SecretBuffer) -> bytes:
    from eth_keyfile.keyfile import decode_keyfile_json

    try:
        return decode_keyfile_json(file.as_json(), bytes(password.view))
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise WrongPassword(f"the password does not open {path}; check it, and the file") from None
        raise KeyFileError(f"{path} is damaged: it cannot be decrypted; take it from your backup") from None
