"""Brings each instrument to an equal part of the portfolio's risk."""

from math import sqrt
from typing import Final

from pydantic import Field, PositiveInt

from sniper.sizer import Config, Open, Sizer, View, bounded, instrument_of
from sniper.types import BPS, SECOND, place_of
from sniper_sizer_volatility_target.returns import UNIT, returns

SWEEPS: Final = 5_000
"""At most; some dozens where the instruments do not hedge each other."""
CLOSE: Final = 1e-12
"""Of a weight: by less than that, a sweep changes none of them once they are found."""
PARTS: Final = 10**9


class RiskParityConfig(Config):
    """The portfolio is that of these instruments, all of them at the exchange of the intent."""

    instruments: tuple[str, ...] = Field(
        min_length=1,
        max_length=20,
        description="ids of all instruments that share the risk; what strategies open beside them gets nothing",
        examples=[["binance:BTC/USDT", "binance:ETH/USDT"]],
    )
    invested_bps: int = Field(BPS, ge=1, le=BPS, description="the part of the equity that all together shall have, bps")
    interval_s: PositiveInt = Field(3600, description="seconds of a bar")
    bars: int = Field(200, ge=10, le=499, description="changes from bar to bar that are measured")
    least_bars: int = Field(50, ge=10, le=499, description="nothing is bought before there are so many of each")


class RiskParity(Sizer):
    """Pays what the position lacks of its share of the equity. Floats, of operations that IEEE 754 rounds alike
    everywhere; the share is rounded down to 10⁻⁹ before it counts money."""

    config: RiskParityConfig

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((each, self.config.interval_s * SECOND) for each in self.config.instruments)

    def size(self, intent: Open, quote: str, view: View) -> int:
        config, instrument = self.config, instrument_of(intent, quote)
        if instrument not in config.instruments:
            return 0
        series = [returns(view.bars(each, config.interval_s * SECOND), config.bars) for each in config.instruments]
        count = min(len(each) for each in series)
        if count < config.least_bars:
            return 0
        weights = equal_risk(_covariance([each[-count:] for each in series]))
        share = int(weights[config.instruments.index(instrument)] * PARTS)
        wanted = max(0, view.equity(place_of(quote))) * config.invested_bps * share // (BPS * PARTS)
        held = view.positions.get(intent.token)
        return bounded(wanted - (held.cost if held is not None else 0), intent, quote, view)


def equal_risk(covariance: list[list[float]]) -> list[float]:
    """Weights, above 0 and together 1, each of which contributes the same risk: wᵢ·(Σw)ᵢ is equal for all.

    The minimum of ½x'Σx - Σ ln xᵢ, scaled (F. Spinu, "An Algorithm for Computing Risk Parity Weights", 2013),
    coordinate by coordinate (T. Griveau-Billion, J.-C. Richard and T. Roncalli, "A Fast Algorithm for Computing
    High-dimensional Risk Parity Portfolios", 2013). ``covariance``: positive on its diagonal.
    """
    size = len(covariance)
    found = [1 / sqrt(covariance[i][i]) for i in range(size)]
    for _ in range(SWEEPS):
        moved = 0.0
        for i, row in enumerate(covariance):
            others = sum([row[j] * found[j] for j in range(size) if j != i])
            before, found[i] = found[i], (sqrt(others * others + 4 * row[i]) - others) / (2 * row[i])
            moved = max(moved, abs(found[i] - before) / found[i])
        if moved < CLOSE:
            break
    total = sum(found)
    return [each / total for each in found]


def _covariance(series: list[list[int]]) -> list[list[float]]:
    """Of returns whose means are taken for 0. What does not move at all is taken to move a little, so that it can be
    divided by."""
    count = len(series[0])
    found = [
        [sum([a * b for a, b in zip(one, other, strict=True)]) / (count * UNIT * UNIT) for other in series]
        for one in series
    ]
    for i, row in enumerate(found):
        row[i] = row[i] * (1 + 1e-9) + 1e-18
    return found
