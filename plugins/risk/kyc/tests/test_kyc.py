from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from sniper.types import DAY
from sniper_risk_kyc.policy import Kyc, KycConfig
from sniper_sdk.builders import QUOTE, entry, view

ETHER = 10**18
SALE = replace(entry(), side="reduce")


def made(**section: Any) -> Kyc:
    return Kyc(config=KycConfig(**{"accounts": {"main": 1}, "venues": {"uniswap": 0}, **section}))


def denied(kyc: Kyc, amount: int = 1, spent: int = 0) -> list[str]:
    here = view(now=10 * DAY, spending=[(10 * DAY - 1, spent), (8 * DAY, 10**30)])
    return [finding.rule for finding in kyc.judge(entry(amount), here) if not finding.ok]


def above(amount: int | str, level: int) -> dict[str, Any]:
    return {"above": amount, "level": level, "quote": QUOTE}


@pytest.mark.parametrize(
    ("section", "rules"),
    [
        ({}, []),
        ({"venues": {"uniswap": 1}}, []),
        ({"venues": {"uniswap": 2}}, ["venue-level"]),
        ({"venues": {}}, ["venue-unknown"]),
        ({"accounts": {}}, ["account-unknown"]),
        ({"accounts": {"main": 0}}, []),
    ],
)
def test_the_level_of_the_account_against_that_of_the_venue(section: dict[str, Any], rules: list[str]) -> None:
    assert denied(made(**section)) == rules


def test_amounts_demand_levels_to_the_unit_also_beyond_64_bits() -> None:
    kyc = made(per_trade=[above("1 ether", 1), above("20 ether", 2)], per_day=[above("100 ether", 2)])
    assert denied(kyc, 20 * ETHER) == []
    assert denied(kyc, 20 * ETHER + 1) == ["trade-level"]
    assert denied(kyc, 20 * ETHER, 80 * ETHER) == []
    assert denied(kyc, 20 * ETHER, 80 * ETHER + 1) == ["day-level"]
    assert denied(kyc, 2**255, 2**255) == ["day-level", "trade-level"]


def test_an_amount_that_no_threshold_is_of_cannot_be_judged() -> None:
    assert denied(made(per_trade=[{"above": "1 ether", "level": 1}])) == ["amount-not-counted"]
    assert denied(made()) == []


@given(
    amount=st.integers(1, 2**256 - 1),
    level=st.integers(0, 5),
    tiers=st.lists(st.tuples(st.integers(0, 2**256 - 1), st.integers(0, 5)), max_size=6),
)
def test_a_trade_passes_exactly_where_no_threshold_below_its_amount_demands_more(
    amount: int, level: int, tiers: list[tuple[int, int]]
) -> None:
    kyc = made(accounts={"main": level}, per_trade=[above(*tier) for tier in tiers])
    fine = all(level >= demanded for limit, demanded in tiers if amount > limit)
    assert denied(kyc, amount) == ([] if fine else ["trade-level"])


def test_a_sale_passes_whoever_sells() -> None:
    (finding,) = made(accounts={}).judge(SALE, view())
    assert (finding.rule, finding.ok) == ("reduces", True)


@pytest.mark.parametrize(
    "section", [{"accounts": {"main": -1}}, {"accounts": {"main": "high"}}, {"per_trade": [{"above": 1}]}]
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**section)
