"""The section of one exchange."""

from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from sniper.config import Config

BORROWING: Final = ("margin", "cross", "isolated")
"""What ccxt calls spot markets where one pays with what is borrowed."""


class CcxtConfig(Config):
    """An exchange of ccxt as a place, ``[venue.NAME]``."""

    exchange: str = Field(description="The exchange, by its id in ccxt.", examples=["binance"])
    market: Literal["spot", "swap", "future"] = Field(
        default="spot",
        description="What kind of markets: spot, perpetuals (swap) or futures; of contracts the linear ones, in "
        "one-way positions.",
    )
    symbols: tuple[str, ...] = Field(
        default=(),
        description="What is traded, as ccxt writes it, such as 'BTC/USDT' or 'BTC/USDT:USDT'; empty: all markets of "
        "that kind. An exchange that tells orders and fills by symbol only needs it.",
    )
    leverage: int = Field(
        default=0, ge=0, description="Leverage that is set for each of the symbols at a start; 0: it stays as it is."
    )
    margin: Literal["", "cross", "isolated"] = Field(
        default="", description="Margin mode that is set for each of the symbols at a start; empty: it stays as it is."
    )
    client_id_length: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Characters that the exchange takes as a client id, prefix included; 0: as far as known, else 32.",
    )
    client_id_prefix: str = Field(default="", description="What the exchange wants in front of each client id.")
    withdrawals: bool = Field(
        default=False, description="Take keys that may withdraw; else they are refused where the exchange can tell."
    )
    lost_after_s: int = Field(
        default=0,
        ge=0,
        description="Seconds after which an order that an exchange without a receive window does not know is taken for "
        "never arrived; 0: it stays unknown.",
    )
    timeout_s: int = Field(default=10, ge=1, description="Seconds that one request may take.")
    poll_s: int = Field(default=2, ge=1, description="Seconds between questions where the exchange has no stream.")
    levels: int = Field(
        default=100, ge=1, le=5000, description="Levels of each side of the order books that strategies follow."
    )
    url: str = Field(
        default="", description="What stands before the path of each request instead of the exchange's own address."
    )
    stream_url: str = Field(default="", description="The same for WebSockets.")

    @field_validator("market", mode="before")
    @classmethod
    def _borrows_nothing(cls, market: object) -> object:
        if market in BORROWING:
            raise ValueError(
                f"{market!r}: spot margin is not traded, for what an account borrows and owes is in no book; take "
                "'spot', or 'swap' for positions with leverage and below zero"
            )
        return market

    @model_validator(mode="after")
    def _margin_of_contracts(self) -> Self:
        if self.market == "spot" and (self.leverage or self.margin):
            raise ValueError("leverage and margin are of contracts alone, and market = 'spot' has none: leave them out")
        return self
