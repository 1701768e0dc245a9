"""A contract's log as nodes report it, in receipts, subscriptions, ``eth_getLogs`` and simulations."""

from typing import Any

from msgspec import Struct

from sniper.errors import CodecError

__all__ = ["Log", "log_from_json"]


class Log(Struct, frozen=True, kw_only=True):
    """``index`` is the log's place in its block; ``removed`` says that a reorg took it back."""

    address: str
    topics: tuple[str, ...]
    data: bytes
    block: int
    block_hash: str
    transaction: str
    transaction_index: int
    index: int
    removed: bool = False


def log_from_json(log: Any) -> Log:
    """Raises `CodecError` when a field is missing or malformed. Any: JSON from a node."""
    try:
        return Log(
            address=log["address"].lower(),
            topics=tuple([topic.lower() for topic in log["topics"]]),
            data=bytes.fromhex(log["data"][2:]),
            block=int(log["blockNumber"], 16),
            block_hash=log["blockHash"].lower(),
            transaction=log["transactionHash"].lower(),
            transaction_index=int(log["transactionIndex"], 16),
            index=int(log["logIndex"], 16),
            removed=log.get("removed") is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise CodecError(f"{log!r:.300} is no log: {type(cause).__name__} {cause}") from None
