"""What moves the equity by a given part on a usual day."""

from math import isqrt

from pydantic import Field, PositiveInt

from sniper.sizer import Config, Open, Sizer, View, bounded, instrument_of
from sniper.types import BPS, DAY, SECOND, place_of
from sniper_sizer_volatility_target.returns import UNIT, returns, variance


class VolatilityTargetConfig(Config):
    """Measured on bars of the instrument."""

    target_bps: PositiveInt = Field(
        description="standard deviation of a day that the position shall add, bps of the equity", examples=[50]
    )
    interval_s: PositiveInt = Field(300, description="seconds of a bar")
    bars: int = Field(200, ge=2, le=499, description="changes from bar to bar that are measured")
    least_bars: int = Field(30, ge=2, le=499, description="nothing is bought before there are so many")
    max_share_bps: int = Field(BPS, ge=1, description="most that one entry pays, bps of the equity")


class VolatilityTarget(Sizer):
    """Equity · target / σ of a day, where σ² of a day is the mean squared change from bar to bar times the bars of a
    day. In integers, rounded down."""

    config: VolatilityTargetConfig

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((each, self.config.interval_s * SECOND) for each in instruments)

    def size(self, intent: Open, quote: str, view: View) -> int:
        config, interval = self.config, self.config.interval_s * SECOND
        changes = returns(view.bars(instrument_of(intent, quote), interval), config.bars)
        if len(changes) < config.least_bars:
            return 0
        equity = max(0, view.equity(place_of(quote)))
        deviation = isqrt(variance(changes) * DAY // interval)
        most = equity * config.max_share_bps // BPS
        amount = equity * config.target_bps * UNIT // (BPS * deviation) if deviation else most
        return bounded(min(amount, most), intent, quote, view)
