"""What a trader sets."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints

from sniper.amounts import Amount, PositiveAmount
from sniper.strategy import Config
from sniper.types import BPS

PoolId = Annotated[str, StringConstraints(pattern=r"^[0-9]+:0x[0-9a-fA-F]{40}$", to_lower=True)]

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class V3RangeConfig(Config):
    """Amounts are those of what the account pays with: base units, or text such as ``"0.05 ether"``."""

    pool: PoolId = Field(
        description="id of the pool: chain id and address. One of its coins is what the account pays with",
        examples=["1:0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"],
    )
    token: Address = Field(
        description="address of the pool's coin that is not what the account pays with",
        examples=["0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"],
    )
    budget: PositiveAmount = Field(
        description="worth of both coins that are put into the range, half of it for each", examples=["1 ether"]
    )
    half_width: PositiveInt = Field(
        1_000, le=400_000, description="ticks from the price to each end of the range, at least; a tick is 0.01%"
    )
    volatility_blocks: NonNegativeInt = Field(
        0, le=1_000, description="blocks whose moves of the price widen the range; 0: it is as wide as half_width"
    )
    volatility_horizon: PositiveInt = Field(
        7_200, description="blocks for which the range should hold, by the moves of the last volatility_blocks"
    )
    recentre_after_blocks: PositiveInt = Field(
        50, description="blocks in a row that the price is outside the range before it is moved"
    )
    recentre_cost: Amount = Field(
        0, description="what moving a range costs, gas and swap together; one that earned less stays where it is"
    )
    collect_above: PositiveAmount | None = Field(
        None, description="worth of fees at which they are collected; where left out, with the liquidity alone"
    )
    compound: bool = Field(True, description="whether fees that were collected add to the budget of the next range")
    max_loss_bps: int = Field(
        BPS,
        ge=1,
        le=BPS,
        description="how much the range and its fees may be worth less than its cost before all is taken out and sold,"
        " bps of that cost; nothing is put in again until the strategy is started anew",
    )
    tolerance_bps: int = Field(
        1_000,
        ge=1,
        le=5_000,
        description="by how much half of the budget the token may be off before it is traded, bps",
    )
    retry_blocks: PositiveInt = Field(10, description="blocks after something was denied or failed before it is tried")
