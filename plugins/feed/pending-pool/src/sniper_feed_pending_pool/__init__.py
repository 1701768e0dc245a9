"""What waits in the public mempool, decoded and told once."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="pending-pool",
            summary="What waits in the public mempool: liquidity, trading opened, tips, own transactions",
            factory="sniper_feed_pending_pool.feed:PendingPool",
            emits=("pending-liquidity/1", "pending-call/1", "own-transaction/1", "pool-tips/1"),
            in_init=False,
        )
    ]
