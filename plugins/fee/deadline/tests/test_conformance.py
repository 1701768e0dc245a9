from sniper_fee_deadline.estimator import Deadline, DeadlineConfig
from sniper_sdk import FeeConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-fee-deadline"


class TestDeadline(FeeConformance):
    estimator = Deadline
    config = DeadlineConfig()


class TestDeadlineOfFewBlocks(FeeConformance):
    estimator = Deadline
    config = DeadlineConfig(blocks=10, probability_bps=8_000)
