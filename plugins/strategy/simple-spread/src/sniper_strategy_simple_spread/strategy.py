"""Quotes both sides of an instrument at a fixed distance from the middle."""

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.types import BPS
from sniper_strategy_simple_spread.quoting import Distances, Maker, MakerConfig, Market


class SimpleSpreadConfig(MakerConfig):
    half_spread_bps: PositiveInt = Field(10, description="distance of each quote from the middle, bps")
    skew_bps: NonNegativeInt = Field(
        0, description="by how much both quotes move against the inventory for each size that is held, bps"
    )


class SimpleSpread(Maker):
    """Without a model of the market; ``skew_bps`` makes it rid itself of what it has."""

    config: SimpleSpreadConfig

    def distances(self, market: Market) -> Distances:
        half = market.middle * self.config.half_spread_bps / BPS
        skew = market.middle * self.config.skew_bps * market.inventory / BPS
        return Distances(bid=half + skew, ask=half - skew)
