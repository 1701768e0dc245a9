"""An account of the bot: a key that everyone knows, in an encrypted key file."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from eth_keyfile.keyfile import create_keyfile_json

from sniper_sdk.devchain import Account

SCRYPT_WORK = 2**13
"""Far below what a real key file wants: nobody's money depends on it."""


@dataclass(frozen=True)
class Trader:
    """``name`` of the config's account, and its key."""

    name: str
    key: Account

    @classmethod
    def named(cls, name: str) -> "Trader":
        """The trader whose key follows from the name."""
        return cls(name, Account.named(f"trader {name}"))

    @property
    def address(self) -> str:
        """In lower case, as sniper writes addresses."""
        return self.key.address.lower()

    def key_file(self, directory: Path, password: bytes) -> Path:
        """Write the key file, for its owner alone; one that is there stays."""
        path = directory / f"{self.name}.json"
        if not path.exists():
            content = create_keyfile_json(self.key.key, password, iterations=SCRYPT_WORK, kdf="scrypt")
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(content, file)
        return path
