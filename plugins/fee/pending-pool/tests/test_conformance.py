from sniper_fee_pending_pool.estimator import PendingPool, PendingPoolConfig
from sniper_sdk import FeeConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-fee-pending-pool"


class TestPendingPool(FeeConformance):
    estimator = PendingPool
    config = PendingPoolConfig()


class TestPendingPoolOfFewBlocks(FeeConformance):
    estimator = PendingPool
    config = PendingPoolConfig(blocks=10, probability_bps=8_000)
