from sniper_sdk import PackageConformance, SizerConformance
from sniper_sizer_fixed.sizer import Fixed, FixedConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-fixed"


class TestFixed(SizerConformance):
    sizer = Fixed
    config = FixedConfig(amount=10**16)
    within_cash = False  # an account that cannot pay is denied for that reason, not silently given less
