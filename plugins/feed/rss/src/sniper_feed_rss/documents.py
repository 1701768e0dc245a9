"""RSS 0.9x, 1.0 and 2.0, and Atom (RFC 4287), as far as announcements need them. Pure.

Nothing that an XML document may refer to is looked up: one with a DTD or an entity of its own is refused.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from html import unescape
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # it brings no types
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]  # as above

from sniper.signal import MOST_ID, MOST_TEXT, one_line
from sniper.types import SECOND
from sniper_feed_rss.errors import BadDocument

MOST_ENTRIES: Final = 200
_DATES: Final = ("pubDate", "published", "date", "updated")
_TAGS = re.compile(r"<[^<>]{0,500}>")
_ID = re.compile(r"[!-~]+")
_LINK = re.compile(r"https?://[!-~]+")


class Entry(NamedTuple):
    """``at``: ns UTC, when it was published; 0: it does not say."""

    id: str
    title: str
    url: str
    at: int


def entries(body: bytes) -> list[Entry]:
    """The first `MOST_ENTRIES` of a document, in its order. Raises `BadDocument`."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadDocument(
            f"its document defines entities, which are never needed here ({type(error).__name__})"
        ) from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadDocument(f"its document is no XML: {str(error)[:200]}") from None
    if _name(root) not in ("rss", "RDF", "feed"):
        raise BadDocument(f"its document is no RSS and no Atom, but begins with {one_line(_name(root), 40)!r}")
    found = [element for element in root.iter() if _name(element) in ("item", "entry")]
    return [_entry(element) for element in found[:MOST_ENTRIES]]


def _entry(element: Element) -> Entry:
    title = one_line(_TAGS.sub(" ", unescape(_text(element, "title"))))
    url = _link(element)
    own = _text(element, "guid") or _text(element, "id") or url or title
    fits = len(own) <= MOST_ID and _ID.fullmatch(own)
    return Entry(own if fits else sha256(own.encode(errors="replace")).hexdigest()[:32], title, url, _date(element))


def _name(element: Element) -> str:
    """Without its namespace; comments have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: Element, name: str) -> str:
    for child in element:
        if _name(child) == name:
            return "".join(child.itertext())[: 4 * MOST_TEXT].strip()
    return ""


def _link(element: Element) -> str:
    for child in element:
        if _name(child) == "link" and child.get("rel", "alternate") == "alternate":
            url = (child.get("href") or child.text or "").strip()
            return url if len(url) <= MOST_TEXT and _LINK.fullmatch(url) else ""
    return ""


def _date(element: Element) -> int:
    """RFC 822 in RSS, RFC 3339 in Atom; what is neither is no date."""
    for name in _DATES:
        text = _text(element, name)
        if not text:
            continue
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                found = read(text)
                seconds = int(found.replace(tzinfo=found.tzinfo or UTC).timestamp())
            except (ValueError, OverflowError):
                continue
            if seconds > 0:
                return seconds * SECOND
    return 0
