"""What is traded, how much of it, and what it must gain."""

from typing import Annotated, Self

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints, model_validator

from sniper.amounts import Amount, PositiveAmount
from sniper.strategy import Config
from sniper.types import BPS, place_of

OnChain = Annotated[str, StringConstraints(pattern=r"^[0-9]+:0x[0-9a-f]{40}$")]


class CexDexArbitrageConfig(Config):
    """``size`` and ``gas`` are amounts of what the account pays with on the chain: base units, or text such as
    ``"0.5 ether"``."""

    token: OnChain = Field(
        description="the token, `<chain id>:<address>`", examples=["1:0x1f9840a85d5af5bf1d1762f925bdaddc4201f984"]
    )
    pool: OnChain = Field(
        description="the pool that trades it for what the account pays with on the chain",
        examples=["1:0xd3d2e2692501a5c9ca623199d38826e513033a17"],
    )
    instrument: str = Field(description="the same coins at an exchange", examples=["binance:UNI/USDT"])
    rate: str = Field(
        "",
        description="the instrument that prices what the account pays with on the chain in what `instrument` is priced "
        "in, such as binance:ETH/USDT; where left out, the two count as one",
    )
    pays_decimals: int = Field(18, ge=0, le=18, description="decimals of what the account pays with on the chain")
    size: PositiveAmount = Field(description="most that one trade on the chain pays or brings", examples=["0.5 ether"])
    gas: Amount = Field(description="what one trade on the chain costs in gas", examples=["0.002 ether"])
    min_gain_bps: PositiveInt = Field(
        20,
        description="what it must gain after fees and gas, bps: the trade on the chain insists on as much",
    )
    margin_bps: NonNegativeInt = Field(
        20, description="what it must gain beyond that to be begun, for prices move until the chain has decided"
    )
    slippage_bps: int = Field(
        50, ge=0, lt=BPS, description="how far beyond the best price an order at the exchange may reach, at each try"
    )
    retry_s: PositiveInt = Field(30, description="seconds for which it pauses after a denial, or a trade that failed")

    @model_validator(mode="after")
    def _is_one_market(self) -> Self:
        if place_of(self.token) != place_of(self.pool):
            raise ValueError("token and pool are on different chains")
        if self.rate and place_of(self.rate) != place_of(self.instrument):
            raise ValueError("rate and instrument are at different exchanges")
        return self
