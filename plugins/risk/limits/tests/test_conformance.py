from sniper.types import DAY, SECOND
from sniper_risk_limits.check import Limits, LimitsConfig
from sniper_sdk import PackageConformance, RiskWatchConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-limits"


class TestLimits(RiskWatchConformance):
    watch = Limits
    config = LimitsConfig(max_spend_per_trade=10**18, max_spend_per_day=10**19)


CAPS = {
    f"max_{window}_{what}": 10**18
    for window in ("daily", "weekly", "monthly")
    for what in ("loss", "drawdown", "loss_per_token", "loss_per_venue", "loss_per_strategy")
}
RULES = [
    f"{scope}{window}-loss"
    for window in ("daily", "weekly", "monthly")
    for scope in ("", "token-", "venue-", "strategy-")
]


class TestAllLimits(RiskWatchConformance):
    """All of them, and all that can trip does."""

    watch = Limits
    config = LimitsConfig.model_validate(
        {
            "max_spend_per_trade": 10**18,
            "max_spend_per_day": 10**19,
            "max_spend_per_token": 10**18,
            "max_exposure": 10**18,
            "max_exposure_per_venue": 10**18,
            "max_exposure_per_strategy": 10**18,
            "max_drawdown": 10**18,
            **CAPS,
            "trips": [*RULES, "drawdown", "daily-drawdown", "weekly-drawdown", "monthly-drawdown"],
            "trip_level": "flatten",
            "cooldown_s": 60,
            "token_cooldown_s": DAY // SECOND,
            "add_to_position": True,
        }
    )
