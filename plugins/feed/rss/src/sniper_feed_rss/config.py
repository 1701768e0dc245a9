"""The config section of rss, and what it has in common with other sources that are asked again and again."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from sniper.config import Config
from sniper.signal import MOST_ABOUT

LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))


def _web(url: str) -> str:
    """Raises `ValueError` for an address that is no web page, or that anybody on the way could change."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address of a web page; write https://…")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("is not encrypted, so anybody on the way could announce what they like; write https://…")
    if parts.username or parts.password:
        raise ValueError("holds a password, which would be on record; leave it out")
    return url


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]
WebPage = Annotated[str, AfterValidator(_web)]
About = Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^\S{1,128}$")], ...], Field(max_length=MOST_ABOUT)]


class Announces(Config):
    """What a source's announcements mean."""

    kind: Kind = Field("announcement", description="kind of its signals")
    about: About = Field((), description="what all of its signals are about: symbols, addresses or ids")
    direction: Literal["up", "down", "none"] = Field("none", description="what it means for what it is about")
    strength_bps: int = Field(10_000, ge=0, le=10_000, description="how sure it is")
    lives_s: int = Field(0, ge=0, description="seconds for which it means something; 0: as [signals] says")


class Source(Announces):
    url: WebPage = Field(description="where the RSS or Atom document is; it is on record, so no secret may stand in it")
    pattern: str | None = Field(
        None,
        max_length=500,
        description="regular expression that a title must contain; what its groups match is what the signal is about, "
        r"as in 'Will List .*\(([A-Z0-9]+)\)'",
    )

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return pattern


class Asks(Config):
    """How sources are asked."""

    poll_s: float = Field(60.0, ge=1, description="seconds between two looks at a source")
    timeout_s: float = Field(20.0, gt=0, description="seconds that one look may take")
    max_bytes: int = Field(2_097_152, ge=1_024, le=33_554_432, description="largest document that is read")
    fresh_s: int = Field(
        600, ge=1, description="seconds after which what has a date is no news any more, when it is seen first"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_infinity(cls, value: Any) -> Any:  # Any: of any field
        if isinstance(value, float) and not -1e18 < value < 1e18:
            raise ValueError(f"{value} is no number of seconds")
        return value


class RssConfig(Asks):
    sources: dict[Name, Source] = Field(min_length=1, description="what is followed, by name")
