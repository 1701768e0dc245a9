"""Sells in steps as the value rises above the cost."""

from itertools import pairwise

from pydantic import Field, field_validator

from sniper.exit import Config, Exit, ExitActions, Position, Sell, View
from sniper.types import BPS


class Rung(Config):
    gain_bps: int = Field(ge=1, description="gain at which this rung sells: value above the cost, bps of the cost")
    share_bps: int = Field(ge=1, le=BPS, description="what it sells, bps of the largest amount that was held")


class TakeProfitConfig(Config):
    rungs: tuple[Rung, ...] = Field(
        (Rung(gain_bps=5000, share_bps=5000), Rung(gain_bps=10_000, share_bps=5000)),
        min_length=1,
        description="the ladder, lowest gain first; shares may add up to 10000 at most",
    )

    @field_validator("rungs")
    @classmethod
    def _ascending(cls, rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
        gains = [rung.gain_bps for rung in rungs]
        if any(low >= high for low, high in pairwise(gains)):
            raise ValueError(f"gains {gains} must rise from rung to rung")
        if (total := sum(rung.share_bps for rung in rungs)) > BPS:
            raise ValueError(f"shares add up to {total} bps: they may not exceed {BPS}")
        return rungs


class TakeProfit(Exit):
    """A rung is done when the holding has shrunk to what it leaves, whoever sold: a sale that fails is asked for again,
    one that succeeds is not.

    largest  The largest amount that was held, base units: what shares are shares of.
    """

    config: TakeProfitConfig
    largest: int = 0

    def opened(self, position: Position, view: View) -> ExitActions:
        self.largest = position.amount
        yield from ()

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        amount, cost, share_bps, gain_bps = position.amount, position.cost, 0, 0
        self.largest = max(self.largest, amount)
        # A partial sale takes the same part of value and cost, so their ratio stays the gain of each unit.
        for rung in self.config.rungs:
            if value * BPS < cost * (BPS + rung.gain_bps):
                break
            share_bps, gain_bps = share_bps + rung.share_bps, rung.gain_bps
        if not share_bps or value <= 0 or amount <= 0:
            return None
        due = self.largest * share_bps // BPS - (self.largest - amount)
        # Less than half a basis point is what rounding left over, and not worth a sale.
        if due * 2 * BPS < self.largest:
            return None
        return Sell(reason=f"worth {gain_bps} bps more than it cost", share_bps=-(-due * BPS // amount))
