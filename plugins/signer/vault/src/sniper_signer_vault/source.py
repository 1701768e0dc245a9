"""Keys of HashiCorp Vault, for the signer's process.

Vault's transit engine knows no secp256k1, so a key lies in a KV engine of version 2, as hex under ``key``, and is read
once, when the process starts: ``GET /v1/MOUNT/data/PATH`` (Vault's API, "KV secrets engine, version 2: read secret
version"). Token and answer, which cannot be wiped, exist in a forked child alone that ends at once.
"""

import argparse
import json
import ssl
import urllib.error
import urllib.request
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from sniper.signing.apart import apart
from sniper.signing.errors import KeyFileError, StartError, WrongPassword
from sniper.signing.key import KEY_BYTES, Key, LocalKey, is_key
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource

_PATIENCE_S: Final = 10.0
_LONGEST: Final = 64 * 1024
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class VaultSource(KeySource, frozen=True, forbid_unknown_fields=True):
    """``path``: secrets, each with one key. ``authority``: file with the certificate authority; "" for the system's."""

    secret: ClassVar[str] = "Token of Vault"

    address: str
    path: tuple[str, ...]
    mount: str = "secret"
    namespace: str = ""
    authority: str = ""

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--address", required=True, help="URL of Vault, https unless it is on this machine")
        parser.add_argument("--path", required=True, action="append", help="secret with a key; may be repeated")
        parser.add_argument("--mount", default="secret", help="where the KV engine is mounted; default: secret")
        parser.add_argument("--namespace", default="", help="namespace, where Vault has them")
        parser.add_argument("--authority", default="", help="file with the certificate authority of Vault")

    def keys(self, secret: SecretBuffer) -> list[Key]:
        url = urlsplit(self.address)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
            raise StartError(f"{self.address} would show key and token to the network; give an https URL")
        return [self._key(path, secret) for path in self.path]

    def _key(self, path: str, token: SecretBuffer) -> Key:
        where = f"{self.mount}/{path}"
        secret = apart(where, lambda: self._read(where, path, token))
        if not is_key(secret):
            secret.wipe()
            raise KeyFileError(f"{where} holds no key of secp256k1 under 'key'; write its 64 hex digits there")
        return LocalKey(secret)

    def _read(self, where: str, path: str, token: SecretBuffer) -> bytes:
        """In the child. No message holds the token or a part of the answer."""
        headers = {"X-Vault-Token": bytes(token.view).decode("latin-1"), "X-Vault-Request": "true"}
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        url = f"{self.address.rstrip('/')}/v1/{quote(self.mount)}/data/{quote(path)}"
        request = urllib.request.Request(url, headers=headers)  # noqa: S310  (the scheme is checked in `keys`)
        context = ssl.create_default_context(cafile=self.authority or None) if url.startswith("https") else None
        # No proxy of the environment, and no redirection, learns the token.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _Stay(), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(request, timeout=_PATIENCE_S) as answer:
                content = answer.read(_LONGEST)
        except urllib.error.HTTPError as error:
            if error.code == 403:
                raise WrongPassword(f"Vault does not let this token read {where}; check its policy") from None
            if error.code == 404:
                raise KeyFileError(f"Vault has no secret {where}, or its version was deleted; check the path") from None
            raise StartError(f"Vault answers {error.code} for {where}; is it sealed? see its log") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise StartError(f"Vault at {self.address} cannot be asked: {type(reason).__name__}; start it") from None
        return _hex_of(where, content)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:  # Any: whatever the library passes
        return None


def _hex_of(where: str, content: bytes) -> bytes:
    try:
        key = bytes.fromhex(json.loads(content)["data"]["data"]["key"].strip().removeprefix("0x"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"{where} has no 'key' of 64 hex digits; is its engine KV version 2?") from None
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{where} has a 'key' of {len(key)} bytes, a key has {KEY_BYTES}; write its 64 hex digits")
    return key
