"""The config section of launch-snipe."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from sniper.amounts import PositiveAmount
from sniper.strategy import Config


class LaunchSnipeConfig(Config):
    """Amounts are those of the pair token: base units, or text such as ``"5 ether"``. Addresses in any case."""

    min_liquidity: PositiveAmount = Field(
        description="least of the pair token that a pool must hold", examples=["5 ether"]
    )
    max_liquidity: PositiveAmount | None = Field(None, description="most of it: a deeper pool is no launch")
    pair_tokens: tuple[str, ...] = Field(
        (), description="addresses, one of which must be the other coin of the pool; empty: what the account pays with"
    )
    min_age_s: NonNegativeInt = Field(0, description="seconds that a pool must have existed before it is bought from")
    max_age_s: PositiveInt = Field(3600, description="seconds after which a pool is no launch any more")
    allowed_deployers: tuple[str, ...] = Field((), description="only tokens of these addresses; empty: of any")
    denied_deployers: tuple[str, ...] = Field((), description="no tokens of these addresses")
    unknown_deployer: Literal["wait", "allow", "deny"] = Field(
        "wait", description="what to do while a deployer that one of the two lists asks for is not known"
    )
    wait_for_trading: bool = Field(False, description="buy only after the token said that trading is enabled")
    patience_s: PositiveInt = Field(600, description="seconds to follow a launch that cannot be bought yet")
    max_tries: PositiveInt = Field(100, description="times to try a launch that is denied with a time to try again")
    max_per_block: PositiveInt = Field(
        3, description="most new launches to try in one block; the others wait for the next"
    )
    max_followed: PositiveInt = Field(1000, description="most launches to follow at the same time")
    any_pool: bool = Field(
        False,
        description="whether it may be bought in another pool than the one that was launched, and over several at once",
    )
    reenter: bool = Field(False, description="whether a token may be bought again after its position was closed")

    @field_validator("pair_tokens", "allowed_deployers", "denied_deployers")
    @classmethod
    def _lower_case(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            if len(address) != 42 or not address.startswith("0x"):
                raise ValueError(f"{address!r} is not an address: write 0x and 40 hexadecimal digits")
            int(address, 16)
        return tuple(address.lower() for address in addresses)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_liquidity is not None and self.max_liquidity < self.min_liquidity:
            raise ValueError(f"max_liquidity {self.max_liquidity} is below min_liquidity {self.min_liquidity}")
        if self.min_age_s > self.max_age_s:
            raise ValueError(f"min_age_s {self.min_age_s} is above max_age_s {self.max_age_s}")
        return self
