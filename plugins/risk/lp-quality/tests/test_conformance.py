from sniper_risk_lp_quality.check import LpQuality, LpQualityConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-lp-quality"


class TestLpQuality(RiskConformance):
    check = LpQuality
    config = LpQualityConfig()
