from typing import ClassVar

from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sdk.builders import instrument
from sniper_strategy_rebalance.strategy import Rebalance, RebalanceConfig

TARGETS = {"BTC": "0.5", "ETH": 3_000}


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-rebalance"


class TestRebalance(TradingConformance):
    strategy = Rebalance
    config = RebalanceConfig(exchange="binance", targets=TARGETS, band_bps=30, cost_factor=1)
    listed = (instrument(), instrument("binance:ETH/USDT", min_value=10 * COIN))
    funds: ClassVar = {"binance:USDT": 10**6 * COIN, "binance:BTC": 10 * COIN, "binance:ETH": 20 * COIN}


class TestInParts(TestRebalance):
    config = RebalanceConfig(
        exchange="binance", targets=TARGETS, band_bps=100, every_s=3_600, execution="twap", twap_s=300, twap_slices=7
    )
