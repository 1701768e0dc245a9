"""Files that a policy is made of: read once, when the config is, and held by their hash.

The hash is a field of the config, so it stands in the journal's manifest: a replay with another text is noticed.
"""

import hashlib
from datetime import date as Day
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, StringConstraints, model_validator

from sniper.config import Config
from sniper_app_policy.lists import addresses

LARGEST = 64 * 2**20
"""Bytes that are read of one file."""

Hash = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class NamedFile(Config):
    """In the config file its path alone, or a table of these keys."""

    path: str = Field(
        description="absolute, or from ~: the run keeps a copy of its config elsewhere; or package:file of a package"
    )
    sha256: Hash = Field("", description="what its bytes must hash to; what they do, where left out")
    _text: str = PrivateAttr("")

    @property
    def text(self) -> str:
        """What it holds."""
        return self._text

    @property
    def name(self) -> str:
        """Without its directories, for messages."""
        return self.path.rpartition("/")[2].rpartition(":")[2]

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Any: what stands in the config. Raises `ValueError`, which pydantic makes a mistake of this key."""
        if isinstance(value, cls):
            return value
        stated = handler({"path": value} if isinstance(value, str) else value)
        data = _bytes(stated.path)
        digest = hashlib.sha256(data).hexdigest()
        if stated.sha256 not in ("", digest):
            raise ValueError(
                f"{stated.path} hashes to {digest}, not to {stated.sha256}: it is another file than the one that was "
                "checked; see what changed, then write the new hash"
            )
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"{stated.path} is no UTF-8 text (byte {error.start})") from None
        return stated._holding(text, digest)

    def _holding(self, text: str, digest: str) -> Self:
        """The same with what the file holds. Raises `ValueError` for a text that makes no sense."""
        read = self.model_copy(update={"sha256": digest})
        read._text = text
        return read


class PolicyFile(NamedFile):
    """A text of Cedar policies."""


class AddressList(NamedFile):
    """A list of addresses: see `sniper_app_policy.lists`."""

    date: Day | None = Field(None, description="as of when; may be left out where the file says it")
    source: str = Field("", description="whose list it is; may be left out where the file says it")
    _listed: frozenset[str] = PrivateAttr(frozenset())

    @property
    def listed(self) -> frozenset[str]:
        """The addresses, lower case."""
        return self._listed

    def _holding(self, text: str, digest: str) -> Self:
        found = addresses(self.name, text)
        as_of, source = self.date or found.date, self.source or found.source
        if as_of is None:
            raise ValueError(
                f"{self.path} does not say of which day it is: put a line '# date: 2026-11-20' at its top, or "
                "date = 2026-11-20 beside its path"
            )
        if not source:
            raise ValueError(
                f"{self.path} does not say whose list it is: put a line '# source: …' at its top, or source = \"…\" "
                "beside its path"
            )
        read = self.model_copy(update={"sha256": digest, "date": as_of, "source": source})
        read._listed = found.addresses
        return read


def packaged(place: str) -> str:
    """The text of a package's own file, written ``package:file``."""
    package, _, file = place.partition(":")
    return files(package).joinpath(file).read_text()


def _bytes(place: str) -> bytes:
    package, colon, file = place.partition(":")
    path = Path(place).expanduser()
    try:
        if path.is_absolute():
            with path.open("rb") as opened:
                data = opened.read(LARGEST + 1)
            if len(data) > LARGEST:
                raise ValueError(f"{place} is larger than {LARGEST} bytes; is it the right file?")
            return data
        if colon and package.isidentifier() and "/" not in file:
            return files(package).joinpath(file).read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{place} cannot be read: {reason}; without it nothing is started") from None
    raise ValueError(f"{place} is a relative path; write it from / or ~: a run keeps a copy of its config elsewhere")
