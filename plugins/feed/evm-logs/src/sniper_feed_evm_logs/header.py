"""A block's header, as far as the feed needs it, and the headers that the feed remembers."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from sniper_feed_evm_logs.errors import NodeLied, NotThere


class Header(NamedTuple):
    """Hashes in lower case; ``base_fee`` is 0 before EIP-1559."""

    number: int
    hash: str
    parent: str
    timestamp: int
    base_fee: int
    gas_used: int
    gas_limit: int


def header(block: Any, *, number: int | None = None, hash_: str | None = None) -> Header:
    """The header that was asked for by number or hash. Any: JSON.

    Raises `NotThere` for null, `NodeLied` for one that is malformed or is another's.
    """
    if block is None:
        raise NotThere(f"block {number if hash_ is None else hash_} is not there")
    try:
        found = Header(
            number=int(block["number"], 16),
            hash=block["hash"].lower(),
            parent=block["parentHash"].lower(),
            timestamp=int(block["timestamp"], 16),
            base_fee=int(block.get("baseFeePerGas") or "0x0", 16),
            gas_used=int(block["gasUsed"], 16),
            gas_limit=int(block["gasLimit"], 16),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NodeLied(f"{block!r:.200} is no block: {error!r}") from None
    if number is not None and found.number != number:
        raise NodeLied(f"asked for block {number}, got block {found.number}")
    if hash_ is not None and found.hash != hash_:
        raise NodeLied(f"asked for block {hash_}, got block {found.hash}")
    return found


class Memory:
    """The blocks that were handed on lately, on branches that were given up, too.

    ``tip``: (number, hash) of the newest one on the present branch, None before the first. ``oldest``: number of the
    oldest block that the kernel named when it resumed, None where it named but the newest.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self.tip: tuple[int, str] | None = None
        self.oldest: int | None = None
        self._parents: dict[str, tuple[int, str]] = {}

    def resume(self, stand: Mapping[str, Any] | None) -> None:
        """Stand where the kernel does; see `sniper.feed.FeedContext.resume`."""
        self.tip = self.oldest = None
        if stand is None:
            return
        self.tip = (int(stand["number"]), str(stand["hash"]).lower())
        recent = [(int(number), str(hash_).lower()) for number, hash_ in stand.get("recent", ())]
        for (above, hash_), (below, parent) in pairwise(recent):
            if below == above - 1:
                self.learn(above, hash_, parent)
        if recent:
            self.oldest = recent[-1][0]

    def append(self, block: Header) -> None:
        """``block`` was handed on and is the tip now."""
        self.tip = (block.number, block.hash)
        self.learn(block.number, block.hash, block.parent)

    def learn(self, number: int, hash_: str, parent: str) -> None:
        """What comes before a block; the oldest are forgotten."""
        self._parents.pop(hash_, None)
        self._parents[hash_] = (number, parent)
        while len(self._parents) > 2 * self.window:
            del self._parents[next(iter(self._parents))]

    def parent(self, hash_: str) -> str | None:
        """The hash of the block before, None where it is not remembered."""
        known = self._parents.get(hash_)
        return None if known is None else known[1]

    def at(self, number: int) -> str | None:
        """The hash of the present branch's block of this number, None where it is not remembered."""
        if self.tip is None or number > self.tip[0]:
            return None
        hash_: str | None = self.tip[1]
        for _ in range(self.tip[0] - number):
            hash_ = None if hash_ is None else self.parent(hash_)
        return hash_
