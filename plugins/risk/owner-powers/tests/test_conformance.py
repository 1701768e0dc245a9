from sniper_risk_owner_powers.check import OwnerPowersCheck, OwnerPowersConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-owner-powers"


class TestOwnerPowers(RiskConformance):
    check = OwnerPowersCheck
    config = OwnerPowersConfig()
