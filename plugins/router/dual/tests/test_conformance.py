from sniper_router_dual.router import Dual, DualConfig
from sniper_sdk import PackageConformance, RouterConformance


class TestPackage(PackageConformance):
    distribution = "sniper-router-dual"


class TestDual(RouterConformance):
    router = Dual
    config = DualConfig()


class TestGreedy(RouterConformance):
    router = Dual
    config = DualConfig(method="greedy")
    loss = 1.0
    examples = 30


class TestPath(RouterConformance):
    router = Dual
    config = DualConfig(method="path")
    loss = 1e-9
    examples = 30
