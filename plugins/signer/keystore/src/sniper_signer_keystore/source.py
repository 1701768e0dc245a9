"""The keys of encrypted files, for the signer's process."""

import argparse
from pathlib import Path
from typing import ClassVar

from sniper.signing.key import Key
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource
from sniper.signing.unlock import unlock


class KeystoreSource(KeySource, frozen=True, forbid_unknown_fields=True):
    """``keystore``: key files, which one password opens."""

    secret: ClassVar[str] = "Password of the key file"

    keystore: tuple[str, ...]

    @classmethod
    def arguments(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--keystore", required=True, action="append", help="key file; may be repeated")

    def keys(self, secret: SecretBuffer) -> list[Key]:
        return [unlock(Path(path), secret) for path in self.keystore]
