from sniper_sdk import PackageConformance, StrategyConformance
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig
from sniper_strategy_launch_snipe.strategy import LaunchSnipe


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-launch-snipe"


class TestLaunchSnipe(StrategyConformance):
    strategy = LaunchSnipe
    config = LaunchSnipeConfig(min_liquidity=10**6)


class TestCrowdedLaunchSnipe(StrategyConformance):
    """Few are followed, one is tried in a block, and each waits for trading."""

    strategy = LaunchSnipe
    config = LaunchSnipeConfig(
        min_liquidity=1, max_followed=2, max_per_block=1, max_tries=2, wait_for_trading=True, reenter=True
    )
