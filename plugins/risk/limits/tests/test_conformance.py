from sniper.types import DAY, SECOND
from sniper_risk_limits.check import Limits, LimitsConfig
from sniper_sdk import PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-limits"


class TestLimits(RiskConformance):
    check = Limits
    config = LimitsConfig(max_spend_per_trade=10**18, max_spend_per_day=10**19)


class TestAllLimits(RiskConformance):
    check = Limits
    config = LimitsConfig(
        max_spend_per_trade=10**18,
        max_spend_per_day=10**19,
        max_spend_per_token=10**18,
        max_daily_loss=10**18,
        max_exposure=10**18,
        max_exposure_per_venue=10**18,
        max_exposure_per_strategy=10**18,
        max_weekly_loss=10**18,
        max_monthly_loss=10**18,
        max_drawdown=10**18,
        max_daily_drawdown=10**18,
        max_weekly_drawdown=10**18,
        max_monthly_drawdown=10**18,
        cooldown_s=60,
        token_cooldown_s=DAY // SECOND,
        add_to_position=True,
    )
