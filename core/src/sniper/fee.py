"""Write a fee estimator: what to bid for inclusion."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Final

from sniper.config import Config
from sniper.events import Block, PoolTips
from sniper.plugin import State
from sniper.types import BPS, FeeBid, Stake

__all__ = [
    "Block",
    "Config",
    "FeeBid",
    "FeeEstimator",
    "PoolTips",
    "Stake",
    "clearing_tip",
    "highest_base_fee",
    "next_base_fee",
    "raised",
    "upper_quantile",
]

MOST_RAISES: Final = 20
"""Blocks after which a bid is not raised further: a node wants the whole maximum to be in the account."""


def next_base_fee(block: Block) -> int:
    """Base fee of the block after ``block``, wei per gas: computed, not guessed (EIP-1559, ``base_fee_per_gas``)."""
    target = block.gas_limit // 2
    if target in (block.gas_used, 0):
        return block.base_fee
    delta = block.base_fee * abs(block.gas_used - target) // target // 8
    if block.gas_used > target:
        return block.base_fee + max(delta, 1)
    return block.base_fee - delta


def highest_base_fee(base_fee: int, blocks: int) -> int:
    """The most that a base fee can be ``blocks`` blocks later, if all before are full (EIP-1559)."""
    for _ in range(blocks):
        base_fee += max(base_fee // 8, 1)
    return base_fee


def clearing_tip(block: Block, room: int, lowest: int) -> int | None:
    """About the least tip with which a transaction of ``room`` gas would have been in ``block``, wei per gas: nothing
    where so much gas was left, else the lowest percentile of what was paid that is a price at all, ``lowest`` or more:
    what pays less in a full block has paid its builder in another way. None where the block tells no tips."""
    if block.gas_used + room <= block.gas_limit:
        return 0
    return next((tip for tip in block.tips if tip >= lowest), lowest) if block.tips else None


def upper_quantile(values: Iterable[int], share_bps: int) -> int | None:
    """The smallest of the values that the next one will not exceed with a probability of ``share_bps``, if it is drawn
    as they were: rank ``ceil((n + 1) * share)`` (split conformal prediction; Vovk et al., "Algorithmic Learning in a
    Random World", 2005). None where there are too few of them to say."""
    ordered = sorted(values)
    rank = -(-(len(ordered) + 1) * share_bps // BPS)
    return ordered[max(rank, 1) - 1] if ordered and rank <= len(ordered) else None


def raised(fee: int, blocks: int) -> int:
    """A fee, an eighth higher for each block, at most 20 times: nodes take a replacement only where tip and maximum are
    a tenth higher (geth, ``txpool.pricebump``)."""
    for _ in range(min(blocks, MOST_RAISES)):
        fee = -(-fee * 9 // 8)
    return fee


class FeeEstimator(State):
    """Pure; one instance per chain, shared by all accounts. Declare ``config`` and any state as fields.

    `block` and `bid` are what every estimator has. The others do nothing unless it says otherwise, and asking for a
    bid teaches nothing: what is learned comes by `block`, `pending` and `outcome`.
    """

    @abstractmethod
    def block(self, block: Block) -> None:
        """A new head: learn from it."""

    @abstractmethod
    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        """What to offer now. ``blocks_waited``: how long an earlier attempt at the same order has waited."""

    def bid_for(self, stake: Stake, *, urgent: bool, blocks_waited: int) -> FeeBid:
        """As `bid`, for a transaction whose worth is known, as that of an arbitrage is: more is at stake than gas."""
        return self.bid(urgent=urgent, blocks_waited=blocks_waited)

    def outcome(self, stake: Stake, bid: FeeBid, *, won: bool) -> None:
        """What became of a bid for ``stake``: whether the transaction brought what it was for. It is told once, as it
        was before any reorg. What one account learns must not change what another one bids."""

    def pending(self, pool: PoolTips) -> None:
        """What waits for the next block, where a feed shows it: it may come for some blocks, or never."""
