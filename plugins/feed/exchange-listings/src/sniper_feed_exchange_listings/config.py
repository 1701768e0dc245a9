"""The config section of exchange-listings."""

from typing import Annotated

from pydantic import Field, StringConstraints

from sniper.config import Config

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]


class ListingExchange(Config):
    exchange: str = Field(description="the exchange, by its id in ccxt", examples=["binance"])
    strength_bps: int = Field(10_000, ge=0, le=10_000, description="how sure a listing there is")
    lives_s: int = Field(0, ge=0, description="seconds for which it means something; 0: as [signals] says")
    timeout_s: int = Field(20, ge=1, le=300, description="seconds that one request may take")
    url: str = Field(
        "", description="what stands before the path of each request; the exchange's own address, where empty"
    )


class ExchangeListingsConfig(Config):
    exchanges: dict[Name, ListingExchange] = Field(
        min_length=1,
        description="whom to ask, by the name of the place: that of its [venue.NAME], where there is one",
    )
    poll_s: float = Field(60.0, ge=1, le=86_400, description="seconds between two looks at an exchange")
    gone_after: int = Field(
        3, ge=1, le=100, description="looks in a row at which an instrument must be missing to count as delisted"
    )
