"""The invariant, and what moves with time."""

from fractions import Fraction
from math import prod

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.amm import NoLiquidity
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.invariant import AMP_PRECISION, balance_at, fits, invariant, slope
from sniper_amm_balancer_stable.moving import Ramp, Rate

amplifiers = st.integers(1, 5000).map(lambda whole: whole * AMP_PRECISION)


@st.composite
def balances(draw: st.DrawFn) -> list[int]:
    whole = draw(st.integers(10**18, 10**30))
    return [whole * draw(st.integers(100, 10_000)) // 1000 for _ in range(draw(st.integers(2, 5)))]


def solved(xp: list[int], amplifier: int) -> int:
    """The invariant. On a few pools the contract's iteration goes to and fro between two values, and it reverts."""
    try:
        return invariant(xp, amplifier)
    except NoLiquidity as error:
        assume("BAL#321" not in str(error))
        raise


def residue(xp: list[int], d: int, amplifier: int) -> Fraction:
    """A·n^n·S + D − A·n^n·D − D^(n+1) / (n^n ∏x), which falls with D and is 0 at the invariant."""
    n, ann = len(xp), Fraction(amplifier * len(xp), AMP_PRECISION)
    return ann * sum(xp) + d - ann * d - Fraction(d ** (n + 1), n**n * prod(xp))


@given(xp=balances(), amplifier=amplifiers)
def test_the_invariant_solves_its_equation_to_a_few_units(xp: list[int], amplifier: int) -> None:
    d = solved(xp, amplifier)
    assert residue(xp, d - 8, amplifier) > 0 > residue(xp, d + 8, amplifier)


@given(xp=balances(), amplifier=amplifiers, part=st.integers(1, 1000))
def test_a_balance_solves_the_equation_for_what_the_others_became(xp: list[int], amplifier: int, part: int) -> None:
    d = solved(xp, amplifier)
    moved = [xp[0] + xp[0] * part // 1000, *xp[1:]]
    y = balance_at(moved, 1, d, amplifier)
    # of one term the contract rounds a quotient up before it multiplies
    n = len(xp)
    off = 8 * max(1, xp[1] // min(xp)) + 2 * y * amplifier * n**n * n * prod(moved) // d ** (n + 1)
    assert residue([moved[0], y + off, *moved[2:]], d, amplifier) > 0
    assert residue([moved[0], y - off, *moved[2:]], d, amplifier) < 0
    assert y <= xp[1] + off


@given(xp=balances(), amplifier=amplifiers)
def test_the_slope_is_what_a_small_step_gives(xp: list[int], amplifier: int) -> None:
    d = solved(xp, amplifier)
    step = min(xp) // 10**6
    gained = xp[1] - balance_at([xp[0] + step, *xp[1:]], 1, d, amplifier)
    assert abs(gained - step * slope(xp, 0, 1, d, amplifier)) <= gained // 10**4 + 100
    assert slope(xp, 0, 1, d, amplifier) * slope(xp, 1, 0, d, amplifier) == 1


@pytest.mark.parametrize(
    ("xp", "reason"), [((0, 10**18), "BAL#004"), ((2**200, 2**200), "BAL#003"), ((2**160, 1), "BAL#003")]
)
def test_where_the_contract_reverts_there_is_no_liquidity(xp: tuple[int, ...], reason: str) -> None:
    with pytest.raises(NoLiquidity, match=reason):
        invariant(xp, 200_000)


def test_nothing_has_an_invariant_of_nothing() -> None:
    assert invariant((0, 0), 200_000) == 0


def test_what_fits_is_what_256_bits_hold() -> None:
    assert fits(2**256 - 1) == 2**256 - 1
    for value in (-1, 2**256):
        with pytest.raises(NoLiquidity, match="256 bits"):
            fits(value)


@given(begin=amplifiers, end=amplifiers, since=st.integers(1, 10**6), span=st.integers(1, 10**6), at=st.fractions(0, 1))
def test_a_ramp_moves_straight_and_stays_at_its_end(begin: int, end: int, since: int, span: int, at: Fraction) -> None:
    ramp = Ramp(begin=begin, end=end, since=since, until=since + span)
    passed = int(span * at)
    now = ramp.at(since + passed)
    assert abs(now - (begin + Fraction((end - begin) * passed, span))) < 1
    assert min(begin, end) <= now <= max(begin, end)
    assert (ramp.at(since), ramp.at(since + span), ramp.at(2 * 10**6)) == (begin, end, end)


def test_a_rate_is_kept_from_the_second_of_its_log() -> None:
    rate = Rate(cached=1, duration=100, expires=50, live=1)
    assert rate.seen(7).live_at == 7
    assert rate.seen(7).seen(8).live_at == 7
    updated = rate.updated(2, 1000)
    assert (updated.cached, updated.expires, updated.live, updated.live_at) == (2, 1100, 2, 1000)
    lasting = updated.lasting(5, 1001)
    assert (lasting.cached, lasting.duration, lasting.expires, lasting.live_at) == (2, 5, 1006, 1000)


def test_addresses_are_lower_cased_and_anything_else_is_refused() -> None:
    config = BalancerStableConfig(pool_factories=("0xdba127fBc23fb20F5929C546af220A991b5C6E01",))
    assert config.pool_factories == ("0xdba127fbc23fb20f5929c546af220a991b5c6e01",)
    with pytest.raises(ValidationError):
        BalancerStableConfig(factories=("balancer",))
    with pytest.raises(ValidationError):
        BalancerStableConfig(rate_seconds=0)
