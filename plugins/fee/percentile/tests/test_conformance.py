from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_sdk import FeeConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-fee-percentile"


class TestPercentile(FeeConformance):
    estimator = Percentile
    config = PercentileConfig()


class TestPercentileOfFewBlocks(FeeConformance):
    estimator = Percentile
    config = PercentileConfig(blocks=3, percentile=100)
