from sniper_risk_holders.check import Holders, HoldersConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-holders"


class TestHolders(RiskConformance):
    check = Holders
    config = HoldersConfig()
