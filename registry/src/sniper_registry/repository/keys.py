"""Key files: ed25519 keys that sign metadata. A private key is in no log, no error and no repr.

```json
{"sniper_registry_key": 1, "public": "ed25519:…",
 "scrypt": {"n": 32768, "r": 8, "p": 1, "salt": "…"}, "nonce": "…", "sealed": "…"}
```

``sealed`` is the private key, encrypted by AES-256-GCM under scrypt of the password, with ``public`` as associated
data; without a password there is ``private`` instead of the last three.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from securesystemslib.signer import CryptoSigner, Key, Signer, SSlibKey

from sniper_registry.errors import KeyUnusable

_MARK: Final = "sniper_registry_key"
_PUBLIC: Final = re.compile(r"ed25519:([0-9a-f]{64})")
_COST: Final = {"n": 1 << 15, "r": 8, "p": 1}
_MOST_COST: Final = {"n": 1 << 20, "r": 16, "p": 4}


def public_key(text: str) -> Key:
    """The key that ``ed25519:<64 hex digits>`` names. Raises `KeyUnusable`."""
    found = _PUBLIC.fullmatch(text.strip())
    if found is None:
        raise KeyUnusable(f"{text.strip()[:100]!r} is no public key; it looks like ed25519: and 64 hex digits")
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(found[1])))


def public_text(key: Key) -> str:
    """The same the other way round, for people and forms."""
    return f"ed25519:{key.keyval['public']}"


def create(file: Path, password: bytes | None) -> Key:
    """Write a new key to ``file`` (mode 0600) and return its public half. Raises `KeyUnusable` where the file is
    there."""
    private = Ed25519PrivateKey.generate()
    signer = CryptoSigner(private)
    public = public_text(signer.public_key)
    raw = private.private_bytes_raw()
    document: dict[str, Any] = {_MARK: 1, "public": public}  # Any: JSON
    if password is None:
        document["private"] = raw.hex()
    else:
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        sealed = AESGCM(_derived(password, salt, _COST)).encrypt(nonce, raw, public.encode())
        document |= {"scrypt": {**_COST, "salt": salt.hex()}, "nonce": nonce.hex(), "sealed": sealed.hex()}
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyUnusable(f"{file} is there already; a key is never overwritten: name another file") from None
    except OSError as error:
        raise KeyUnusable(f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as opened:
        opened.write(json.dumps(document, indent=1) + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    return signer.public_key


def public_of(file: Path) -> Key:
    """The public half of a key file; no password is needed. Raises `KeyUnusable`."""
    return public_key(str(_read(file).get("public", "")))


def is_sealed(file: Path) -> bool:
    """Whether a password is needed. Raises `KeyUnusable`."""
    return "sealed" in _read(file)


def load(file: Path, password: bytes | None) -> Signer:
    """What signs with the key. Raises `KeyUnusable`, also where others may read the file."""
    document = _read(file)
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyUnusable(f"{file} has mode {mode:04o}, so others may read it; chmod 600 it, or make a new key")
    public = str(document.get("public", ""))
    key = public_key(public)
    try:
        raw = _unsealed(file, document, password) if "sealed" in document else bytes.fromhex(document["private"])
        return CryptoSigner(Ed25519PrivateKey.from_private_bytes(raw), _sslib(key))
    except KeyUnusable:
        raise
    except Exception:
        # without the cause: what the libraries say of a private key is nobody's to read
        raise KeyUnusable(f"{file} holds no private key that fits {public}; restore it from a copy") from None


def load_those(files: Iterable[Path], wanted: Iterable[str], password: bytes | None) -> list[Signer]:
    """Of all these files the signers whose key ids are wanted. Files that are no keys are passed over."""
    ids, found = set(wanted), []
    for file in sorted(files):
        with contextlib.suppress(KeyUnusable):
            if public_of(file).keyid not in ids:
                continue
            found.append(file)
    return [load(file, password) for file in found]


def _unsealed(file: Path, document: dict[str, Any], password: bytes | None) -> bytes:  # Any: JSON
    if password is None:
        raise KeyUnusable(f"{file} is encrypted; give its password")
    cost = {name: int(document["scrypt"][name]) for name in _COST}
    if any(not 0 < cost[name] <= most for name, most in _MOST_COST.items()):
        raise KeyUnusable(f"{file} asks for more work than any key does ({cost}); restore it from a copy")
    derived = _derived(password, bytes.fromhex(document["scrypt"]["salt"]), cost)
    try:
        sealed, nonce = bytes.fromhex(document["sealed"]), bytes.fromhex(document["nonce"])
        return AESGCM(derived).decrypt(nonce, sealed, document["public"].encode())
    except InvalidTag:
        raise KeyUnusable(f"the password of {file} is wrong, or the file was changed") from None


def _derived(password: bytes, salt: bytes, cost: dict[str, int]) -> bytes:
    return hashlib.scrypt(password, salt=salt, dklen=32, maxmem=256 * cost["n"] * cost["r"], **cost)


def _sslib(key: Key) -> SSlibKey:
    assert isinstance(key, SSlibKey)
    return key


def _read(file: Path) -> dict[str, Any]:  # Any: JSON
    try:
        document = json.loads(file.read_bytes()[: 1 << 16])
    except OSError as error:
        raise KeyUnusable(f"the key file {file} cannot be read: {error.strerror}") from error
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get(_MARK) != 1:
        raise KeyUnusable(f"{file} is no key file of a registry; sniper registry key makes one") from None
    return document
