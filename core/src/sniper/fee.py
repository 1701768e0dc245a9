"""Write a fee estimator: what to bid for inclusion."""

from abc import abstractmethod

from sniper.config import Config
from sniper.events import Block
from sniper.plugin import State
from sniper.types import FeeBid

__all__ = ["Block", "Config", "FeeBid", "FeeEstimator", "next_base_fee"]


def next_base_fee(block: Block) -> int:
    """Base fee of the block after ``block``, wei per gas: computed, not guessed (EIP-1559, ``base_fee_per_gas``)."""
    target = block.gas_limit // 2
    if target in (block.gas_used, 0):
        return block.base_fee
    delta = block.base_fee * abs(block.gas_used - target) // target // 8
    if block.gas_used > target:
        return block.base_fee + max(delta, 1)
    return block.base_fee - delta


class FeeEstimator(State):
    """Pure; one instance per chain, shared by all accounts. Declare ``config`` and any state as fields."""

    @abstractmethod
    def block(self, block: Block) -> None:
        """A new head: learn from it."""

    @abstractmethod
    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        """What to offer now. ``blocks_waited``: how long an earlier attempt at the same order has waited."""
