"""Announcements as signals."""

import re

from sniper.events import SignalHeard
from sniper.feed import FeedContext
from sniper.signal import MOST_ABOUT, MOST_ID
from sniper.types import SECOND
from sniper_feed_rss.config import Announces, RssConfig, Source
from sniper_feed_rss.documents import Entry, entries
from sniper_feed_rss.newness import Dated, Newness
from sniper_feed_rss.pages import Pages
from sniper_feed_rss.web import Page

ACCEPTS = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8"
_DIRECTIONS = {"up": 1, "down": -1, "none": 0}


class Rss(Pages):
    """Follows documents that other people write; ``[feed.rss]``."""

    config: RssConfig

    def __init__(self, config: RssConfig, context: FeedContext) -> None:
        pages = {
            name: Page(source.url, ACCEPTS, {}, max_bytes=config.max_bytes, timeout_s=config.timeout_s)
            for name, source in config.sources.items()
        }
        super().__init__(config, context, pages)
        self._newness = {name: Newness(config.fresh_s) for name in config.sources}

    def news(self, source: str, body: bytes, now: int) -> list[SignalHeard]:
        """As `Pages.news`."""
        announces = self.config.sources[source]
        listed = {entry.id: entry for entry in entries(body)}
        dated = [Dated(entry.id, entry.at) for entry in listed.values()]
        found = []
        for new in self._newness[source].news(dated, now):
            about = subjects(announces, listed[new.id].title)
            if about is not None:
                found.append(signal(f"{self.context.name}.{source}", announces, listed[new.id], about, now))
        return found


def subjects(source: Source, title: str) -> tuple[str, ...] | None:
    """What an announcement is about; None where its title is none that is looked for."""
    if source.pattern is None:
        return source.about
    match = re.search(source.pattern, title)
    if match is None:
        return None
    named = [
        word for group in match.groups() if group for word in re.split(r"[\s,]+", group) if 0 < len(word) <= MOST_ID
    ]
    return tuple(dict.fromkeys((*source.about, *named)))[:MOST_ABOUT]


def signal(source: str, announces: Announces, entry: Entry, about: tuple[str, ...], now: int) -> SignalHeard:
    """As it goes to the kernel."""
    at = entry.at or now
    return SignalHeard(
        time=now,
        source=source,
        id=entry.id,
        kind=announces.kind,
        about=about,
        direction=_DIRECTIONS[announces.direction],
        strength=announces.strength_bps,
        at=at,
        expires=at + announces.lives_s * SECOND if announces.lives_s else 0,
        text=entry.title,
        url=entry.url,
    )
