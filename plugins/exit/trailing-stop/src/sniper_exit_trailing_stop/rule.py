"""Sells when the value falls back from its highest."""

from pydantic import Field, NonNegativeInt

from sniper.exit import Config, Exit, ExitActions, Position, Sell, View
from sniper.types import BPS


class TrailingStopConfig(Config):
    trail_bps: int = Field(2000, ge=1, lt=BPS, description="how far the value may fall below its highest, bps")
    activation_gain_bps: NonNegativeInt = Field(
        0, description="gain over the cost that must be reached before the stop counts, bps; 0: from the start"
    )
    urgent: bool = Field(True, description="pay the fee and take the slippage of an emergency")


class TrailingStop(Exit):
    """Compares values of one amount. When the amount changes, the mark moves so that the value stands as far below it
    as before: the first units of a sale get the best price, so even a mark per unit would see a fall where only the
    account itself sold a part.

    amount  What is held, base units. ``value``: what it was worth last. ``high``: the most that it was worth.
    active  Whether the gain that the stop waits for was reached.
    """

    config: TrailingStopConfig
    amount: int = 0
    value: int = 0
    high: int = 0
    active: bool = False

    def opened(self, position: Position, view: View) -> ExitActions:
        self.amount = position.amount
        yield from ()

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        config = self.config
        if position.amount != self.amount:
            self.high = self.high * value // self.value if self.value else value
            self.amount, self.value = position.amount, value
        # While an own sale is under way, the pool shows it before the position does: such a value is no mark.
        if position.state != "closing":
            self.value = value
            self.high = max(self.high, value)
        if not self.active:
            if config.activation_gain_bps and value * BPS < position.cost * (BPS + config.activation_gain_bps):
                return None
            self.active = True
        if value * BPS > self.high * (BPS - config.trail_bps) or not self.high:
            return None
        reason = f"fell by {(self.high - value) * BPS // self.high} bps from its highest value"
        return Sell(reason=reason, urgent=config.urgent)
