from sniper_sdk import PackageConformance, TradingConformance
from sniper_strategy_simple_spread.strategy import SimpleSpread, SimpleSpreadConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-simple-spread"


class TestSimpleSpread(TradingConformance):
    strategy = SimpleSpread
    config = SimpleSpreadConfig(
        instrument="binance:BTC/USDT", size="0.01", max_inventory="0.05", half_spread_bps=2, skew_bps=1
    )


class TestNervousSimpleSpread(TradingConformance):
    """Its quotes move with each price."""

    strategy = SimpleSpread
    config = SimpleSpreadConfig(
        instrument="binance:BTC/USDT", size="0.01", max_inventory="0.01", half_spread_bps=1, requote_bps=0, retry_s=1
    )
