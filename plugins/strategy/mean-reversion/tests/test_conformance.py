from sniper.instrument import COIN
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sizer_fraction.sizer import Fraction, FractionConfig
from sniper_strategy_mean_reversion.strategy import MeanReversion, MeanReversionConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-mean-reversion"


class TestMeanReversion(TradingConformance):
    strategy = MeanReversion
    config = MeanReversionConfig(
        instrument="binance:BTC/USDT", interval_s=120, period=6, width=1.0, rsi_period=4, max_rsi=50.0
    )
    sizer = Fraction(config=FractionConfig(share_bps=1_000))
    funds = {"binance:USDT": 10**6 * COIN}
