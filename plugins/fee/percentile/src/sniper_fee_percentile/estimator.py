"""What recent blocks took, raised while an order waits.

After geth's gas price oracle (``eth/gasprice/gasprice.go``): of each of the last blocks one tip, of these a percentile.
A percentile of percentiles is not moved by single blocks, nor by single transactions that pay far too much.
"""

from typing import Final, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from sniper.amounts import Amount, PositiveAmount
from sniper.fee import Block, Config, FeeBid, FeeEstimator, next_base_fee
from sniper.types import BPS

KNOWN: Final = (10, 50, 90)
"""The percentiles that `Block.tips` holds."""

MOST_RAISES: Final = 20
"""Blocks of waiting after which a bid is not raised further: a node wants the whole maximum to be in the account."""


class PercentileConfig(Config):
    """Fees are wei per gas, or text such as ``"2 gwei"``."""

    blocks: int = Field(20, ge=1, le=1000, description="how many recent blocks count")
    percentile: int = Field(60, ge=0, le=100, description="percentile over these blocks")
    tip: Literal[10, 50, 90] = Field(50, description="which tip of a block counts: its percentile")
    urgent_tip: Literal[10, 50, 90] = Field(90, description="the same for urgent orders")
    urgent_bps: int = Field(15_000, ge=BPS, le=100 * BPS, description="urgent orders bid this share of the tip, bps")
    min_tip: Amount = Field(100_000_000, description="lowest tip; the tip where blocks tell none")
    max_tip: PositiveAmount = Field(50_000_000_000, description="highest tip, urgent or not")
    headroom_bps: int = Field(
        20_000, ge=BPS, le=100 * BPS, description="share of the next block's base fee that may be paid, bps"
    )
    raise_bps: PositiveInt = Field(
        1250, le=10 * BPS, description="by how much a bid rises for each block it waited, bps"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_tip > self.max_tip:
            raise ValueError(f"min_tip {self.min_tip} is above max_tip {self.max_tip}: raise max_tip or lower min_tip")
        if self.urgent_tip < self.tip:
            raise ValueError(f"urgent_tip {self.urgent_tip} is below tip {self.tip}: urgent orders would bid less")
        return self


class Percentile(FeeEstimator):
    """samples: (block number, tip, urgent tip) of the blocks that count, oldest first; the rest follows from them."""

    config: PercentileConfig
    samples: tuple[tuple[int, int, int], ...] = ()
    tip: int = 0
    urgent_tip: int = 0
    base_fee: int = 0

    def block(self, block: Block) -> None:
        config = self.config
        self.base_fee = next_base_fee(block)
        # After a reorg numbers come again: the new block replaces what stood there and above.
        samples = tuple(sample for sample in self.samples if block.number - config.blocks < sample[0] < block.number)
        if len(block.tips) == len(KNOWN):
            tips = block.tips[KNOWN.index(config.tip)], block.tips[KNOWN.index(config.urgent_tip)]
            samples = (*samples, (block.number, *tips))
        self.samples = samples
        self.tip = _at(config.percentile, [sample[1] for sample in samples])
        self.urgent_tip = _at(config.percentile, [sample[2] for sample in samples])

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        config = self.config
        tip = max(self.tip, config.min_tip)
        if urgent:
            tip = max(tip, self.urgent_tip) * config.urgent_bps // BPS
        base = self.base_fee * config.headroom_bps // BPS
        for _ in range(min(blocks_waited, MOST_RAISES)):
            # Both rise: nodes take a replacement only when tip and maximum are a tenth higher (geth: PriceBump).
            tip = -(-tip * (BPS + config.raise_bps) // BPS)
            base = -(-base * (BPS + config.raise_bps) // BPS)
        tip = min(tip, config.max_tip)
        return FeeBid(max_priority_fee=tip, max_fee=base + tip)


def _at(percentile: int, values: list[int]) -> int:
    """The smallest value that at least ``percentile`` percent of the values do not exceed (nearest rank); 0 of none."""
    if not values:
        return 0
    return sorted(values)[max(0, -(-len(values) * percentile // 100) - 1)]
