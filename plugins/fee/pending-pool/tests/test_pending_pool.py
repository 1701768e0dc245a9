from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.fee import Block, PoolTips
from sniper.types import FeeBid
from sniper_fee_pending_pool.estimator import PendingPool, PendingPoolConfig

GWEI = 10**9
LIMIT = 30_000_000
CROWD = tuple((tip * GWEI, 1_000_000) for tip in range(60, 0, -1))
"""A million of gas at each gwei from 60 down."""


def head(number: int, tip: int, used: int = LIMIT) -> Block:
    return Block(
        time=number, chain_id=1, number=number, hash="", parent="", timestamp=number, base_fee=10 * GWEI, gas_used=used,
        gas_limit=LIMIT, tips=(tip, 2 * tip, 3 * tip),
    )  # fmt: skip


def pool(after: int, offers: tuple[tuple[int, int], ...] = CROWD) -> PoolTips:
    return PoolTips(time=after, chain_id=1, block=after, offers=offers)


def seeing(reach: int, blocks: int = 60, **section: Any) -> PendingPool:
    """Full blocks that took the best ``reach`` of the crowd, each seen before."""
    estimator = PendingPool(config=PendingPoolConfig(min_tip="0.01 gwei", max_tip="1000 gwei", **section))
    for number in range(blocks):
        estimator.block(head(number, (60 - reach) * GWEI))
        estimator.pending(pool(number))
    return estimator


def bid(estimator: PendingPool, *, urgent: bool = False, waited: int = 0) -> FeeBid:
    return estimator.bid(urgent=urgent, blocks_waited=waited)


def test_it_bids_for_the_last_place_that_recent_blocks_reached() -> None:
    estimator = seeing(20)  # 20 million of gas ahead, of which half a million must be left for it
    assert estimator.sees_pool
    assert bid(estimator).max_priority_fee == 41 * GWEI + 1


def test_the_same_place_costs_what_the_pool_of_now_asks() -> None:
    estimator = seeing(20)
    estimator.pending(pool(59, tuple((tip // 10, gas) for tip, gas in CROWD)))
    assert bid(estimator).max_priority_fee == 41 * GWEI // 10 + 1


def test_how_far_blocks_reach_is_counted_in_the_pool_as_it_was_when_bids_are_made() -> None:
    once, again = seeing(20), PendingPool(config=seeing(20).config)
    for number in range(60):
        again.block(head(number, 40 * GWEI))
        again.pending(pool(number))
        again.pending(pool(number, (*CROWD, *CROWD)))  # what came later
    assert again.reached == once.reached
    again.pending(pool(59))
    assert bid(again) == bid(once)


def test_an_emptier_pool_than_blocks_reach_asks_for_nothing() -> None:
    estimator = seeing(20)
    estimator.pending(pool(59, CROWD[:10]))
    assert bid(estimator).max_priority_fee == GWEI // 100


def test_blocks_that_had_room_reach_as_far_as_they_have_gas() -> None:
    estimator = PendingPool(config=PendingPoolConfig(min_tip="0.01 gwei", max_tip="1000 gwei"))
    for number in range(60):
        estimator.block(head(number, 60 * GWEI, LIMIT // 2))
        estimator.pending(pool(number))
    assert bid(estimator).max_priority_fee == 31 * GWEI + 1


def test_some_blocks_that_reached_nothing_do_not_move_it_and_many_do() -> None:
    few, many = seeing(20), seeing(20)
    for number in range(60, 80):
        for estimator, often in ((few, 20), (many, 3)):
            estimator.block(head(number, 1_000 * GWEI if number % often == 0 else 40 * GWEI))
            estimator.pending(pool(number))
    assert bid(few).max_priority_fee == 41 * GWEI + 1
    assert bid(many).max_priority_fee > 59 * GWEI


@pytest.mark.parametrize("after", [57, 58, 60])
def test_without_the_pool_of_the_newest_block_it_bids_by_what_blocks_took_and_says_so(after: int) -> None:
    estimator = seeing(20)
    estimator.pending(pool(after, tuple((100 * tip, gas) for tip, gas in CROWD)))
    assert not estimator.sees_pool
    assert bid(estimator).max_priority_fee == 40 * GWEI


def test_before_it_has_compared_enough_blocks_it_bids_by_what_blocks_took() -> None:
    estimator = seeing(20, blocks=6)
    assert not estimator.sees_pool
    assert bid(estimator).max_priority_fee == 45 * GWEI


def test_while_it_waits_a_bid_rises_enough_to_be_taken_as_a_replacement() -> None:
    estimator = seeing(20)
    before = bid(estimator)
    for waited in range(1, 20):
        after = bid(estimator, waited=waited)
        assert after.max_priority_fee * 10 >= before.max_priority_fee * 11
        assert after.max_fee * 10 >= before.max_fee * 11
        before = after


def test_a_reorg_replaces_what_it_took_back() -> None:
    straight, orphaned = seeing(20), seeing(20)
    for number in range(60, 65):
        orphaned.block(head(number, GWEI))
        orphaned.pending(pool(number))
    for number in range(58, 63):
        for estimator in (straight, orphaned):
            estimator.block(head(number, 30 * GWEI))
            estimator.pending(pool(number))
    assert orphaned.took == straight.took
    assert bid(orphaned).max_priority_fee == bid(straight).max_priority_fee


offers = st.lists(st.tuples(st.integers(0, 10**13), st.integers(21_000, 10**7)), max_size=30).map(tuple)


@given(offers, st.integers(0, 60), st.booleans(), st.integers(0, 30))
def test_every_bid_is_within_its_bounds(
    seen: tuple[tuple[int, int], ...], reach: int, urgent: bool, waited: int
) -> None:
    estimator = seeing(reach, 15)
    estimator.pending(pool(14, seen))
    offer = bid(estimator, urgent=urgent, waited=waited)
    assert GWEI // 100 <= offer.max_priority_fee <= min(1_000 * GWEI, offer.max_fee)
    assert offer.max_priority_fee <= bid(estimator, urgent=True, waited=waited).max_priority_fee


@pytest.mark.parametrize("section", [
    {"min_tip": "60 gwei"}, {"probability_bps": 9_900}, {"probability_bps": 10_000}, {"blocks": 5}, {"room_gas": 0},
])  # fmt: skip
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PendingPoolConfig.model_validate(section)
