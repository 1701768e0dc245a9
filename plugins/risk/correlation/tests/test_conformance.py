from sniper_risk_correlation.watch import Correlation, CorrelationConfig
from sniper_sdk import PackageConformance, RiskWatchConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-correlation"


class TestCorrelation(RiskWatchConformance):
    watch = Correlation
    config = CorrelationConfig()


class TestQuickCorrelation(RiskWatchConformance):
    """Looks at each block, and believes little."""

    watch = Correlation
    config = CorrelationConfig(every_blocks=1, samples=4, min_samples=4, max_pools=1, unknown_together=False)
