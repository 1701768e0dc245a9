"""Makes a market by the model of Avellaneda and Stoikov.

M. Avellaneda and S. Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8(3), 2008.
"""

from math import log1p
from typing import NamedTuple

from pydantic import Field, PositiveFloat, PositiveInt

from sniper.types import BPS, SECOND
from sniper_strategy_avellaneda_stoikov.calibration import Calibrated, CalibratedConfig, Distances, Market


class AvellanedaStoikovConfig(CalibratedConfig):
    """Units: bps of the middle price, seconds, and orders of the configured size."""

    risk_aversion: PositiveFloat = Field(
        0.01, allow_inf_nan=False, description="γ, per bps and order: how much what it has moves its quotes"
    )
    horizon_s: PositiveInt = Field(300, description="T, seconds over which what it has is a risk")
    sessions: bool = Field(
        False,
        description="whether T - t runs down, in sessions of horizon_s from midnight UTC on; else it is always T",
    )


class Optimal(NamedTuple):
    """``reservation``: what the middle is worth to who has that inventory, less the middle; ``spread``: from bid to
    ask; in the units of the price."""

    reservation: float
    spread: float


def optimal(gamma: float, sigma: float, k: float, time_left: float, inventory: float) -> Optimal:
    """The paper's approximate solution for intensities A·exp(-k·δ), its section 3.2: a reservation price of
    s - qγσ²(T - t), and around it a spread of γσ²(T - t) + (2/γ)·ln(1 + γ/k)."""
    risk = gamma * sigma * sigma * time_left
    return Optimal(-inventory * risk, risk + 2 / gamma * log1p(gamma / k))


class AvellanedaStoikov(Calibrated):
    """Volatility and k are those of its market; see `Calibrated`."""

    config: AvellanedaStoikovConfig

    def distances(self, market: Market) -> Distances | None:
        sigma, intensity = self.volatility(), self.measured()
        if sigma is None or intensity is None:
            return None
        wanted = optimal(self.config.risk_aversion, sigma, intensity.k, self._time_left(market.now), market.inventory)
        unit = market.middle / BPS
        return Distances(
            bid=(wanted.spread / 2 - wanted.reservation) * unit, ask=(wanted.spread / 2 + wanted.reservation) * unit
        )

    def _time_left(self, now: int) -> float:
        """T - t, seconds."""
        horizon = self.config.horizon_s * SECOND
        return (horizon - now % horizon) / SECOND if self.config.sessions else float(self.config.horizon_s)
