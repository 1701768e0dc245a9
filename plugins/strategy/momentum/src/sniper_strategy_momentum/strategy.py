"""Buys what has risen, while its trend is strong, and sells it when that ends."""

from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from sniper_strategy_composed.directional import Directional, DirectionalConfig, Rules


class MomentumConfig(DirectionalConfig):
    """Time-series momentum (T. J. Moskowitz, Y. H. Ooi and L. H. Pedersen, "Time series momentum", 2012), with Wilder's
    directional index as a filter."""

    lookback: int = Field(48, ge=2, le=400, description="bars over which the change of the price is looked at")
    enter_percent: FiniteFloat = Field(1.0, description="what it must have risen by to be bought, percent")
    leave_percent: FiniteFloat = Field(0.0, description="it is sold once it has risen by less than this, percent")
    adx_period: int = Field(14, ge=2, le=100, description="bars of the average directional index")
    min_adx: FiniteFloat = Field(20.0, ge=0, le=100, description="least of that index to buy; 0: it does not count")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.leave_percent > self.enter_percent:
            raise ValueError(f"leave_percent {self.leave_percent} is above enter_percent {self.enter_percent}")
        return self


class Momentum(Directional):
    """See `Directional`."""

    config: MomentumConfig

    def rules(self) -> Rules:
        config = self.config
        trend = ("adx(adx_period) > min_adx",) if config.min_adx else ()
        return Rules(
            entry=("roc(lookback) > enter_percent", *trend),
            leave=("roc(lookback) < leave_percent",),
            parameters={
                "lookback": config.lookback,
                "enter_percent": config.enter_percent,
                "leave_percent": config.leave_percent,
                "adx_period": config.adx_period,
                "min_adx": config.min_adx,
            },
        )
