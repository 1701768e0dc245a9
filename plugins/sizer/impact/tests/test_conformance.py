from sniper_sdk import PackageConformance, SizerConformance
from sniper_sdk.builders import instrument
from sniper_sizer_impact.sizer import Impact, ImpactConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-impact"


class TestImpact(SizerConformance):
    sizer = Impact
    config = ImpactConfig()
    listed = (instrument(), instrument("binance:ETH/USDT"))


class TestImpactInPools(SizerConformance):
    sizer = Impact
    config = ImpactConfig(max_impact_bps=100, take_bps=5_000, max_amount="1")
