from sniper_sdk import PackageConformance, TradingConformance
from sniper_strategy_ema_cross.strategy import EmaCross, EmaCrossConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-ema-cross"


class TestOnTrades(TradingConformance):
    strategy = EmaCross
    config = EmaCrossConfig(instrument="binance:BTC/USDT", size="0.01", interval_s=0, fast=3, slow=7)


class TestOnBars(TradingConformance):
    strategy = EmaCross
    config = EmaCrossConfig(instrument="binance:BTC/USDT", size="0.01", interval_s=120, fast=2, slow=4, average="sma")
