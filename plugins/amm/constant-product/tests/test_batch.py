"""Quotes in batch beside the same quotes one by one."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper_amm_constant_product.batch import NotUint112, amounts_out, difference, integers, synced, times, words
from sniper_amm_constant_product.pool import MAX_RESERVE, ConstantProduct, ConstantProductConfig

# Of every size alike, and beside the limits of limbs and of what a pair can hold.
sizes = st.integers(0, 112).flatmap(lambda bits: st.integers(0, max(0, 2**bits - 1)))
edges = st.sampled_from([0, 1, 2**53, 2**63, 2**64 - 1, 2**64, 2**111, MAX_RESERVE - 1, MAX_RESERVE])
numbers = sizes | edges
rows = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=50)


def one_by_one(x: int, y: int, amount: int, fee_bps: int) -> int:
    pair = ConstantProduct(config=ConstantProductConfig(fee_bps=fee_bps), reserves=(x, y))
    try:
        return pair.amount_out(0, 1, amount)
    except NoLiquidity:
        return 0


@given(given=rows, fee_bps=st.sampled_from((0, 25, 30, 9_999)) | st.integers(0, 9_999))
@example(given=[(MAX_RESERVE, MAX_RESERVE, 0), (1, MAX_RESERVE, MAX_RESERVE - 1), (1, 1, 1), (0, 5, 5)], fee_bps=0)
@settings(max_examples=1_000, deadline=None)
def test_a_batch_gives_the_contract_s_integers_and_nothing_where_it_reverts(
    given: list[tuple[int, int, int]], fee_bps: int
) -> None:
    x, y, amount = (words(column) for column in zip(*given, strict=True))
    assert integers(amounts_out(x, y, amount, fee_bps)) == [one_by_one(*row, fee_bps) for row in given]


@given(out=st.integers(1, 2**100), x=st.integers(1, 2**100), kept=st.sampled_from((10_000, 9_970)), less=st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_quotient_that_is_whole_or_just_not_is_rounded_as_the_contract_does(
    out: int, x: int, kept: int, less: bool
) -> None:
    # paid = 10,000·x makes the divisor 2·paid, so y/2 comes out; one unit less of y leaves a half.
    amount = 10_000 * x // kept
    y = min(2 * out - less, MAX_RESERVE)
    found = amounts_out(words([x]), words([y]), words([amount]), 10_000 - kept)
    assert integers(found) == [one_by_one(x, y, amount, 10_000 - kept)]


@given(given=st.lists(st.tuples(numbers, numbers), max_size=20), amount=numbers)
@settings(deadline=None)
def test_recorded_logs_are_quoted_from_their_data(given: list[tuple[int, int]], amount: int) -> None:
    data = b"".join(number.to_bytes(32, "big") for row in given for number in row)
    token0, token1 = synced(data)
    assert (integers(token0), integers(token1)) == ([x for x, _ in given], [y for _, y in given])
    assert integers(amounts_out(token0, token1, words([amount]), 30)) == [
        one_by_one(x, y, amount, 30) for x, y in given
    ]


limb = st.sampled_from([0, 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
limbs = st.tuples(limb, limb, limb)


@given(a=limbs, b=limbs)
@settings(deadline=None)
def test_carries_and_borrows_go_all_the_way(a: tuple[int, int, int], b: tuple[int, int, int]) -> None:
    def number(given: Sequence[int | np.uint64]) -> int:
        return sum(int(each) << 64 * n for n, each in enumerate(reversed(given)))

    a2, a1, a0 = map(np.uint64, a)
    b2, b1, b0 = map(np.uint64, b)
    assert number(difference((a2, a1, a0), (b2, b1, b0))) == (number(a) - number(b)) % 2**192
    assert number(times(a2, b1, b0)) == a[0] * number(b[1:])


def test_what_no_pair_can_hold_is_refused() -> None:
    for number in (-1, MAX_RESERVE + 1):
        with pytest.raises(NotUint112, match=str(number)):
            words([number])
    above, fine = np.array([[2**48, 0]], np.uint64), words([1])
    for reserves in ((above, fine), (fine, above)):
        with pytest.raises(NotUint112):
            amounts_out(*reserves, fine, 30)
    for data in (b"\x00" * 63, b"\xff" * 64):
        with pytest.raises(NotUint112):
            synced(data)


def test_an_amount_above_what_a_pair_can_hold_gives_nothing() -> None:
    assert integers(amounts_out(words([5]), words([7]), np.array([[2**63, 0]], np.uint64), 30)) == [0]
