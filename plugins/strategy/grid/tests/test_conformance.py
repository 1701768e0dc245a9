from sniper_sdk import PackageConformance, TradingConformance
from sniper_strategy_grid.strategy import Grid, GridConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-grid"


class TestGrid(TradingConformance):
    strategy = Grid
    config = GridConfig(
        instrument="binance:BTC/USDT", lower="59500", upper="60500", levels=21, size="0.01", stop="59400"
    )


class TestEvenGrid(TradingConformance):
    strategy = Grid
    config = GridConfig(
        instrument="binance:BTC/USDT", lower="55000", upper="65000", levels=30, size="0.01", spacing="even", retry_s=1
    )
