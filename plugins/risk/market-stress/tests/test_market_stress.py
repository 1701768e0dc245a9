from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from sniper.events import Block, Event, LiquidityAdded, LiquidityRemoved, PositionClosed, Retracted
from sniper.risk import KillLevel, Trip
from sniper.strategy import handlers_of
from sniper.types import asset_id
from sniper_risk_market_stress.watch import MarketStress, MarketStressConfig
from sniper_sdk.builders import CHAIN, QUOTE, BuiltView, address, entry, pool, view

POOLS = 20
GWEI = 10**9


def token_of(n: int) -> str:
    return asset_id(CHAIN, address(0x100 + n))


def pool_of(n: int) -> str:
    return asset_id(CHAIN, address(0x9000 + n))


def market(*prices: int) -> BuiltView:
    """A pool for each price of its token, in parts of a million."""
    quote = QUOTE.partition(":")[2]
    return view(
        pools=[
            pool(pool_of(n), coins=(token_of(n).partition(":")[2], quote), reserves=(10**24, price * 10**18))
            for n, price in enumerate(prices)
        ]
    )


def block(number: int, fee: int = GWEI) -> Block:
    return Block(
        time=number,
        chain_id=CHAIN,
        number=number,
        hash=f"0x{number:x}",
        parent="",
        timestamp=number,
        base_fee=fee,
        gas_used=1,
        gas_limit=2,
    )


def added(n: int, number: int = 1) -> LiquidityAdded:
    return LiquidityAdded(time=0, pool=pool_of(n), token=token_of(n), quote_reserve=10**18, block=number)


def removed(n: int, share: int, number: int) -> LiquidityRemoved:
    return LiquidityRemoved(time=0, pool=pool_of(n), token=token_of(n), quote_reserve=1, share_bps=share, block=number)


def closed(pnl: int) -> PositionClosed:
    return PositionClosed(time=0, token=token_of(0), pnl=pnl)


class Market:
    """A watch, and what it sees; ``trips``: why and to where."""

    def __init__(self, **config: Any) -> None:
        self.watch = MarketStress(config=MarketStressConfig(**config))
        self.view = market(*[1_000] * POOLS)
        self.number = 0
        self.trips: list[Trip] = []

    def tell(self, *events: Event) -> None:
        handlers = handlers_of(MarketStress)
        for event in events:
            self.trips += getattr(self.watch, handlers[type(event)])(event, self.view)

    def mine(self, blocks: int, fee: int = GWEI) -> None:
        for _ in range(blocks):
            self.number += 1
            self.tell(block(self.number, fee))

    def launched(self) -> "Market":
        self.tell(*(added(n) for n in range(POOLS)))
        self.mine(20)
        return self

    def prices(self, *prices: int) -> None:
        self.view = market(*prices)

    def failed(self) -> list[str]:
        return [finding.rule for finding in self.watch.judge(entry(), self.view) if not finding.ok]


def test_a_calm_market_denies_nothing_and_trips_nothing() -> None:
    here = Market().launched()
    here.mine(200)
    assert (here.failed(), here.trips) == ([], [])


@pytest.mark.parametrize(("fee", "failed", "trips"), [(5, [], 0), (6, ["base-fee"], 0), (10, ["base-fee"], 1)])
def test_a_base_fee_far_above_its_median_denies_and_then_trips(fee: int, failed: list[str], trips: int) -> None:
    here = Market(trip_fee_bps=100_000).launched()
    here.mine(1, fee * GWEI)
    assert (here.failed(), len(here.trips)) == (failed, trips)
    here.mine(1)
    assert here.failed() == []


def test_a_base_fee_is_not_high_before_enough_blocks_are_known() -> None:
    here = Market(trip_fee_bps=20_000)
    here.mine(9)
    here.mine(1, 100 * GWEI)
    assert (here.failed(), here.trips) == ([], [])


@pytest.mark.parametrize(
    ("fallen", "to", "failed", "trips"),
    [(10, 699, [], 0), (11, 699, ["falling-pools"], 0), (20, 701, [], 0), (16, 699, ["falling-pools"], 1)],
)
def test_a_share_of_pools_that_fall_denies_and_then_trips(fallen: int, to: int, failed: list[str], trips: int) -> None:
    here = Market().launched()
    here.prices(*[to] * fallen, *[1_000] * (POOLS - fallen))
    here.mine(10)
    assert (here.failed(), len(here.trips)) == (failed, trips)
    here.mine(60)
    assert here.failed() == []


def test_a_pool_that_has_nothing_left_has_fallen() -> None:
    here = Market().launched()
    here.prices(*[0] * POOLS)
    here.mine(10)
    assert here.failed() == ["falling-pools"]


def test_a_pool_that_only_loses_liquidity_takes_no_place_beyond_those_that_are_watched() -> None:
    here = MarketStress(config=MarketStressConfig(max_pools=2, min_pools=1))
    seen = market(10**6, 10**6, 10**6)
    for event in (added(0), added(1)):
        list(here.added(event, seen))
    list(here.left(removed(2, 10_000, 5), seen))
    assert sorted(here.pools) == [pool_of(0), pool_of(1)]
    assert here.removed == {}, "it is not among the pools whose share counts"
    list(here.left(removed(1, 10_000, 5), seen))
    assert (sorted(here.pools), here.removed) == ([pool_of(0), pool_of(1)], {pool_of(1): 5})
    alone = MarketStress(config=MarketStressConfig(max_pools=2, min_pools=1))
    list(alone.left(removed(2, 10_000, 5), seen))
    assert (list(alone.pools), alone.removed) == ([pool_of(2)], {pool_of(2): 5}), "where there is room it is watched"


@pytest.mark.parametrize(
    ("left", "share", "failed", "trips"),
    [
        (6, 5_000, [], 0),
        (7, 5_000, ["leaving-liquidity"], 0),
        (20, 4_999, [], 0),
        (10, 9_000, ["leaving-liquidity"], 1),
    ],
)
def test_liquidity_that_leaves_denies_and_then_trips(left: int, share: int, failed: list[str], trips: int) -> None:
    here = Market().launched()
    here.tell(*(removed(n, share, here.number) for n in range(left)))
    here.mine(10)
    assert (here.failed(), len(here.trips)) == (failed, trips)


def test_shares_of_too_few_pools_say_nothing() -> None:
    here = Market(min_pools=21).launched()
    here.prices(*[1] * POOLS)
    here.tell(*(removed(n, 9_000, here.number) for n in range(POOLS)))
    here.mine(10)
    assert (here.failed(), here.trips) == ([], [])


def test_it_trips_once_until_it_came_back_below() -> None:
    here = Market().launched()
    here.prices(*[1] * POOLS)
    here.mine(30)
    assert len(here.trips) == 1
    here.mine(60)
    here.prices(*[0] * POOLS)
    here.mine(10)
    assert len(here.trips) == 2
    assert here.trips[0].reason == "falling pools: 10000 bps of those watched, 8000 trips"


def test_losses_in_a_row_trip_and_count_anew_and_a_gain_ends_the_row() -> None:
    here = Market(trip_losses=3, trip_level="flatten")
    here.tell(closed(-1), closed(-1), closed(1), closed(-1), closed(-1))
    assert here.trips == []
    here.tell(closed(-1))
    assert here.trips == [Trip(level=KillLevel.FLATTEN, reason="losses in a row: 3, 3 trips")]
    here.tell(closed(-1), closed(-1))
    assert len(here.trips) == 1


def test_what_a_reorg_took_back_was_not_seen() -> None:
    here = Market().launched()
    here.tell(*(removed(n, 9_000, 20) for n in range(POOLS)))
    here.tell(Retracted(time=0, chain_id=CHAIN, ancestor=19))
    here.number = 19
    here.mine(10)
    assert (here.failed(), here.trips) == ([], [])


def test_the_oldest_pools_are_forgotten_and_what_the_market_forgot_too() -> None:
    here = Market(max_pools=5)
    here.tell(*(added(n, n) for n in range(POOLS)))
    assert sorted(here.watch.pools) == [pool_of(n) for n in range(15, 20)]
    here.prices(1)
    here.mine(1)
    assert here.watch.pools == {}


def test_a_reduction_passes_whatever_the_market_does() -> None:
    here = Market().launched()
    here.prices(*[1] * POOLS)
    here.mine(10)
    import msgspec

    sale = msgspec.structs.replace(entry(), side="reduce")  # type: ignore[type-var]  # a struct at run time
    assert [finding.ok for finding in here.watch.judge(sale, replace(here.view))] == [True]


@pytest.mark.parametrize("section", [{"trip_level": "off"}, {"fall_bps": 10_001}, {"window_blocks": 0}, {"x": 1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MarketStressConfig(**section)
