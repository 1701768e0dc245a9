from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sizer_fraction.sizer import Fraction, FractionConfig
from sniper_strategy_momentum.strategy import Momentum, MomentumConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-momentum"


class TestMomentum(TradingConformance):
    strategy = Momentum
    config = MomentumConfig(
        instrument="binance:BTC/USDT", interval_s=120, lookback=5, enter_percent=0.01, adx_period=3, min_adx=10.0
    )
    sizer = Fraction(config=FractionConfig(share_bps=1_000))
    funds = {"binance:USDT": 10**6 * COIN}
