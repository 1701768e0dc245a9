"""Sells when the value falls below a share of the cost."""

from pydantic import Field

from sniper.exit import Config, Exit, Position, Sell, View
from sniper.types import BPS


class StopLossConfig(Config):
    loss_bps: int = Field(3000, ge=1, lt=BPS, description="loss that is borne, share of the cost, bps")
    urgent: bool = Field(True, description="pay the fee and take the slippage of an emergency")


class StopLoss(Exit):
    """The cost counts the gas of the entry, so a small position starts with a loss: leave room for it."""

    config: StopLossConfig

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        config = self.config
        if value * BPS >= position.cost * (BPS - config.loss_bps):
            return None
        reason = f"worth {value * BPS // position.cost} bps of its cost, less than {BPS - config.loss_bps}"
        return Sell(reason=reason, urgent=config.urgent)
