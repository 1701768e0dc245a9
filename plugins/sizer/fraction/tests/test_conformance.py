from sniper_sdk import PackageConformance, SizerConformance
from sniper_sizer_fraction.sizer import Fraction, FractionConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-fraction"


class TestFractionOfCash(SizerConformance):
    sizer = Fraction
    config = FractionConfig(share_bps=1000)


class TestFractionOfEquity(SizerConformance):
    sizer = Fraction
    config = FractionConfig(share_bps=10_000, of="equity", min_amount=100, max_amount=10**18)
