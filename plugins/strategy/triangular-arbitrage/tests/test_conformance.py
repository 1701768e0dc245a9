from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sdk.builders import instrument
from sniper_strategy_triangular_arbitrage.strategy import TriangularArbitrage, TriangularArbitrageConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-triangular-arbitrage"


class TestTriangularArbitrage(TradingConformance):
    """50,000 and 2,500 dollars, and 0.05 BTC for an ETH: prices walk apart by themselves."""

    strategy = TriangularArbitrage
    config = TriangularArbitrageConfig(
        instruments=("binance:BTC/USDT", "binance:ETH/USDT", "binance:ETH/BTC"), size="1000", retry_s=1
    )
    listed = (
        instrument("binance:BTC/USDT", taker_fee=0),
        instrument("binance:ETH/USDT", tick=COIN // 2_000, taker_fee=0),
        instrument("binance:ETH/BTC", tick=COIN // 10**8, taker_fee=0),
    )
    funds = {"binance:USDT": 10**5 * COIN}
    start = 5_000_000
