"""Lists of releases: JSON as GitHub's API gives it ("List releases"), or Atom. Pure."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from sniper.signal import MOST_TEXT, one_line
from sniper.types import SECOND
from sniper_feed_rss.documents import MOST_ENTRIES, Entry, entries
from sniper_feed_rss.errors import BadDocument

_Text = Annotated[str, Meta(max_length=2_000)]


class Release(Struct):
    """What is looked at; there is much more."""

    id: int
    tag_name: _Text
    name: _Text | None = None
    html_url: _Text = ""
    published_at: str | None = None
    prerelease: bool = False
    draft: bool = False


def releases(body: bytes, *, prereleases: bool) -> list[Entry]:
    """The newest first. Raises `BadDocument`."""
    if body.lstrip()[:1] == b"<":
        return entries(body)
    try:
        listed = msgspec.json.decode(body, type=list[Release])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadDocument(f"its document is no list of releases: {str(error)[:200]}") from None
    wanted = [each for each in listed[:MOST_ENTRIES] if not each.draft and (prereleases or not each.prerelease)]
    return [_entry(each) for each in wanted]


def _entry(release: Release) -> Entry:
    name = release.name if release.name and release.name != release.tag_name else ""
    title = one_line(f"{release.tag_name}: {name}" if name else release.tag_name)
    url = release.html_url
    fits = url.startswith("https://") and url.isascii() and len(url) <= MOST_TEXT
    return Entry(str(release.id), title, url if fits else "", _time(release.published_at))


def _time(text: str | None) -> int:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return 0
    seconds = int(found.timestamp()) if found.tzinfo else 0
    return max(0, seconds) * SECOND
