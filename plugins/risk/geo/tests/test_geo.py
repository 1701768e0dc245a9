from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from sniper_risk_geo.policy import Geo, GeoConfig
from sniper_sdk.builders import entry, view

SALE = replace(entry(), side="reduce")


def rules(lives: str | None, venue: dict[str, Any] | None) -> list[str]:
    """What denies; empty where all passes."""
    config = GeoConfig(
        accounts={} if lives is None else {"main": lives}, venues={} if venue is None else {"uniswap": venue}
    )
    found = list(Geo(config=config).judge(entry(), view()))
    assert all(finding.severity == "deny" for finding in found)
    return [finding.rule for finding in found if not finding.ok]


@pytest.mark.parametrize(
    ("lives", "venue", "denied"),
    [
        ("DE", {"jurisdiction": "none"}, []),
        ("US-NY", {"jurisdiction": "CH", "refuses": ["US-CA"]}, []),
        ("US-NY", {"jurisdiction": "CH", "refuses": ["US-NY"]}, ["not-served"]),
        ("US-NY", {"jurisdiction": "CH", "refuses": ["US"]}, ["not-served"]),
        ("US", {"jurisdiction": "CH", "refuses": ["US-NY"]}, []),
        ("KP", {"jurisdiction": "CH"}, ["account-embargoed"]),
        ("UA-43", {"jurisdiction": "CH"}, ["account-embargoed"]),
        ("UA-30", {"jurisdiction": "CH"}, []),
        ("DE", {"jurisdiction": "IR"}, ["venue-embargoed"]),
        (None, {"jurisdiction": "CH"}, ["account-unknown"]),
        ("DE", None, ["venue-unknown"]),
        (None, None, ["account-unknown", "venue-unknown"]),
    ],
)
def test_who_may_trade_where(lives: str | None, venue: dict[str, Any] | None, denied: list[str]) -> None:
    assert rules(lives, venue) == denied


@pytest.mark.parametrize("code", ["UK", "Germany", "de", "ZZ", "", "US-", "none"])
def test_a_jurisdiction_that_there_is_not_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="is no jurisdiction"):
        GeoConfig(accounts={"main": code})


def test_a_venue_is_said_to_have_none_and_not_left_out() -> None:
    with pytest.raises(ValidationError, match="jurisdiction"):
        GeoConfig(venues={"uniswap": {}})


def test_a_sale_passes_from_anywhere() -> None:
    (finding,) = Geo(config=GeoConfig()).judge(SALE, view())
    assert (finding.rule, finding.ok) == ("reduces", True)
