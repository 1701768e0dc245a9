from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sdk.builders import instrument
from sniper_strategy_exchange_arbitrage.strategy import ExchangeArbitrage, ExchangeArbitrageConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-exchange-arbitrage"


class TestExchangeArbitrage(TradingConformance):
    strategy = ExchangeArbitrage
    config = ExchangeArbitrageConfig(
        instruments=("binance:BTC/USDT", "kraken:BTC/USDT"), size="0.01", min_gain_bps=1, retry_s=1
    )
    listed = (
        instrument(taker_fee=0),
        instrument("kraken:BTC/USDT", tick=COIN // 50, lot=COIN // 10_000, taker_fee=0),
    )
    funds = {f"{place}:{code}": 10**6 * COIN for place in ("binance", "kraken") for code in ("USDT", "BTC")}
