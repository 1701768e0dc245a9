from sniper_risk_market_stress.watch import MarketStress, MarketStressConfig
from sniper_sdk import PackageConformance, RiskWatchConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-market-stress"


class TestMarketStress(RiskWatchConformance):
    watch = MarketStress
    config = MarketStressConfig()


class TestJumpyMarketStress(RiskWatchConformance):
    """Trips at nearly everything."""

    watch = MarketStress
    config = MarketStressConfig(
        min_pools=1, max_pools=2, trip_fee_bps=1, trip_falling_bps=1, trip_leaving_bps=1, trip_losses=1
    )
