from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sdk.builders import instrument
from sniper_strategy_xemm.strategy import Xemm, XemmConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-xemm"


class TestXemm(TradingConformance):
    strategy = Xemm
    config = XemmConfig(
        instrument="binance:BTC/USDT", hedge="kraken:BTC/USDT", size="0.01", max_unhedged="0.02", edge_bps=1, retry_s=1
    )
    listed = (instrument(), instrument("kraken:BTC/USDT", tick=COIN // 10, lot=COIN // 10_000))
    funds = {f"{place}:{code}": 10**6 * COIN for place in ("binance", "kraken") for code in ("USDT", "BTC")}
