"""What is known to wait: each transaction once, one for each nonce of a sender. Bounded. Pure."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from sniper.types import SECOND
from sniper_feed_pending_pool.pending import Pending

REMEMBERED = 4
"""So many times the transactions that may wait are remembered by their hash."""
MOST_OFFERS = 200
BLOCKS_AHEAD = 2
"""Offers beyond the gas of so many blocks are left out."""

Key = tuple[str, int]
"""A sender and a nonce."""


class Bid(Struct, frozen=True):
    """``at``: ns UTC, when it was seen."""

    max_fee: int
    max_tip: int
    gas: int
    at: int


class Waiting:
    """most  Transactions that are kept; the oldest makes room. ``forget_s``: seconds after which one is forgotten, for
             nobody says that a transaction was dropped.
    pushed_out  How many had to make room."""

    def __init__(self, most: int, forget_s: int) -> None:
        self._most = most
        self._forget = forget_s * SECOND
        self._bids: dict[Key, Bid] = {}
        self._seen: dict[str, Key] = {}
        self.pushed_out = 0

    def __len__(self) -> int:
        return len(self._bids)

    def __contains__(self, hash_: str) -> bool:
        """Whether it was seen, waiting still or not."""
        return hash_ in self._seen

    def add(self, pending: Pending, now: int) -> bool:
        """Whether it is news: not seen before, and not replaced by what was seen of its nonce."""
        if pending.hash in self._seen:
            return False
        key = (pending.sender, pending.nonce)
        self._seen[pending.hash] = key
        if len(self._seen) > REMEMBERED * self._most:
            del self._seen[next(iter(self._seen))]
        known = self._bids.get(key)
        if known is not None:
            if known.max_fee > pending.max_fee:
                return False  # pools replace upwards only, so another node is behind
            del self._bids[key]  # what is added last stands last
        self._bids[key] = Bid(pending.max_fee, pending.max_tip, pending.gas, now)
        if len(self._bids) > self._most:
            del self._bids[next(iter(self._bids))]
            self.pushed_out += 1
        return True

    def mined(self, hashes: Iterable[str]) -> None:
        """They are in a block, or one that had the same nonce is."""
        for hash_ in hashes:
            key = self._seen.get(hash_)
            if key is not None:
                self._bids.pop(key, None)

    def expire(self, now: int) -> None:
        """Forget what has waited for too long."""
        while self._bids:
            oldest = next(iter(self._bids))
            if self._bids[oldest].at >= now - self._forget:
                return
            del self._bids[oldest]

    def bids(self) -> list[Bid]:
        """Of all that wait."""
        return list(self._bids.values())


def tally(found: "Counter[int]", bids: Iterable[Bid], base_fee: int) -> None:
    """Add the gas of the bids that can pay the base fee, by effective priority fee (EIP-1559), wei per gas."""
    for bid in bids:
        room = bid.max_fee - base_fee
        if room >= 0:
            found[_rounded(min(bid.max_tip, room))] += bid.gas


def ranked(found: "Counter[int]", gas_limit: int) -> tuple[tuple[int, int], ...]:
    """As `PoolTips.offers`: best first, at most ``MOST_OFFERS``, and no more than blocks of ``gas_limit`` hold."""
    offers: list[tuple[int, int]] = []
    room = BLOCKS_AHEAD * gas_limit
    for tip in sorted(found, reverse=True)[:MOST_OFFERS]:
        if room <= 0:
            break
        offers.append((tip, found[tip]))
        room -= found[tip]
    return tuple(offers)


def _rounded(tip: int) -> int:
    """Up to three leading digits: offers that differ by less are one, for each is on record."""
    size: int = 10 ** max(0, len(str(tip)) - 3)
    return -(-tip // size) * size
