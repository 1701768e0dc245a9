from sniper_sdk import PackageConformance, TradingConformance
from sniper_strategy_dca.strategy import Dca, DcaConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-dca"


class TestDca(TradingConformance):
    strategy = Dca
    config = DcaConfig(instrument="binance:BTC/USDT", amount="50", every_s=300, at_s=7, most="2000")
