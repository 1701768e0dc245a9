from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper import codec
from sniper.fee import Block, next_base_fee
from sniper.types import FeeBid
from sniper_fee_deadline.estimator import Deadline, DeadlineConfig

GWEI = 10**9
LIMIT = 30_000_000


def head(number: int, tips: tuple[int, ...] = (), *, base_fee: int = 10 * GWEI, used: int = LIMIT // 2) -> Block:
    return Block(
        time=number, chain_id=1, number=number, hash="", parent="", timestamp=number, base_fee=base_fee, gas_used=used,
        gas_limit=LIMIT, tips=tips,
    )  # fmt: skip


def paying(tip: int) -> tuple[int, int, int]:
    return tip, 2 * tip, 3 * tip


def chain(*blocks: tuple[int, int]) -> list[Block]:
    """Blocks of (gas used, lowest tip), whose base fees follow each other."""
    found, base_fee = [], 10 * GWEI
    for number, (used, tip) in enumerate(blocks):
        found.append(head(number, paying(tip), base_fee=base_fee, used=used))
        base_fee = next_base_fee(found[-1])
    return found


def fed(heads: list[Block], **section: Any) -> Deadline:
    estimator = Deadline(config=DeadlineConfig(min_tip="0.01 gwei", **section))
    for each in heads:
        estimator.block(each)
    return estimator


def bid(estimator: Deadline, *, urgent: bool = False, waited: int = 0) -> FeeBid:
    return estimator.bid(urgent=urgent, blocks_waited=waited)


def test_where_blocks_have_room_the_lowest_tip_is_enough() -> None:
    estimator = fed(chain(*[(LIMIT // 2, 5 * GWEI)] * 60))
    assert bid(estimator).max_priority_fee == GWEI // 100
    assert bid(estimator, urgent=True).max_priority_fee == GWEI // 100


def test_where_blocks_are_full_the_tip_is_what_the_wanted_share_of_them_took() -> None:
    # A steady 2 gwei, but every fifth block took 3: with 70% the former is enough, with 95% it is not.
    heads = [head(n, (3 * GWEI if n % 5 == 0 else 2 * GWEI, 4 * GWEI, 9 * GWEI), used=LIMIT) for n in range(101)]
    assert bid(fed(heads, within=1, probability_bps=7_000)).max_priority_fee == 2 * GWEI
    assert bid(fed(heads, within=1, probability_bps=9_500)).max_priority_fee == 3 * GWEI


def test_with_time_left_it_waits_for_the_dip_that_comes_and_urgent_orders_do_not() -> None:
    estimator = fed(chain(*[(LIMIT, GWEI // 10), (0, GWEI // 10)] * 60, (LIMIT, GWEI // 10)), within=3)
    following = estimator.base_fee
    assert bid(estimator).max_fee < following, "the block after is empty, and the one behind it is cheaper"
    assert bid(estimator, urgent=True).max_fee > following


def test_as_its_time_runs_out_it_pays_the_next_block() -> None:
    estimator = fed(chain(*[(LIMIT, GWEI // 10), (0, GWEI // 10)] * 60, (LIMIT, GWEI // 10)), within=3)
    bids = [bid(estimator, waited=waited) for waited in range(8)]
    assert bids[0].max_fee < estimator.base_fee < bids[2].max_fee
    for before, after in pairwise(bids[2:]):  # too late: enough to be taken as a replacement
        assert after.max_fee * 10 >= before.max_fee * 11
        assert after.max_priority_fee * 10 >= before.max_priority_fee * 11


def test_a_bid_that_pays_at_once_covers_the_rise_of_the_blocks_that_it_is_held() -> None:
    estimator = fed(chain(*[(LIMIT // 2, GWEI)] * 60), within=1, held=3)
    offer = bid(estimator)
    assert offer.max_fee - offer.max_priority_fee >= estimator.base_fee * 14238 // 10000


def test_blocks_at_absurd_prices_do_not_move_it() -> None:
    calm = [head(n, paying(GWEI), used=LIMIT) for n in range(100)]
    wild = list(calm)
    for n in range(10, 100, 12):
        wild[n] = head(n, paying(1_000 * GWEI), used=LIMIT)
    for urgent in (False, True):
        assert bid(fed(wild), urgent=urgent).max_priority_fee <= 2 * bid(fed(calm), urgent=urgent).max_priority_fee


def test_what_a_rush_took_at_its_beginning_is_not_multiplied_by_what_is_paid_in_its_midst() -> None:
    calm = [head(n, paying(GWEI // 2), used=LIMIT) for n in range(80)]
    rush = [head(n, paying(6 * GWEI), used=LIMIT) for n in range(80, 95)]
    for probability in (5_000, 9_000, 9_900):
        tip = bid(fed(calm + rush, probability_bps=probability), urgent=True).max_priority_fee
        assert 6 * GWEI <= tip <= 7 * GWEI


def test_on_a_quiet_chain_its_own_bids_do_not_drive_it() -> None:
    estimator = fed(chain(*[(21_000, GWEI // 10)] * 30))
    for number in range(30, 230):
        own = bid(estimator, urgent=True, waited=2).max_priority_fee
        estimator.block(head(number, (own, own, own), base_fee=7, used=21_000))
    assert bid(estimator, urgent=True).max_priority_fee == GWEI // 100


def test_full_blocks_that_tell_no_tips_count_as_the_dearest_that_is_known() -> None:
    known = [head(n, paying(GWEI), used=LIMIT) for n in range(20)]
    silent = [head(n, used=LIMIT) for n in range(20, 40)]
    assert bid(fed(known + silent), urgent=True).max_priority_fee >= GWEI
    assert bid(fed([head(n, used=LIMIT) for n in range(40)])).max_priority_fee == GWEI // 100


def test_transactions_that_pay_their_builder_otherwise_are_no_price() -> None:
    heads = [head(n, (0, GWEI, 5 * GWEI), used=LIMIT) for n in range(60)]
    assert bid(fed(heads, within=1)).max_priority_fee >= GWEI


def test_where_there_is_no_base_fee_the_bid_is_a_gas_price() -> None:
    heads = [head(n, paying(5 * GWEI), base_fee=0, used=LIMIT // 2 - 1) for n in range(40)]
    offer = bid(fed(heads))
    assert offer.max_fee - offer.max_priority_fee <= 3


def test_a_reorg_replaces_what_it_took_back() -> None:
    stem = [head(n, paying(GWEI), used=LIMIT) for n in range(30)]
    branch = [head(n, paying(9 * GWEI), used=LIMIT) for n in range(25, 35)]
    straight = [head(n, paying(2 * GWEI), used=LIMIT) for n in range(25, 32)]
    orphaned, clean = fed([*stem, *branch, *straight]), fed([*stem[:25], *straight])
    assert codec.encode_state(orphaned) == codec.encode_state(clean)
    assert bid(orphaned) == bid(clean)


def test_what_a_snapshot_holds_is_all_that_it_remembers() -> None:
    estimator = fed(chain(*[(LIMIT, GWEI), (0, GWEI)] * 30))
    before = bid(estimator)
    restored = codec.restore_state(Deadline, codec.encode_state(estimator), config=estimator.config)
    assert bid(restored) == before
    assert len(estimator.history) <= estimator.config.blocks


@given(
    st.lists(st.tuples(st.integers(0, LIMIT), st.integers(0, 10**13)), max_size=40), st.integers(0, 50), st.booleans()
)
def test_every_bid_is_within_its_bounds(blocks: list[tuple[int, int]], waited: int, urgent: bool) -> None:
    estimator = fed(chain(*blocks), blocks=10)
    offer = bid(estimator, urgent=urgent, waited=waited)
    assert GWEI // 100 <= offer.max_priority_fee <= min(offer.max_fee, estimator.config.max_tip)


@pytest.mark.parametrize("section", [
    {"min_tip": "60 gwei"}, {"within": 0}, {"within": 2, "urgent_within": 3}, {"probability_bps": 10_000},
    {"blocks": 5}, {"held": 0}, {"min_tip": 0},
])  # fmt: skip
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DeadlineConfig.model_validate(section)
