from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.types import split_asset
from sniper.view import RangeWorth
from sniper_sdk import PackageConformance, StrategyConformance, builders, strategies
from sniper_sdk.builders import POOL, TOKEN, BuiltView
from sniper_strategy_v3_range.config import V3RangeConfig
from sniper_strategy_v3_range.strategy import V3Range


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-v3-range"


@st.composite
def views(draw: st.DrawFn) -> BuiltView:
    """Of a pool with ranges, and perhaps of a range in it."""
    base = draw(strategies.views())
    place = draw(st.none() | st.tuples(st.integers(-800_000, 800_000), st.sampled_from((1, 10, 60, 200))))
    amounts = st.integers(0, 2**100)
    there = draw(st.booleans())
    worth = RangeWorth(*(draw(amounts) for _ in range(8)))
    return replace(
        base,
        pools={**base.pools, POOL: builders.pool(ticks=place)},
        ranges={"main/v3-range/1": builders.range_(state=draw(st.sampled_from(("opening", "open", "closing"))))}
        if there
        else {},
        range_worths={"main/v3-range/1": worth} if draw(st.booleans()) else {},
    )


class TestV3Range(StrategyConformance):
    strategy = V3Range
    config = V3RangeConfig(
        pool=POOL,
        token=split_asset(TOKEN)[1],
        budget=10**18,
        volatility_blocks=3,
        recentre_after_blocks=2,
        collect_above=10**12,
        max_loss_bps=3_000,
    )

    def views(self) -> SearchStrategy[BuiltView]:
        return views()
