"""What stands in the body of a post, and what it means as a signal."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct

from sniper.signal import one_line
from sniper.types import BPS, SECOND
from sniper_feed_webhook.errors import Malformed

_UP = frozenset(("buy", "long", "up"))
_DOWN = frozenset(("sell", "short", "down"))
_URL = re.compile(r"https?://[!-~]+")

S = TypeVar("S", bound=Struct)
Text = Annotated[str, Meta(max_length=2_000)]
Word = Annotated[str, Meta(max_length=128)]


class Said(NamedTuple):
    """``id``: the sender's own, empty where it gives none. ``at``: ns UTC, ``lives``: ns; 0: it does not say."""

    id: str
    kind: str
    about: tuple[str, ...]
    direction: int
    strength: int
    at: int
    lives: int
    text: str
    url: str


class Post(Struct, forbid_unknown_fields=True):
    """``format = "sniper"``. ``at``: RFC 3339, with a zone."""

    about: Annotated[list[Word], Meta(max_length=16)] = []
    id: Word = ""
    kind: Word = "alert"
    direction: Literal["up", "down", "none"] = "none"
    strength_bps: Annotated[int, Meta(ge=0, le=BPS)] = BPS
    at: Word = ""
    lives_s: Annotated[int, Meta(ge=0, le=31_536_000)] = 0
    text: Text = ""
    url: Text = ""


class Alert(Struct):
    """``format = "tradingview"``: the fields that its placeholders fill; what else people put in is not looked at."""

    ticker: Annotated[str, Meta(min_length=1, max_length=64)]
    time: Word
    exchange: Word = ""
    action: Word = ""
    id: Word = ""
    message: Text = ""
    token: Word = ""


def post(body: bytes) -> Said:
    """Raises `Malformed`."""
    found = _read(body, Post)
    if not found.about and not found.text:
        raise Malformed("it names nothing; give about, or text")
    if found.url and not _URL.fullmatch(found.url):
        raise Malformed("url is none; write https://…")
    return Said(
        id=found.id,
        kind=found.kind,
        about=tuple(found.about),
        direction={"up": 1, "down": -1, "none": 0}[found.direction],
        strength=found.strength_bps,
        at=_time("at", found.at) if found.at else 0,
        lives=found.lives_s * SECOND,
        text=one_line(found.text),
        url=found.url[:500],
    )


def alert(body: bytes) -> tuple[Said, str]:
    """And the token in it. Raises `Malformed`."""
    found = _read(body, Alert)
    ticker = found.ticker.removesuffix(".P")  # what it calls perpetuals
    action = found.action.lower()
    said = Said(
        id=found.id,
        kind="alert",
        about=(f"{found.exchange.lower()}:{ticker}" if found.exchange else ticker,),
        direction=1 if action in _UP else -1 if action in _DOWN else 0,
        strength=BPS,
        at=_time("time", found.time),
        lives=0,
        text=one_line(found.message),
        url="",
    )
    return said, found.token


def _read(body: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # It says where, and which type was wanted; not what stood there.
        raise Malformed(f"it is not what is posted here: {error}") from None


def _time(field: str, text: str) -> int:
    """ns UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{field} is no time; write it as 2026-11-23T14:00:00Z") from None
    if found.tzinfo is None:
        raise Malformed(f"{field} names no zone; write it as 2026-11-23T14:00:00Z")
    seconds = int(found.astimezone(UTC).timestamp())
    if seconds < 0:
        raise Malformed(f"{field} is before 1970")
    return seconds * SECOND
