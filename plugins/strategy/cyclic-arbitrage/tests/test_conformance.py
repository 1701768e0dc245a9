from sniper_sdk import PackageConformance, StrategyConformance
from sniper_strategy_cyclic_arbitrage.config import CyclicArbitrageConfig
from sniper_strategy_cyclic_arbitrage.strategy import CyclicArbitrage


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-cyclic-arbitrage"


class TestCyclicArbitrage(StrategyConformance):
    strategy = CyclicArbitrage
    config = CyclicArbitrageConfig(min_profit=1)


class TestEagerCyclicArbitrage(StrategyConformance):
    """Nothing holds it back."""

    strategy = CyclicArbitrage
    config = CyclicArbitrageConfig(min_profit=1, cooldown_s=0, max_per_block=9, max_reverts=1, avoid_s=1, max_amount=5)
