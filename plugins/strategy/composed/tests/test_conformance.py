from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sizer_fraction.sizer import Fraction, FractionConfig
from sniper_strategy_composed.strategy import Composed, ComposedConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-composed"


class TestComposed(TradingConformance):
    strategy = Composed
    config = ComposedConfig(
        instrument="binance:BTC/USDT",
        interval_s=120,
        entry=("ema(fast) crosses above ema(slow)",),
        filters=("close < 10 * highest(5)",),
        leave=("ema(fast) < ema(slow)", "rsi(5) > 95"),
        parameters={"fast": 2, "slow": 4},
    )
    sizer = Fraction(config=FractionConfig(share_bps=1_000))
    funds = {"binance:USDT": 10**6 * COIN}
