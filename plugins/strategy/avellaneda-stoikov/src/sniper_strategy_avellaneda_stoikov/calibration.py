"""How much a price moves and how often trades reach a quote, from what an instrument's market shows.

All in basis points of the middle price, so that the same parameters mean the same at 0.1 and at 60,000 dollars. Floats:
the sums are the same wherever ``exp`` is, which the manifest of an epoch pins; none of them is an amount.
"""

from math import exp, sqrt
from typing import NamedTuple, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from sniper.events import InstrumentStale, Prices, Trade
from sniper.strategy import Actions, View, on
from sniper.types import BPS, SECOND
from sniper_strategy_simple_spread.quoting import Distances, Maker, MakerConfig, Market

__all__ = ["Calibrated", "CalibratedConfig", "Distances", "Intensity", "Market"]


class CalibratedConfig(MakerConfig):
    """See `Calibrated`."""

    volatility_memory_s: PositiveInt = Field(300, description="seconds after which a move counts 1/e in the volatility")
    warm_up_s: PositiveInt = Field(60, description="seconds that prices are watched for before anything is quoted")
    intensity_memory_s: PositiveInt = Field(1_800, description="seconds after which a trade counts 1/e in A and k")
    min_trades: PositiveInt = Field(50, description="trades, as far as they count, from which on A and k are measured")
    intensity: PositiveFloat | None = Field(
        None,
        allow_inf_nan=False,
        description="A until it is measured: market orders a second on each side; left out, nothing is quoted before",
    )
    depth_bps: PositiveFloat | None = Field(
        None, allow_inf_nan=False, description="1/k until it is measured: how far from the middle they reach on average"
    )

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.intensity is None) != (self.depth_bps is None):
            raise ValueError("intensity and depth_bps say A and 1/k together: give both or neither")
        return self


class Intensity(NamedTuple):
    """Market orders that reach a quote at a distance of δ bps arrive at a rate of ``a·exp(-k·δ)`` a second, on each
    side: the assumption of Avellaneda and Stoikov."""

    a: float
    k: float


class Calibrated(Maker):
    """A market maker that measures its market, with exponentially fading sums.

    Volatility: the sum of the squared moves of the middle over the sum of the seconds in which they came.

    Intensity: where market orders arrive as a Poisson process of rate A on each side and the depths that they reach are
    exponential with rate k, those that reach δ arrive at A·exp(-k·δ). Of N trades at depths dᵢ in T seconds the maximum
    of the likelihood is A = N/2T, k = N/Σdᵢ. A depth is the distance from the middle before the trade; trades of one
    instant are one order, which reached the farthest of them. Trades count only while best prices are known.

    heard_at   When the sums were aged last, ns UTC; 0: not since prices were stale or a side was empty, which time does
               not count.
    middle     Of the newest best prices, half ticks. ``squares``: bps²; ``watched``: seconds.
    trades     N; ``depths``: Σdᵢ, bps; ``exposed``: T, seconds.
    last_trade, last_depth  When the newest trade was, ns UTC, and its depth, bps.
    """

    config: CalibratedConfig
    heard_at: int = 0
    middle: int = 0
    squares: float = 0.0
    watched: float = 0.0
    trades: float = 0.0
    depths: float = 0.0
    exposed: float = 0.0
    last_trade: int = 0
    last_depth: float = 0.0

    def volatility(self) -> float | None:
        """Of the middle, bps per square root of a second; None before it is known."""
        return sqrt(self.squares / self.watched) if self.watched >= self._warm() else None

    def measured(self) -> Intensity | None:
        """A and k as trades showed them, or as the config says them; None where neither does yet."""
        config = self.config
        if self.trades >= config.min_trades and self.depths > 0 and self.exposed > 0:
            return Intensity(self.trades / (2 * self.exposed), self.trades / self.depths)
        if config.intensity is None or config.depth_bps is None:
            return None
        return Intensity(config.intensity, 1 / config.depth_bps)

    def heard_prices(self, event: Prices, view: View) -> None:
        if not event.bid or not event.ask or self._stale(view):
            self.heard_at = self.middle = 0
            return
        self._age(view.now)
        middle = event.bid + event.ask
        if self.middle:
            self.squares += ((middle - self.middle) * BPS / self.middle) ** 2
        self.middle = middle

    def heard_trade(self, event: Trade, view: View) -> None:
        if not self.middle or self._stale(view):
            return
        self._age(view.now)
        depth = abs(2 * event.price - self.middle) * BPS / self.middle
        if event.time != self.last_trade:
            self.last_trade, self.last_depth = event.time, depth
            self.trades += 1
            self.depths += depth
        elif depth > self.last_depth:
            self.depths += depth - self.last_depth
            self.last_depth = depth

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        self.heard_at = self.middle = 0
        yield from self.quote(view)

    def _stale(self, view: View) -> bool:
        ticker = view.ticker(self.config.instrument)
        return ticker is None or ticker.stale

    def _warm(self) -> float:
        """Seconds that must have been watched: as faded sums can show them."""
        config = self.config
        return config.volatility_memory_s * (1 - exp(-config.warm_up_s / config.volatility_memory_s))

    def _age(self, now: int) -> None:
        """Let the sums fade, and count the time since they were aged last."""
        if self.heard_at:
            seconds = (now - self.heard_at) / SECOND
            fade = exp(-seconds / self.config.volatility_memory_s)
            self.squares *= fade
            self.watched = self.watched * fade + seconds
            fade = exp(-seconds / self.config.intensity_memory_s)
            self.trades *= fade
            self.depths *= fade
            self.exposed = self.exposed * fade + seconds
        self.heard_at = now
