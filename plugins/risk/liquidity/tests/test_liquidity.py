from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.risk import Finding, Retry
from sniper.types import BPS, NATIVE, split_asset
from sniper_risk_liquidity.check import Liquidity, LiquidityConfig
from sniper_sdk.builders import POOL, QUOTE, TOKEN, BuiltPool, address, entry, pool, view

COIN, PAID = split_asset(TOKEN)[1], split_asset(QUOTE)[1]
ETHER = 10**18


def found(here: BuiltPool, amount: int, *, block: int = 0, quote: str = QUOTE, **section: Any) -> dict[str, Finding]:
    check = Liquidity(config=LiquidityConfig(**{"min_quote_reserve": "5 ether", **section}))
    intent = entry(amount, quote=quote, expected_out=here.amount_out(here.coins[1], amount))
    return {finding.rule: finding for finding in check.judge(intent, view(pools=[here], block=block))}


def failed(here: BuiltPool, amount: int = ETHER // 100, **options: Any) -> list[str]:
    return [rule for rule, finding in found(here, amount, **options).items() if not finding.ok]


def test_passes_a_small_amount_in_a_deep_pool_and_says_what_it_found() -> None:
    findings = found(pool(reserves=(10**24, 10 * ETHER)), ETHER // 100)
    assert [(rule, finding.found) for rule, finding in findings.items()] == [
        ("pool-known", True),
        ("quote-reserve", 10 * ETHER),
        ("reserve-share", 10),
        ("price-impact", 10),
    ]


def test_refuses_a_shallow_pool() -> None:
    assert failed(pool(reserves=(10**24, 5 * ETHER))) == []
    assert failed(pool(reserves=(10**24, 5 * ETHER - 1))) == ["quote-reserve"]


def test_refuses_an_amount_that_moves_the_price_too_far() -> None:
    # x·y = k: an amount of 1/19 of the reserve, free of fees, gets 5% less than the marginal price promises.
    here = pool(reserves=(10**24, 19 * ETHER), fee_bps=0)
    assert failed(here, ETHER, max_impact_bps=500) == []
    assert failed(here, ETHER, max_impact_bps=499) == ["price-impact"]


def test_what_is_too_shallow_waits_for_more_liquidity_in_this_pool() -> None:
    findings = found(pool(reserves=(10**24, ETHER)), ETHER)
    for rule in ("quote-reserve", "reserve-share", "price-impact"):
        assert findings[rule].retry == Retry.event("liquidity-added/1", POOL)
    assert found(pool(reserves=(10**24, 10 * ETHER)), 1)["quote-reserve"].retry is None


def test_refuses_to_become_too_large_a_part_of_the_pool() -> None:
    here = pool(reserves=(10**24, 10 * ETHER))
    assert failed(here, ETHER, max_share_bps=1000, max_impact_bps=BPS) == []
    assert failed(here, ETHER + 1, max_share_bps=1000, max_impact_bps=BPS) == ["reserve-share"]


def test_waits_until_a_pool_is_old_enough() -> None:
    here = pool(created_at=1, created_block=100)
    assert failed(here, block=102, min_age_blocks=2) == []
    finding = found(here, 1, block=101, min_age_blocks=2, retry_after_s=7)["min-age"]
    assert (finding.ok, finding.retry_after_s) == (False, 7)


def test_refuses_a_pool_that_is_too_old() -> None:
    here = pool(created_at=1, created_block=100)
    assert failed(here, block=110, max_age_blocks=10) == []
    assert failed(here, block=111, max_age_blocks=10) == ["max-age"]


def test_a_pool_from_before_the_watch_is_old_whatever_its_block_says() -> None:
    here = pool(created_at=0, created_block=0)
    assert failed(here, block=1, min_age_blocks=1000) == []
    assert failed(here, block=1, max_age_blocks=1000) == ["max-age"]


@pytest.mark.parametrize("known", [[], [pool(coins=(address(1), PAID))]])
def test_refuses_what_it_cannot_look_at(known: list[BuiltPool]) -> None:
    check = Liquidity(config=LiquidityConfig(min_quote_reserve=1))
    findings = list(check.judge(entry(1), view(pools=known)))
    assert [(finding.rule, finding.ok, finding.note) for finding in findings] == [("pool-known", False, POOL)]


def test_an_empty_pool_is_refused_and_divides_nothing_by_zero() -> None:
    check = Liquidity(config=LiquidityConfig(min_quote_reserve=1))
    findings = list(check.judge(entry(1, expected_out=0), view(pools=[pool(reserves=(0, 0))])))
    assert [finding.rule for finding in findings if not finding.ok] == ["quote-reserve", "priced"]


def test_the_wrapped_coin_of_a_pair_counts_when_the_native_one_is_paid() -> None:
    assert failed(pool(reserves=(10**24, 10 * ETHER)), quote=f"1:{NATIVE}") == []


amounts = st.integers(1, 10**30)


@given(x=amounts, y=amounts, paid=amounts, fee=st.integers(0, 9999), limit=st.integers(0, BPS))
def test_the_impact_passes_exactly_when_it_is_within_the_limit(x: int, y: int, paid: int, fee: int, limit: int) -> None:
    here = pool(coins=(COIN, PAID), reserves=(y, x), fee_bps=fee)
    ideal = paid * here.price(PAID)
    assume(ideal > 0)
    lost = (ideal - here.amount_out(PAID, paid)) / ideal
    finding = found(here, paid, max_impact_bps=limit)["price-impact"]
    assert finding.ok == (lost <= Fraction(limit, BPS))
    assert isinstance(finding.found, int)
    assert 0 <= finding.found <= BPS


@pytest.mark.parametrize(
    "section", [{"min_quote_reserve": 0}, {"max_impact_bps": 10_001}, {"max_share_bps": 0}, {"x": 1}]
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LiquidityConfig(**{"min_quote_reserve": 1, **section})
