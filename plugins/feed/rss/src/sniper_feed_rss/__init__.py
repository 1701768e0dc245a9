"""Announcements out of RSS and Atom."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="rss",
            summary="Announcements out of RSS and Atom, each once, as signals",
            factory="sniper_feed_rss.feed:Rss",
            permissions=("network:sources",),
            emits=("signal-heard/1",),
            per_chain=False,
            hints=True,
            in_init=False,
        )
    ]
