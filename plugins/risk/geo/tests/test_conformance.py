from sniper_risk_geo.policy import Geo, GeoConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-geo"


class TestGeo(RiskConformance):
    check = Geo
    config = GeoConfig(accounts={"main": "DE"}, venues={"uniswap": {"jurisdiction": "none", "refuses": ["US"]}})


class TestWithNothingKnown(RiskConformance):
    check = Geo
    config = GeoConfig()
