from sniper_risk_honeypot.check import Honeypot, HoneypotConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-honeypot"


class TestHoneypot(RiskConformance):
    check = Honeypot
    config = HoneypotConfig()
