"""Releases of repositories."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="releases",
            summary="Releases of repositories, each once, as signals",
            factory="sniper_feed_releases.feed:Releases",
            permissions=("network:repositories", "secret:token"),
            emits=("signal-heard/1",),
            per_chain=False,
            hints=True,
            in_init=False,
        )
    ]
