"""A place before what is pending: the least tip with which a transaction would have been far enough ahead.

Of each block it is learned how much gas, counted from the best offer that was seen before it, came ahead of the last
one that got in: how far the block reached. Much comes after the pool was seen, or past it, and has its place all the
same: so a block reaches less far than it has gas. The bid is for a place so far ahead that the wanted share of the
recent blocks would have reached it.

Where no pool was seen since the newest block, or too few blocks were compared with theirs, it bids by what recent
blocks took, and `PendingPool.sees_pool` says so.
"""

from typing import Final, Self

from pydantic import Field, model_validator

from sniper.amounts import PositiveAmount
from sniper.fee import (
    Block,
    Config,
    FeeBid,
    FeeEstimator,
    PoolTips,
    clearing_tip,
    highest_base_fee,
    next_base_fee,
    raised,
    upper_quantile,
)

COVERED: Final = 3
"""Blocks whose rise of the base fee a bid covers: it may be replaced only after so many."""
MOST_OFFERS: Final = 1000
"""Of a pool, best first; what is further back is not looked at."""


class PendingPoolConfig(Config):
    """Fees are wei per gas, or text such as ``"2 gwei"``."""

    probability_bps: int = Field(9_000, ge=5_000, le=9_950, description="with which probability the next block, bps")
    urgent_probability_bps: int = Field(9_700, ge=5_000, le=9_950, description="the same for urgent orders, bps")
    blocks: int = Field(100, ge=10, le=1000, description="how many recent blocks count")
    room_gas: int = Field(500_000, ge=21_000, description="gas for which a place must be left")
    min_tip: PositiveAmount = Field(100_000_000, description="lowest tip; the tip while nothing is known")
    max_tip: PositiveAmount = Field(50_000_000_000, description="highest tip, urgent or not")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_tip > self.max_tip:
            raise ValueError(f"min_tip {self.min_tip} is above max_tip {self.max_tip}: raise max_tip or lower min_tip")
        if self.probability_bps > self.urgent_probability_bps:
            raise ValueError(
                f"urgent_probability_bps {self.urgent_probability_bps} is below probability_bps "
                f"{self.probability_bps}: urgent orders would bid less"
            )
        return self


class PendingPool(FeeEstimator):
    """head: number of the newest block; base_fee: of the next one, wei per gas.

    took     (number, tip that was enough) of recent blocks, oldest first.
    reached  (number, gas of the offers seen before it that a block had room for, best first).
    seen     The block after which the pool was seen; offers: as in `PoolTips`, newest; first: as they were when it
             was first seen after that block, for bids are made then, and how far blocks reach is counted in them.
    """

    config: PendingPoolConfig
    head: int = 0
    base_fee: int = 0
    took: tuple[tuple[int, int], ...] = ()
    reached: tuple[tuple[int, int], ...] = ()
    seen: int = -1
    offers: tuple[tuple[int, int], ...] = ()
    first: tuple[tuple[int, int], ...] = ()

    @property
    def sees_pool(self) -> bool:
        """Whether bids are for a place in the pool, and not for what recent blocks took."""
        wanted = upper_quantile((0,) * len(self.reached), self.config.probability_bps)
        return self.seen == self.head and wanted is not None

    def block(self, block: Block) -> None:
        config, number = self.config, block.number
        # After a reorg numbers come again: the new block replaces what stood there and above.
        took = tuple(each for each in self.took if number - config.blocks < each[0] < number)
        reached = tuple(each for each in self.reached if number - config.blocks < each[0] < number)
        tip = clearing_tip(block, config.room_gas, config.min_tip)
        if tip is not None:
            took = (*took, (number, tip))
            if self.seen == number - 1:
                reached = (*reached, (number, self._ahead(tip, block)))
        self.took, self.reached = took, reached
        self.head, self.base_fee = number, next_base_fee(block)

    def pending(self, pool: PoolTips) -> None:
        self.offers = tuple(sorted(pool.offers, reverse=True)[:MOST_OFFERS])
        if pool.block != self.seen:
            self.seen, self.first = pool.block, self.offers

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        config = self.config
        tip = self._tip(config.probability_bps)
        if urgent:
            tip = max(tip, self._tip(config.urgent_probability_bps))
        tip = min(raised(max(tip, config.min_tip), blocks_waited), config.max_tip)
        base = raised(highest_base_fee(self.base_fee, COVERED), blocks_waited)
        return FeeBid(max_priority_fee=tip, max_fee=base + tip)

    def _ahead(self, tip: int, block: Block) -> int:
        """How far a block reached into the pool that was seen before it: with room left, as far as it had gas."""
        if tip == 0:
            return block.gas_limit
        return sum(gas for offered, gas in self.first if offered > tip)

    def _tip(self, probability_bps: int) -> int:
        """The least tip for the wanted place; for the next block, wei per gas."""
        config = self.config
        enough = upper_quantile((tip for _, tip in self.took), probability_bps)
        if enough is None:
            enough = raised(max((tip for _, tip in self.took), default=0), 1)
        if not self.sees_pool:
            return enough
        # The share of blocks that reach a place falls with its distance: the quantile of what is negative.
        place = upper_quantile((-gas for _, gas in self.reached), probability_bps)
        far = min(gas for _, gas in self.reached) if place is None else -place
        for offered, gas in self.offers:
            far -= gas
            if far < config.room_gas:
                return offered + 1
        return config.min_tip
