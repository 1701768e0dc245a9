from hypothesis.strategies import SearchStrategy, builds, integers, just, sampled_from, tuples

from sniper.events import Event, Signal
from sniper_sdk import PackageConformance, StrategyConformance, strategies
from sniper_strategy_copy_trade.strategy import CopyTrade, CopyTradeConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-copy-trade"


class TestCopyTrade(StrategyConformance):
    strategy = CopyTrade
    config = CopyTradeConfig(follow=("wallet-watch.whale",), max_spend=10**18, max_per_asset=10**20, max_per_day=3)

    def events(self) -> SearchStrategy[Event]:
        return builds(
            Signal,
            time=strategies.times,
            id=just("x/1"),
            kind=sampled_from(("swap", "transfer")),
            sources=sampled_from((("wallet-watch.whale",), ("rss",), ("rss", "wallet-watch.whale"))),
            about=just(()),
            assets=tuples(strategies.assets()),
            instruments=just(()),
            direction=integers(-1, 1),
            score=strategies.bps,
            at=integers(strategies.NOW, strategies.NOW + 10**13),
            expires=strategies.times,
        )
