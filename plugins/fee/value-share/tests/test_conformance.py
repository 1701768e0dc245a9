from sniper_fee_value_share.estimator import ValueShare, ValueShareConfig
from sniper_sdk import FeeConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-fee-value-share"


class TestValueShare(FeeConformance):
    estimator = ValueShare
    config = ValueShareConfig()


class TestValueShareOfFewBlocks(FeeConformance):
    estimator = ValueShare
    config = ValueShareConfig(blocks=10, probability_bps=8_000)
