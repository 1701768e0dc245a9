"""What loses a given part of the equity when the price falls by some average true ranges."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from pydantic import Field, PositiveInt

from sniper.events import Bar
from sniper.sizer import Config, Open, Sizer, View, bounded, instrument_of
from sniper.types import BPS, SECOND, place_of

SCALE: Final = 10**9
"""Of a tick, so that rounding does not add up."""


class AtrConfig(Config):
    """Measured on bars of the instrument."""

    risk_bps: PositiveInt = Field(description="what is lost at the stop, bps of the equity", examples=[50])
    multiple: Decimal = Field(Decimal(2), gt=0, le=1_000, description="how many ranges below the entry the stop is")
    interval_s: PositiveInt = Field(3600, description="seconds of a bar")
    period: int = Field(14, ge=1, le=100, description="n: each new bar counts 1/n in the average")
    max_share_bps: int = Field(BPS, ge=1, description="most that one entry pays, bps of the equity")


class Atr(Sizer):
    """Equity · risk · price / (multiple · range). The stop itself is the affair of an exit, which must be set alike."""

    config: AtrConfig

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((each, self.config.interval_s * SECOND) for each in instruments)

    def size(self, intent: Open, quote: str, view: View) -> int:
        config = self.config
        bars = view.bars(instrument_of(intent, quote), config.interval_s * SECOND)
        # what a bar adds fades by 1 - 1/n a bar: after eight times n bars it does not count any more
        extent = average_true_range(bars[-8 * config.period - 1 :], config.period)
        if extent is None:
            return 0
        equity = max(0, view.equity(place_of(quote)))
        most = equity * config.max_share_bps // BPS
        risked = Fraction(equity * config.risk_bps * bars[-1].close, BPS)
        amount = int(risked / (Fraction(config.multiple) * extent)) if extent else most
        return bounded(min(amount, most), intent, quote, view)


def average_true_range(bars: Sequence[Bar], period: int) -> Fraction | None:
    """Of the newest bar, ticks; None where there are not ``period`` + 1 bars.

    J. Welles Wilder, "New Concepts in Technical Trading Systems", 1978: of the true ranges, which reach to the close
    before, the first is the mean of ``period``, and each further one counts 1/period.
    """
    if len(bars) <= period:
        return None
    ranges = [max(bar.high, before.close) - min(bar.low, before.close) for before, bar in pairwise(bars)]
    scaled = sum(ranges[:period]) * SCALE // period
    for each in ranges[period:]:
        scaled = (scaled * (period - 1) + each * SCALE) // period
    return Fraction(scaled, SCALE)
