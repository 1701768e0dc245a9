"""What holds for every pool."""

from fractions import Fraction
from itertools import product
from math import isqrt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.amm import NoLiquidity
from sniper.codec import encode_state, restore_state
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.curve import E18, Curve, Ramp, Unfollowable
from sniper_amm_stableswap.invariant import MOST, solve
from sniper_amm_stableswap.pool import Stableswap


def curve(*balances: int, a: int = 100, fee: int = 0) -> Curve:
    return Curve(
        balances=balances,
        rates=(E18,) * len(balances),
        amplifier=a * 100,
        ramp=Ramp(begin=a * 100, end=a * 100),
        precision=100,
        divide_last=True,
        fee=fee,
        admin_fee=0,
        offpeg=0,
        supply=sum(balances),
    ).at_rest()


balances = st.lists(st.integers(10**22, 10**24), min_size=2, max_size=8)


@given(balances=balances, a=st.integers(2, 5000))
def test_the_price_is_the_slope_of_the_curve(balances: list[int], a: int) -> None:
    pool = curve(*balances, a=a)
    received, _ = pool.trade(0, 1, 10**16)
    assert 0 <= 1 - Fraction(received, 10**16) / pool.price(0, 1) < Fraction(1, 10**4)


@given(balance=st.integers(10**20, 10**27), n=st.integers(2, 8))
def test_a_balanced_pool_is_worth_its_coins_and_trades_one_for_one(balance: int, n: int) -> None:
    pool = curve(*[balance] * n)
    assert abs(pool.d - n * balance) <= 2
    assert abs(pool.price(0, n - 1) - 1) < Fraction(1, 10**15)


@given(
    begin=st.integers(1, 10**6), end=st.integers(1, 10**6), since=st.integers(0, 10**6), span=st.integers(1, 10**6),
    passed=st.integers(0, 10**6),
)  # fmt: skip
def test_a_ramps_from_its_beginning_to_its_end_and_no_further(
    begin: int, end: int, since: int, span: int, passed: int
) -> None:
    ramp = Ramp(begin=begin, end=end, since=since, until=since + span)
    assert ramp.at(since) == begin
    assert ramp.at(since + span + passed) == end
    assert min(begin, end) <= ramp.at(since + passed) <= max(begin, end)


def test_a_pool_that_ramps_gives_another_price_at_another_time_and_the_same_at_the_same() -> None:
    pool = Stableswap(config=StableswapConfig(), curve=curve(10**24, 10**23))
    pool.on_block(1000)
    before = pool.amount_out(0, 1, 10**22)
    pool.ramped(10_000, 100_000, 1000, 2000)
    assert pool.amount_out(0, 1, 10**22) == before
    pool.on_block(1500)
    during = pool.amount_out(0, 1, 10**22)
    assert during > before
    pool.on_block(2000)
    assert pool.amount_out(0, 1, 10**22) > during
    pool.on_block(1500)
    assert pool.amount_out(0, 1, 10**22) == during


def written_out(others: tuple[int, ...], d: int, ann: int, precision: int) -> int | None:
    """``get_y`` as the contract writes it; None where it reverts."""
    n, c = len(others) + 1, d
    for other in others:
        if c * d > MOST or not other:
            return None
        c = c * d // (other * n)
    if c * d * precision > MOST:
        return None
    c = c * d * precision // (ann * n)
    b, y = sum(others) + d * precision // ann, d
    for _ in range(255):
        before = y
        if y * y + c > MOST or 2 * y + b - d <= 0:
            return None
        y = (y * y + c) // (2 * y + b - d)
        if abs(y - before) <= 1:
            return y
    return None


def solved(others: tuple[int, ...], d: int, ann: int, precision: int) -> int | None:
    try:
        return solve(others, d, ann, precision)
    except NoLiquidity:
        return None


magnitudes = st.integers(0, 128).flatmap(lambda bits: st.integers(0, 2**bits))


@settings(max_examples=2_000)
@given(
    others=st.lists(magnitudes, min_size=1, max_size=7).map(tuple), d=magnitudes.filter(bool), a=st.integers(1, 10**6),
    precision=st.sampled_from([1, 100]),
)  # fmt: skip
@example(others=(2**128 - 1,), d=2**128 - 1, a=1, precision=1)  # its first square alone is too large
def test_a_balance_is_what_the_contract_iterates_to_and_reverts_with_it(
    others: tuple[int, ...], d: int, a: int, precision: int
) -> None:
    ann = a * (len(others) + 1)
    assert solved(others, d, ann, precision) == written_out(others, d, ann, precision)


@settings(max_examples=2_000)
@given(held=balances, a=st.integers(1, 10**6), traded=magnitudes, data=st.data())
def test_a_balance_after_a_trade_is_what_the_contract_iterates_to(
    held: list[int], a: int, traded: int, data: st.DataObject
) -> None:
    pool = curve(*held, a=a)
    others = list(held)
    del others[data.draw(st.integers(0, len(held) - 1))]
    others[data.draw(st.integers(0, len(others) - 1))] += traded
    asked = tuple(others), pool.d, pool.ann, pool.precision
    assert solved(*asked) == written_out(*asked)


def test_among_few_units_where_the_contract_ends_beside_the_root_so_do_we() -> None:
    beside = 0
    for d, x, ann, precision in product(range(1, 61), range(61), (1, 2, 5, 14, 100, 999), (1, 100)):
        expected = written_out((x,), d, ann, precision)
        assert solved((x,), d, ann, precision) == expected
        if expected is not None:
            c, b = d * d // (2 * x) * d * precision // (2 * ann), x + d * precision // ann - d
            beside += expected != (isqrt(b * b + 4 * c) - b) // 2
    assert beside > 100


def test_a_pool_without_one_of_its_coins_gives_nothing() -> None:
    for pool in (Stableswap(config=StableswapConfig(), curve=curve(*held)) for held in ((0, 0), (10**20, 0))):
        assert pool.most_in(0, 1) == 0
        for ask in (pool.amount_out, pool.amount_in):
            with pytest.raises(NoLiquidity):
                ask(0, 1, 10**18)
        with pytest.raises(NoLiquidity):
            pool.price(0, 1)


@given(balances=balances)
def test_more_shares_than_there_are_are_not_withdrawn(balances: list[int]) -> None:
    pool = curve(*balances)
    with pytest.raises(NoLiquidity, match="cannot be withdrawn"):
        pool.withdrawn(0, pool.supply + 1)


def test_an_exchange_that_is_not_what_the_state_gives_is_not_followed() -> None:
    pool = Stableswap(config=StableswapConfig(), curve=curve(10**24, 10**24))
    bought = pool.amount_out(0, 1, 10**20)
    pool.exchanged("", 0, 10**20, 1, bought)
    assert pool.curve.balances == (10**24 + 10**20, 10**24 - bought)
    with pytest.raises(Unfollowable, match="read again"):
        pool.exchanged("", 0, 10**20, 1, 10**18)
    with pytest.raises(Unfollowable, match="read again"):
        pool.removed_2("", (10**25, 0), (0, 0), 1)  # type: ignore[attr-defined]


@given(balances=balances)
def test_the_state_survives_a_snapshot(balances: list[int]) -> None:
    pool = Stableswap(config=StableswapConfig(), curve=curve(*balances), base=curve(*balances))
    assert restore_state(Stableswap, encode_state(pool), config=pool.config) == pool


def test_a_venue_hears_the_coins_numbers() -> None:
    assert Stableswap(config=StableswapConfig(), curve=curve(1, 1)).venue_data(2, 5) == 0x0502


def test_anything_but_addresses_and_lasting_rates_is_refused() -> None:
    for wrong in ({"factories": ("curve",)}, {"shares": {"3pool": "3crv"}}, {"rate_seconds": 0}):
        with pytest.raises(ValidationError):
            StableswapConfig.model_validate(wrong)
