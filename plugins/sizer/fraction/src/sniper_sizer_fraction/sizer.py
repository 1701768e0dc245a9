"""A fraction of what the account has, so that entries grow and shrink with it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from sniper.amounts import Amount, PositiveAmount
from sniper.sizer import Config, Open, Sizer, View
from sniper.types import BPS, place_of


class FractionConfig(Config):
    """Amounts are those of the quote asset: base units, or text such as ``"0.05 ether"``."""

    share_bps: int = Field(ge=1, le=BPS, description="the part that one entry pays, bps", examples=[100])
    of: Literal["cash", "equity"] = Field("cash", description="of the free cash, or of cash and positions at cost")
    min_amount: Amount = Field(0, description="what is smaller is not worth its gas and is not traded")
    max_amount: PositiveAmount | None = Field(None, description="most that one entry pays")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_amount is not None and self.min_amount > self.max_amount:
            raise ValueError(
                f"min_amount {self.min_amount} is above max_amount {self.max_amount}: nothing would be traded"
            )
        return self


class Fraction(Sizer):
    """Rounds down, and never pays more than the free cash."""

    config: FractionConfig

    def size(self, intent: Open, quote: str, view: View) -> int:
        config, cash = self.config, view.cash(quote)
        whole = cash if config.of == "cash" else view.equity(place_of(quote))
        amount = min(whole * config.share_bps // BPS, cash)
        if config.max_amount is not None:
            amount = min(amount, config.max_amount)
        if intent.max_spend is not None:
            amount = min(amount, intent.max_spend)
        return amount if amount >= config.min_amount else 0
