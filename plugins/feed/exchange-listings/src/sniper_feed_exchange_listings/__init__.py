"""What exchanges list anew."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="exchange-listings",
            summary="What exchanges list and delist, by their own lists of instruments, as signals",
            factory="sniper_feed_exchange_listings.feed:ExchangeListings",
            permissions=("network:exchanges",),
            emits=("signal-heard/1",),
            per_chain=False,
            hints=True,
            in_init=False,
        )
    ]
