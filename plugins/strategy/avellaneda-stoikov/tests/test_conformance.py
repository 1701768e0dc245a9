from sniper_sdk import PackageConformance, TradingConformance
from sniper_strategy_avellaneda_stoikov.strategy import AvellanedaStoikov, AvellanedaStoikovConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-avellaneda-stoikov"


class TestAvellanedaStoikov(TradingConformance):
    strategy = AvellanedaStoikov
    config = AvellanedaStoikovConfig(
        instrument="binance:BTC/USDT", size="0.01", max_inventory="0.05", intensity=1.0, depth_bps=5.0, min_trades=20
    )


class TestSessions(TradingConformance):
    """What is measured alone, and time that runs down."""

    strategy = AvellanedaStoikov
    config = AvellanedaStoikovConfig(
        instrument="binance:BTC/USDT", size="0.01", max_inventory="0.01", sessions=True, min_trades=1, warm_up_s=1
    )
