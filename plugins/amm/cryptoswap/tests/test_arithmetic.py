"""Roots, and the invariant against whole fractions."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.amm import NoLiquidity
from sniper.codec import encode_state, restore_state
from sniper_amm_cryptoswap import three, two
from sniper_amm_cryptoswap.invariant import marginal
from sniper_amm_cryptoswap.pool import Cryptoswap, CryptoswapConfig, Unfollowable
from sniper_amm_cryptoswap.roots import cube_root, divided

ONE = 10**18


def residual(ann: int, gamma: int, balances: list[int], d: int) -> Fraction:
    """K · Dᴺ⁻¹ · Σx + Πx − K · Dᴺ − (D / N)ᴺ over (D / N)ᴺ (whitepaper, section 2), which is 0 on the curve."""
    count = len(balances)
    product = Fraction(1)
    for balance in balances:
        product *= Fraction(balance * count, d)
    g = Fraction(gamma, ONE)
    k = Fraction(ann, 10_000) * product * g * g / (g + 1 - product) ** 2
    return k * (Fraction(sum(balances), d) - 1) + product - 1


@st.composite
def curves(draw: st.DrawFn) -> tuple[Any, int, int, list[int]]:
    math: Any = draw(st.sampled_from([two, three]))
    ann, gamma = draw(st.integers(10**5, 4 * 10**7)), draw(st.integers(10**12, 2 * 10**15))
    worth = draw(st.integers(10**20, 10**27))
    count = 2 if math is two else 3
    return math, ann, gamma, [worth * draw(st.integers(20, 500)) // 100 for _ in range(count)]


@given(curve=curves())
def test_the_size_lies_on_the_paper_s_curve(curve: tuple[Any, int, int, list[int]]) -> None:
    math, ann, gamma, balances = curve
    d = math.size(ann, gamma, balances, 0)
    # the curve falls in D, and the contract's D is within some 1e-14 of where it crosses 0
    assert residual(ann, gamma, balances, d - d // 10**12) > 0 > residual(ann, gamma, balances, d + d // 10**12)


@given(curve=curves(), i=st.integers(0, 2))
def test_the_other_balance_comes_back(curve: tuple[Any, int, int, list[int]], i: int) -> None:
    math, ann, gamma, balances = curve
    assume(i < len(balances))
    d = math.size(ann, gamma, balances, 0)
    y, k0 = math.other_balance(ann, gamma, balances, d, i)
    assert abs(y - balances[i]) <= d // 10**9
    if k0:
        assert abs(math.size(ann, gamma, balances, k0) - d) <= d // 10**12 + 100


@given(curve=curves())
def test_the_marginal_price_is_the_slope_of_the_curve(curve: tuple[Any, int, int, list[int]]) -> None:
    math, ann, gamma, balances = curve
    d = math.size(ann, gamma, balances, 0)
    there = marginal(ann, gamma, balances, d, 0, 1)
    assert there * marginal(ann, gamma, balances, d, 1, 0) == 1
    moved = list(balances)
    moved[0] += balances[0] // 10**5
    # on the curve again, when coin 1 falls by what the slope says; its bend is of second order
    moved[1] -= int(there * (balances[0] // 10**5))
    assert abs(math.size(ann, gamma, moved, 0) - d) <= d // 10**6


@given(x=st.integers(0, 2**255))
def test_a_cube_root_is_right_to_twelve_digits(x: int) -> None:
    root = cube_root(x)
    wide = max(root // 10**11, 1)
    assert (root - wide) ** 3 <= x * 10**36 <= (root + wide) ** 3


@given(a=st.integers(-(2**255), 2**255), b=st.integers(1, 2**255))
def test_division_is_towards_zero(a: int, b: int) -> None:
    assert divided(a, b) == -divided(-a, b) == -divided(a, -b)
    assert abs(divided(a, b)) == abs(a) // b


def pool(**given: Any) -> Cryptoswap:
    balances = (10**24, 10**24, 10**24)
    start: dict[str, Any] = {
        "config": CryptoswapConfig(),
        "scales": (1, 1, 1),
        "balances": balances,
        "prices": (ONE, ONE),
        "d": three.size(1_707_629, 11_809_167_828_997, balances, 0),
        "virtual_price": ONE,
        "supply": 10**24,
        "fees": (3_000_000, 30_000_000, 5 * 10**14),
        "ramp": ((1_707_629, 11_809_167_828_997), (1_707_629, 11_809_167_828_997), 0, 0),
    }
    return Cryptoswap(**{**start, **given})


def test_logs_that_contradict_the_state_or_do_not_tell_all_are_not_followed() -> None:
    expected = pool().amount_out(0, 1, 10**20)
    unchanged = ONE << 128 | ONE
    with pytest.raises(Unfollowable, match="bought"):
        pool().exchanged("0x", 0, 10**20, 1, expected - 1, 0, unchanged)
    with pytest.raises(Unfollowable, match="should have failed"):
        pool().exchanged("0x", 0, 1, 1, 0, 0, unchanged)
    with pytest.raises(Unfollowable, match="shares gave"):
        pool().one_removed("0x", 10**20, 0, 1, 0, unchanged)
    for claim in (pool().claimed_from_three, pool().claimed_from_two):
        with pytest.raises(Unfollowable, match="claimed"):
            claim("0x", (1, 1, 1))
    with pytest.raises(Unfollowable, match="claimed"):
        pool().claimed_from_first("0x", 1)


def test_liquidity_of_the_first_contract_is_not_followed() -> None:
    with pytest.raises(Unfollowable, match="first contract"):
        pool(first=True).added_to_three("0x", (10**20, 0, 0), 5, 10**24 + 10**19, ONE << 128 | ONE)
    with pytest.raises(Unfollowable, match="first contract"):
        pool(first=True).one_removed("0x", 10**20, 0, 1, 0, ONE << 128 | ONE)
    assert pool(first=True).removed_from_three("0x", (10**20, 10**20, 10**20), 10**24 - 10**20) is not None


def test_a_ramp_is_not_quoted_before_a_block_told_the_time() -> None:
    ramped = pool()
    ramped.ramped(1_707_629, 3_000_000, 11_809_167_828_997, 11_809_167_828_997, 1000, 2000)
    with pytest.raises(NoLiquidity, match="time"):
        ramped.amount_out(0, 1, 10**20)
    given = []
    for time in (1000, 1500, 2000, 3000):
        ramped.on_block(time)
        given.append(ramped.amount_out(0, 1, 10**22))
    assert given[0] != given[1] != given[2]


def test_coins_are_named_by_their_numbers_for_the_venue() -> None:
    assert [pool().venue_data(i, j) for i, j in ((0, 1), (2, 1), (1, 2))] == [0x100, 0x102, 0x201]


def test_the_state_survives_a_snapshot() -> None:
    assert restore_state(Cryptoswap, encode_state(pool()), config=CryptoswapConfig()) == pool()


def test_factories_are_lower_cased_and_anything_but_an_address_is_refused() -> None:
    config = CryptoswapConfig(factories=("0x0c0e5f2fF0ff18a3be9b835635039256dC4B4963",))
    assert config.factories == ("0x0c0e5f2ff0ff18a3be9b835635039256dc4b4963",)
    with pytest.raises(ValidationError):
        CryptoswapConfig(factories=("curve",))
