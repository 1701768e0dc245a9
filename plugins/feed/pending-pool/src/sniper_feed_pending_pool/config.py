"""The config section of pending-pool."""

import re

from pydantic import Field, field_validator

from sniper.config import Config


class PendingPoolConfig(Config):
    contracts: tuple[str, ...] = Field(
        (),
        description="addresses of routers, position managers and factories whose calls count as liquidity; empty: any",
    )
    tips_s: float = Field(
        3.0, ge=1, description="seconds between two looks at what the pool offers; each new block is one more"
    )
    poll_s: float = Field(1.0, gt=0, description="seconds between two looks at an endpoint without subscriptions")
    lookups_per_s: float = Field(
        50.0, gt=0, description="most transactions to ask one endpoint for in a second, where it tells hashes alone"
    )
    most: int = Field(20_000, ge=100, le=200_000, description="most transactions to keep; the oldest makes room")
    forget_s: int = Field(600, ge=10, description="seconds after which a transaction that was not mined is forgotten")
    max_events: int = Field(50, ge=1, description="most hints a second that are handed on; own transactions always are")

    @field_validator("contracts")
    @classmethod
    def _lower_case(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            if not re.fullmatch("0x[0-9a-fA-F]{40}", address):
                raise ValueError(f"{address!r} is not an address: write 0x and 40 hexadecimal digits")
        return tuple(address.lower() for address in addresses)
