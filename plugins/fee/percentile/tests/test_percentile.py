from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper import codec
from sniper.fee import Block, next_base_fee
from sniper.types import FeeBid
from sniper_fee_percentile.estimator import Percentile, PercentileConfig

GWEI = 10**9


def head(number: int, tips: tuple[int, ...] = (), *, base_fee: int = 10 * GWEI, used: int = 15_000_000) -> Block:
    return Block(
        time=number, chain_id=1, number=number, hash="", parent="", timestamp=number, base_fee=base_fee, gas_used=used,
        gas_limit=30_000_000, tips=tips,
    )  # fmt: skip


def fed(*heads: Block, **section: Any) -> Percentile:
    estimator = Percentile(config=PercentileConfig(**section))
    for each in heads:
        estimator.block(each)
    return estimator


def bid(estimator: Percentile, *, urgent: bool = False, waited: int = 0) -> FeeBid:
    return estimator.bid(urgent=urgent, blocks_waited=waited)


def test_bids_the_percentile_of_recent_blocks_above_the_next_base_fee() -> None:
    heads = [head(n, (0, n * GWEI, 9 * n * GWEI)) for n in range(1, 11)]
    offer = bid(fed(*heads, percentile=60))
    assert offer == FeeBid(max_priority_fee=6 * GWEI, max_fee=2 * 10 * GWEI + 6 * GWEI)


def test_counts_on_the_base_fee_of_the_block_to_come() -> None:
    full = head(1, (0, GWEI, GWEI), used=30_000_000)
    offer = bid(fed(full, headroom_bps=10_000))
    assert next_base_fee(full) == 11_250_000_000
    assert offer.max_fee - offer.max_priority_fee == 11_250_000_000


def test_old_blocks_stop_counting() -> None:
    heads = [head(n, (0, 40 * GWEI, 40 * GWEI)) for n in range(1, 5)] + [head(n, (0, GWEI, GWEI)) for n in range(5, 9)]
    assert bid(fed(*heads, blocks=4, percentile=100)).max_priority_fee == GWEI


def test_a_few_blocks_at_absurd_prices_do_not_move_it() -> None:
    calm = [head(n, (GWEI, 2 * GWEI, 3 * GWEI)) for n in range(1, 13)]
    wild = [head(n, (1000 * GWEI,) * 3) for n in range(13, 21)]
    assert bid(fed(*calm, *wild, percentile=60)).max_priority_fee == 2 * GWEI


def test_blocks_that_tell_no_tips_leave_the_lowest_bid() -> None:
    assert bid(fed(head(1), head(2, (1, 2)))).max_priority_fee == 100_000_000
    assert bid(fed(head(1, (5, 5, 5)), min_tip="1 gwei")).max_priority_fee == GWEI


def test_urgent_orders_bid_by_the_high_tips() -> None:
    estimator = fed(head(1, (GWEI, 2 * GWEI, 8 * GWEI)))
    assert bid(estimator).max_priority_fee == 2 * GWEI
    assert bid(estimator, urgent=True).max_priority_fee == 12 * GWEI


def test_never_bids_above_the_cap() -> None:
    estimator = fed(head(1, (GWEI, 90 * GWEI, 900 * GWEI)), max_tip="20 gwei")
    for waited in (0, 1, 1000):
        assert bid(estimator, urgent=True, waited=waited).max_priority_fee == 20 * GWEI


def test_each_block_of_waiting_raises_enough_to_be_taken_as_a_replacement() -> None:
    estimator = fed(head(1, (GWEI, GWEI, GWEI)))
    before = bid(estimator)
    for waited in range(1, 20):
        after = bid(estimator, waited=waited)
        assert after.max_priority_fee * 10 >= before.max_priority_fee * 11
        assert after.max_fee * 10 >= before.max_fee * 11
        before = after


def test_a_block_that_comes_again_after_a_reorg_replaces_the_orphans() -> None:
    straight = fed(head(1, (1, GWEI, 1)), head(2, (1, 3 * GWEI, 3 * GWEI)))
    orphaned = fed(
        head(1, (1, GWEI, 1)), head(2, (9 * GWEI,) * 3), head(3, (9 * GWEI,) * 3), head(2, (1, 3 * GWEI, 3 * GWEI))
    )
    assert orphaned.samples == straight.samples
    assert bid(orphaned) == bid(straight)


fees = st.integers(0, 10**15)
heads_of = st.lists(
    st.builds(
        head,
        st.integers(0, 40),
        st.one_of(st.just(()), st.tuples(fees, fees, fees).map(sorted).map(tuple)),
        base_fee=fees,
        used=st.integers(0, 30_000_000),
    ),
    max_size=40,
)


@given(heads=heads_of, waited=st.integers(0, 200), urgent=st.booleans(), blocks=st.integers(1, 10))
def test_every_bid_is_within_its_bounds_and_grows_with_need(
    heads: list[Block], waited: int, urgent: bool, blocks: int
) -> None:
    estimator = fed(*heads, blocks=blocks)
    config, offer = estimator.config, bid(estimator, urgent=urgent, waited=waited)
    assert config.min_tip <= offer.max_priority_fee <= min(config.max_tip, offer.max_fee)
    if heads:
        assert offer.max_fee >= next_base_fee(heads[-1]) + offer.max_priority_fee
    more = bid(estimator, urgent=True, waited=waited + 1)
    assert more.max_priority_fee >= offer.max_priority_fee
    assert more.max_fee >= offer.max_fee
    assert len(estimator.samples) <= blocks


@given(heads=heads_of, split=st.integers(0, 40))
def test_its_fields_are_all_that_it_remembers(heads: list[Block], split: int) -> None:
    whole, first = fed(*heads), fed(*heads[:split])
    restored = codec.restore_state(Percentile, codec.encode_state(first), config=first.config)
    for each in heads[split:]:
        restored.block(each)
    assert restored == whole


@pytest.mark.parametrize("section", [
    {"min_tip": "60 gwei"}, {"tip": 60}, {"percentile": 101}, {"headroom_bps": 9_999}, {"tip": 90, "urgent_tip": 50},
    {"max_tip": 0}, {"raise_bps": 0},
])  # fmt: skip
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PercentileConfig.model_validate(section)
