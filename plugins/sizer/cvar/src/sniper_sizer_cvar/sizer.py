"""The most that keeps the portfolio's expected shortfall within a bound."""

from typing import Final

from pydantic import Field, PositiveInt

from sniper.sizer import Config, Open, Sizer, View, bounded, instrument_of
from sniper.types import BPS, SECOND, place_of
from sniper_sizer_volatility_target.returns import UNIT, returns

HALVINGS: Final = 20
"""The answer is that much finer than the most that could be paid: to a millionth of it."""


class CvarConfig(Config):
    """Of what bars show, as if the past came again (historical simulation)."""

    max_loss_bps: PositiveInt = Field(
        description="most that the worst bars may cost on average, bps of the equity", examples=[100]
    )
    tail_bps: int = Field(
        500, ge=1, le=5_000, description="which part of all bars are the worst, bps: 500 for CVaR 95%"
    )
    interval_s: PositiveInt = Field(3600, description="seconds of a bar, which is the time that the loss is of")
    bars: int = Field(250, ge=20, le=499, description="changes from bar to bar that are looked at")
    least_bars: int = Field(100, ge=20, le=499, description="nothing is bought before there are so many")
    max_share_bps: int = Field(BPS, ge=1, le=BPS, description="most that one entry pays, bps of the equity")


class Cvar(Sizer):
    """Each bar of the past is a scenario for all that is held at the place and for the new position. The average of the
    worst of them is the expected shortfall (R. T. Rockafellar and S. Uryasev, "Optimization of Conditional
    Value-at-Risk", 2000); it is convex in what is paid, so the largest amount within the bound is found by halving.

    What is held in another instrument than the new one moves as its own bars say where its strategy has the same sizer,
    and is taken to move like the new one where no bars tell. In integers.
    """

    config: CvarConfig

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((each, self.config.interval_s * SECOND) for each in instruments)

    def size(self, intent: Open, quote: str, view: View) -> int:
        config, place = self.config, place_of(quote)
        changes = self._changes(instrument_of(intent, quote), view)
        if len(changes) < config.least_bars:
            return 0
        held = self._held(place, changes, view)
        equity = max(0, view.equity(place))
        worst = max(1, len(changes) * config.tail_bps // BPS)
        bound = equity * config.max_loss_bps // BPS * worst * UNIT

        def fits(amount: int) -> bool:
            losses = sorted([-(amount * change + base) for change, base in zip(changes, held, strict=True)])
            return sum(losses[-worst:]) <= bound

        high = bounded(equity * config.max_share_bps // BPS, intent, quote, view)
        if not fits(0):
            return 0
        if fits(high):
            return high
        low = 0
        for _ in range(HALVINGS):
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low

    def _changes(self, instrument: str, view: View) -> list[int]:
        return returns(view.bars(instrument, self.config.interval_s * SECOND), self.config.bars)

    def _held(self, place: str, changes: list[int], view: View) -> list[int]:
        """What each scenario brings to what is held, 10⁻⁹ base units."""
        found = [0] * len(changes)
        for token in sorted(view.positions):
            position = view.positions[token]
            worth = view.worth(token)
            amount = position.cost if worth is None else worth
            if place_of(token) != place or not amount:
                continue
            try:
                own = self._changes(position.pool, view)
            except LookupError:  # nobody asked for its bars
                own = []
            series = own if len(own) == len(changes) else changes
            found = [base + amount * change for base, change in zip(found, series, strict=True)]
        return found
