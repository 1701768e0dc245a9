import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper import codec
from sniper.fee import Block, Stake
from sniper.types import FeeBid
from sniper_fee_value_share.estimator import STEPS, ValueShare, ValueShareConfig

GWEI = 10**9
GAS = 300_000
VALUE = 10**17
LIMIT = 30_000_000


def head(number: int, tip: int, *, base_fee: int = 10 * GWEI, used: int = LIMIT // 2) -> Block:
    return Block(
        time=number, chain_id=1, number=number, hash="", parent="", timestamp=number, base_fee=base_fee, gas_used=used,
        gas_limit=LIMIT, tips=(tip, 2 * tip, 3 * tip),
    )  # fmt: skip


def new(**section: Any) -> ValueShare:
    estimator = ValueShare(config=ValueShareConfig(min_tip=1, **section))
    estimator.block(head(1, GWEI))
    return estimator


def stake(account: str = "main", value: int = VALUE) -> Stake:
    return Stake(account=account, value=value, gas=GAS)


def bid(estimator: ValueShare, what: Stake, *, waited: int = 0) -> FeeBid:
    return estimator.bid_for(what, urgent=False, blocks_waited=waited)


def play(estimator: ValueShare, rival: Callable[[], float], rounds: int, account: str = "main") -> None:
    """Bundles against a rival that bids a share of the same profit."""
    for _ in range(rounds):
        what = stake(account)
        offer = bid(estimator, what)
        profit = what.value - GAS * estimator.base_fee
        won = offer.max_priority_fee * GAS > rival() * profit
        estimator.outcome(what, offer, won=won)


def test_it_bids_a_share_of_what_remains_when_the_base_fee_is_paid() -> None:
    offer = bid(new(), stake())
    assert offer.max_priority_fee == (VALUE - GAS * 10 * GWEI) * 5_000 // (10_000 * GAS)
    assert offer.max_fee - offer.max_priority_fee == 11_250_000_000, "the base fee may rise once"


def test_alone_it_learns_to_bid_little() -> None:
    estimator = new()
    play(estimator, lambda: 0.0, 200)
    assert estimator.share_bps("main") <= 1_250


def test_against_a_rival_who_bids_the_same_share_each_time_it_stays_right_above() -> None:
    estimator = new()
    play(estimator, lambda: 0.72, 300)
    shares = []
    for _ in range(40):
        play(estimator, lambda: 0.72, 1)
        shares.append(estimator.share_bps("main"))
    assert 7_250 <= sorted(shares)[20] <= 7_750


def test_it_follows_rivals_who_become_fiercer_and_milder_again() -> None:
    estimator, rng = new(), random.Random(3)
    levels = []
    for low in (0.2, 0.8, 0.2):
        play(estimator, lambda low=low: low + rng.random() / 10, 500)  # type: ignore[misc]
        levels.append(estimator.share_bps("main"))
    assert levels[0] < 4_000
    assert levels[1] > 7_500
    assert levels[2] < 5_000


def test_what_one_account_learns_is_not_another_one_s() -> None:
    estimator = new()
    before = estimator.share_bps("other")
    play(estimator, lambda: 0.9, 100)
    assert estimator.share_bps("main") > before == estimator.share_bps("other")


def test_what_never_paid_its_base_fee_teaches_nothing() -> None:
    estimator = new()
    poor = stake(value=GAS * 10 * GWEI)
    offer = bid(estimator, poor)
    assert offer.max_priority_fee == 1
    estimator.outcome(poor, offer, won=False)
    assert estimator.learned == ()


def test_no_bid_is_above_its_ceiling() -> None:
    assert bid(new(max_share_tip="100 gwei"), stake(value=10**21), waited=9).max_priority_fee == 100 * GWEI


def test_what_it_remembers_is_bounded() -> None:
    estimator = new()
    for n in range(300):
        estimator.outcome(stake(f"account-{n}"), bid(estimator, stake()), won=True)
    assert len(estimator.learned) == 256
    assert estimator.learned[-1].account == "account-299"
    play(estimator, lambda: 0.0, 1000, "account-299")
    assert all(each <= 1_000 * estimator.config.memory + 1_000 for each in estimator.learned[-1].wins)


def test_a_plain_bid_is_what_recent_blocks_took() -> None:
    estimator = new()
    for n in range(2, 80):
        estimator.block(head(n, 2 * GWEI, used=LIMIT))
    assert estimator.bid(urgent=False, blocks_waited=0).max_priority_fee == 2 * GWEI
    roomy = new()
    for n in range(2, 80):
        roomy.block(head(n, 2 * GWEI))
    assert roomy.bid(urgent=False, blocks_waited=0).max_priority_fee == 1


@given(st.lists(st.tuples(st.integers(0, STEPS), st.booleans()), max_size=60))
def test_a_higher_share_is_never_thought_less_likely_to_win(outcomes: list[tuple[int, bool]]) -> None:
    estimator = new()
    profit = VALUE - GAS * 10 * GWEI
    for step, won in outcomes:
        tip = -(-profit * step // (STEPS * GAS))
        estimator.outcome(stake(), FeeBid(max_priority_fee=tip, max_fee=10 * GWEI + tip), won=won)
    likely = estimator._likely(estimator._known("main"))
    assert likely == sorted(likely)
    assert len(likely) == STEPS + 1
    assert 0 <= likely[0] <= likely[-1] <= 10**6
    assert 1_000 <= estimator.share_bps("main") <= 9_500


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 30))
def test_its_fields_are_all_that_it_remembers(wins: list[bool], split: int) -> None:
    whole, first = new(), new()
    for n, won in enumerate(wins):
        whole.outcome(stake(), bid(whole, stake()), won=won)
        if n < split:
            first.outcome(stake(), bid(first, stake()), won=won)
    restored = codec.restore_state(ValueShare, codec.encode_state(first), config=first.config)
    for won in wins[split:]:
        restored.outcome(stake(), bid(restored, stake()), won=won)
    assert restored == whole


@pytest.mark.parametrize("section", [
    {"min_tip": "60 gwei"}, {"max_tip": "20000 gwei"}, {"least_bps": 9_600}, {"memory": 1}, {"try_every": 1},
])  # fmt: skip
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ValueShareConfig.model_validate(section)
