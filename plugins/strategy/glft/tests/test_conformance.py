from sniper_sdk import PackageConformance, TradingConformance
from sniper_strategy_glft.strategy import Glft, GlftConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-glft"


class TestGlft(TradingConformance):
    strategy = Glft
    config = GlftConfig(
        instrument="binance:BTC/USDT", size="0.01", max_inventory="0.05", intensity=1.0, depth_bps=5.0, min_trades=20
    )
