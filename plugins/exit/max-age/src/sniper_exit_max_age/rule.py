"""Sells what was held for too long."""

from pydantic import Field, PositiveInt

from sniper.events import TimerFired
from sniper.exit import Config, Exit, ExitActions, Position, Sell, SetTimer, View, on
from sniper.types import SECOND


class MaxAgeConfig(Config):
    max_age_s: PositiveInt = Field(3600, description="seconds after the first fill at which everything is sold")
    urgent: bool = Field(False, description="pay the fee and take the slippage of an emergency")


class MaxAge(Exit):
    """The timer reaches a position whose pool has fallen silent; the valuation repeats a sale that failed."""

    config: MaxAgeConfig

    def opened(self, position: Position, view: View) -> ExitActions:
        yield SetTimer(key="max-age", at=position.opened_at + self.config.max_age_s * SECOND)

    @on(TimerFired)
    def fired(self, event: TimerFired, position: Position, view: View) -> ExitActions:
        if sale := self._due(position, view.now):
            yield sale

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return self._due(position, view.now)

    def _due(self, position: Position, now: int) -> Sell | None:
        if now - position.opened_at < self.config.max_age_s * SECOND:
            return None
        return Sell(reason=f"held for {(now - position.opened_at) // SECOND} s", urgent=self.config.urgent)
