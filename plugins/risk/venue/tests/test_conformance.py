from sniper_risk_venue.policy import Venue, VenueConfig
from sniper_sdk import PackageConformance, RiskConformance
from sniper_sdk.strategies import POOLS, TOKENS


class TestPackage(PackageConformance):
    distribution = "sniper-risk-venue"


class TestVenue(RiskConformance):
    check = Venue
    config = VenueConfig(accounts={"main": {"venues": ["uniswap"], "tokens": TOKENS[:2], "pools": POOLS[:3]}})


class TestWithNothingAllowed(RiskConformance):
    check = Venue
    config = VenueConfig()
