from sniper_risk_kyc.policy import Kyc, KycConfig
from sniper_sdk import PackageConformance, RiskConformance
from sniper_sdk.builders import QUOTE

TIERS = [{"above": "1 gwei", "level": 1, "quote": QUOTE}, {"above": "1 ether", "level": 2, "quote": QUOTE}]


class TestPackage(PackageConformance):
    distribution = "sniper-risk-kyc"


class TestKyc(RiskConformance):
    check = Kyc
    config = KycConfig(accounts={"main": 1}, venues={"uniswap": 0}, per_trade=TIERS, per_day=TIERS)


class TestWithNothingKnown(RiskConformance):
    check = Kyc
    config = KycConfig()
