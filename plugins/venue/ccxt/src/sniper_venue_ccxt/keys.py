"""The keys of a desk, out of their file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sniper.signing.errors import KeyFileError
from sniper.signing.keyfile import read_private
from sniper_venue_ccxt.errors import BadKeys

NAMES: Final = (
    "apiKey",
    "secret",
    "password",
    "uid",
    "login",
    "accountId",
    "token",
    "twofa",
    "walletAddress",
    "privateKey",
)
"""What ccxt calls them ("requiredCredentials")."""


class Keys:
    """Says nothing of itself: it must not get into an error, a log or a journal."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __repr__(self) -> str:
        return "Keys(…)"

    def __reduce__(self) -> str:
        raise BadKeys("keys are not written anywhere; hand over the path of their file")

    def reveal(self) -> dict[str, str]:
        """By the names of ccxt."""
        return dict(self._values)


def read_keys(path: Path) -> Keys:
    """A TOML file with strings by the names of ccxt, which nobody else may read.

    Raises `BadKeys`.
    """
    try:
        content = read_private(path)
    except KeyFileError as error:
        raise BadKeys(str(error)) from None
    try:
        values = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # What the parser says may show a part of the file.
        raise BadKeys(f'{path} is no TOML; write one line for each key, such as apiKey = "…"') from None
    strange = sorted(name for name in values if name not in NAMES)
    if strange:
        raise BadKeys(f"{path} holds {', '.join(strange)}; an exchange has {', '.join(NAMES)}")
    if not values or any(not isinstance(value, str) or not value for value in values.values()):
        raise BadKeys(f'{path} must hold at least one key, each a string that is not empty, such as apiKey = "…"')
    return Keys(values)
