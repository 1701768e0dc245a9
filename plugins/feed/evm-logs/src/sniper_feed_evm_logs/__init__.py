"""Blocks and logs of EVM chains, gap-free and reorg-aware."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="evm-logs",
            summary="Blocks and logs of EVM chains, gap-free and reorg-aware",
            factory="sniper_feed_evm_logs.feed:EvmLogs",
            emits=("block/1", "log/1", "reorg/1"),
        )
    ]
