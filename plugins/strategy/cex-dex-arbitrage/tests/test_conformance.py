from sniper.instrument import COIN
from sniper_sdk import PackageConformance, StrategyConformance
from sniper_strategy_cex_dex_arbitrage.config import CexDexArbitrageConfig
from sniper_strategy_cex_dex_arbitrage.strategy import CexDexArbitrage


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-cex-dex-arbitrage"


class TestCexDexArbitrage(StrategyConformance):
    strategy = CexDexArbitrage
    config = CexDexArbitrageConfig(
        token="1:0x" + "11" * 20, pool="1:0x" + "22" * 20, instrument="binance:UNI/USDT", size=COIN, gas=0
    )
