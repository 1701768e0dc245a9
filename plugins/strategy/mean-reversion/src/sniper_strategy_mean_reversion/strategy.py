"""Buys what has fallen far below its average and sells it when it is back."""

from pydantic import Field, FiniteFloat

from sniper_strategy_composed.directional import Directional, DirectionalConfig, Rules


class MeanReversionConfig(DirectionalConfig):
    """Bollinger's bands, with Wilder's relative strength index as a filter."""

    period: int = Field(20, ge=2, le=400, description="bars of the average and of the deviation around it")
    width: FiniteFloat = Field(2.0, gt=0, le=10, description="deviations below the average at which it is bought")
    rsi_period: int = Field(14, ge=2, le=100, description="bars of the relative strength index")
    max_rsi: FiniteFloat = Field(35.0, ge=0, le=100, description="most of that index to buy; 100: it does not count")


class MeanReversion(Directional):
    """See `Directional`."""

    config: MeanReversionConfig

    def rules(self) -> Rules:
        config = self.config
        weak = ("rsi(rsi_period) < max_rsi",) if config.max_rsi < 100 else ()
        return Rules(
            entry=("close < bollinger_lower(period, width, width)", *weak),
            leave=("close > bollinger_middle(period, width, width)",),
            parameters={
                "period": config.period,
                "width": config.width,
                "rsi_period": config.rsi_period,
                "max_rsi": config.max_rsi,
            },
        )
