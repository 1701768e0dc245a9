"""The config section of cyclic-arbitrage."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints

from sniper.amounts import Amount, PositiveAmount
from sniper.strategy import Config

Pool = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}([0-9a-fA-F]{24})?$", to_lower=True)]
Coin = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class CyclicArbitrageConfig(Config):
    """Amounts are those of what the account pays with: base units, or text such as ``"0.01 ether"``."""

    min_profit: PositiveAmount = Field(
        description="least that a cycle must leave after its gas", examples=["0.001 ether"]
    )
    max_amount: PositiveAmount | None = Field(None, description="most to pay into one cycle; else all that is free")
    max_hops: int = Field(3, ge=2, le=8, description="most pools of a cycle; above 3 they are searched for, slower")
    allowed_coins: tuple[Coin, ...] = Field(
        (), description="addresses of the coins that a cycle may pass; empty: any, also those that are traps"
    )
    allowed_pools: tuple[Pool, ...] = Field((), description="pools, or ids in a singleton, that may be used; none: any")
    denied_pools: tuple[Pool, ...] = Field((), description="pools that may not")
    cooldown_s: NonNegativeInt = Field(24, description="seconds before the same cycle is tried again")
    max_per_block: PositiveInt = Field(1, description="most cycles to try in one block")
    max_reverts: PositiveInt = Field(
        2, description="reverts in a row of cycles through one pool, after which that pool is left alone"
    )
    avoid_s: NonNegativeInt = Field(3600, description="seconds for which it is left alone")
    allowance: Amount = Field(
        0,
        description="where a token is paid: the least to approve at once, so that not every cycle waits for an "
        "approval of its own; the venue's contract may take that much. 0: exactly what is paid",
    )
