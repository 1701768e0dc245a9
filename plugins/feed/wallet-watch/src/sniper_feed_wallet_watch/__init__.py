"""What watched wallets trade and transfer."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="wallet-watch",
            summary="What wallets that you name trade and transfer, as signals",
            factory="sniper_feed_wallet_watch.feed:WalletWatch",
            emits=("signal-heard/1",),
            hints=True,
            in_init=False,
        )
    ]
