from sniper_sdk import PackageConformance, SizerConformance
from sniper_sdk.builders import instrument
from sniper_sizer_volatility_target.sizer import VolatilityTarget, VolatilityTargetConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-volatility-target"


class TestVolatilityTarget(SizerConformance):
    sizer = VolatilityTarget
    config = VolatilityTargetConfig(target_bps=50, least_bars=10)
    listed = (instrument(), instrument("binance:ETH/USDT"))
