"""The same amount for each entry."""

from pydantic import Field

from sniper.amounts import PositiveAmount
from sniper.sizer import Config, Open, Sizer, View


class FixedConfig(Config):
    amount: PositiveAmount = Field(
        description="what one entry pays: base units, or text such as '0.05 ether'", examples=["0.02 ether"]
    )


class Fixed(Sizer):
    """Does not look at the cash: an account that cannot pay is denied with that reason, not silently given less."""

    config: FixedConfig

    def size(self, intent: Open, quote: str, view: View) -> int:
        return self.config.amount if intent.max_spend is None else min(self.config.amount, intent.max_spend)
