"""A part of what Kelly's criterion would stake, with a cap."""

from typing import Self

from pydantic import Field, PositiveInt, model_validator

from sniper.sizer import Config, Open, Sizer, View, bounded, instrument_of
from sniper.types import BPS, SECOND, place_of
from sniper_sizer_volatility_target.returns import UNIT, returns


class KellyConfig(Config):
    """Of bets whose odds are given, or of returns that bars show."""

    fraction_bps: int = Field(2_500, ge=1, le=BPS, description="the part of Kelly's stake that is staked, bps")
    max_share_bps: int = Field(2_000, ge=1, le=BPS, description="the cap: most that one entry pays, bps of the equity")
    win_bps: int | None = Field(
        None, ge=1, lt=BPS, description="how often an entry wins, bps; left out, bars tell what is expected"
    )
    payoff_bps: PositiveInt = Field(BPS, description="what one that wins gains, bps of what one that loses costs")
    loss_bps: int = Field(BPS, ge=1, le=BPS, description="what one that loses costs, bps of what was paid")
    interval_s: PositiveInt = Field(3600, description="seconds of a bar, where bars tell")
    bars: int = Field(400, ge=2, le=499, description="changes from bar to bar that are measured")
    least_bars: int = Field(100, ge=2, le=499, description="nothing is bought before there are so many")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.least_bars > self.bars:
            raise ValueError(f"least_bars {self.least_bars} is above bars {self.bars}: nothing would be bought")
        return self


class Kelly(Sizer):
    """Of bets: (p - (1 - p)/b)/l of the equity, with odds b and a loss of l of what was paid (J. L. Kelly, "A New
    Interpretation of Information Rate", 1956). Of returns: μ/σ² (E. O. Thorp, "The Kelly Criterion in Blackjack, Sports
    Betting, and the Stock Market", 2006). In integers, rounded down; nothing where nothing is to be gained."""

    config: KellyConfig

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        if self.config.win_bps is not None:
            return ()
        return tuple((each, self.config.interval_s * SECOND) for each in instruments)

    def size(self, intent: Open, quote: str, view: View) -> int:
        config = self.config
        equity = max(0, view.equity(place_of(quote)))
        over, under = self._stake(intent, quote, view)
        if over <= 0:
            return 0
        most = equity * config.max_share_bps // BPS
        amount = equity * config.fraction_bps * over // (BPS * under) if under else most
        return bounded(min(amount, most), intent, quote, view)

    def _stake(self, intent: Open, quote: str, view: View) -> tuple[int, int]:
        """Kelly's part of the equity, as a fraction; a denominator of 0: without bound."""
        config = self.config
        if config.win_bps is not None:
            edge = config.win_bps * config.payoff_bps - (BPS - config.win_bps) * BPS
            return edge, config.payoff_bps * config.loss_bps
        changes = returns(view.bars(instrument_of(intent, quote), config.interval_s * SECOND), config.bars)
        count = len(changes)
        if count < config.least_bars:
            return 0, 1
        total = sum(changes)
        squares = count * sum(change * change for change in changes) - total * total
        return total * count * UNIT, squares
