"""Makes a market by the closed formulas of Guéant, Lehalle and Fernandez-Tapia.

O. Guéant, C.-A. Lehalle and J. Fernandez-Tapia, "Dealing with the inventory risk: a solution to the market making
problem", Mathematics and Financial Economics 7(4), 2013.
"""

from math import exp, log1p, sqrt
from typing import NamedTuple

from pydantic import Field, PositiveFloat

from sniper.types import BPS
from sniper_strategy_avellaneda_stoikov.calibration import Calibrated, CalibratedConfig, Distances, Market


class GlftConfig(CalibratedConfig):
    """Units: bps of the middle price, seconds, and orders of the configured size."""

    risk_aversion: PositiveFloat = Field(
        0.01, allow_inf_nan=False, description="γ, per bps and order: how much what it has moves its quotes"
    )


class Asymptotic(NamedTuple):
    """Distances from the middle: ``half + (2q + 1)/2·slope`` of the bid, ``half - (2q - 1)/2·slope`` of the ask."""

    half: float
    slope: float

    def bid(self, inventory: float) -> float:
        return self.half + (2 * inventory + 1) / 2 * self.slope

    def ask(self, inventory: float) -> float:
        return self.half - (2 * inventory - 1) / 2 * self.slope


def asymptotic(gamma: float, sigma: float, a: float, k: float) -> Asymptotic:
    """The approximation in closed form of the optimal quotes far from the end, the paper's section 4:

    half = (1/γ)·ln(1 + γ/k), slope = sqrt(σ²γ/(2kA)·(1 + γ/k)^(1 + k/γ)).
    """
    edge = log1p(gamma / k)
    return Asymptotic(edge / gamma, sqrt(sigma * sigma * gamma / (2 * k * a) * exp((1 + k / gamma) * edge)))


class Glft(Calibrated):
    """Volatility, A and k are those of its market; see `Calibrated`."""

    config: GlftConfig

    def distances(self, market: Market) -> Distances | None:
        sigma, intensity = self.volatility(), self.measured()
        if sigma is None or intensity is None:
            return None
        wanted = asymptotic(self.config.risk_aversion, sigma, intensity.a, intensity.k)
        unit = market.middle / BPS
        return Distances(bid=wanted.bid(market.inventory) * unit, ask=wanted.ask(market.inventory) * unit)
