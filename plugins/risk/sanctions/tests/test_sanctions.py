from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from pydantic import ValidationError

from sniper.proposal import Leg
from sniper.risk import Finding, Roundtrip
from sniper.types import DAY, SECOND, split_asset
from sniper_risk_sanctions.policy import Sanctions, SanctionsConfig
from sniper_sdk.builders import POOL, QUOTE, TOKEN, BuiltView, address, entry, pool, token, view

BEGINS = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp()) * SECOND
SALE = structs.replace(entry(), side="reduce")
BAD, FINE = address(1), address(0xF1)


def here(now: int = BEGINS + DAY, deployer: str = FINE, **more: Any) -> BuiltView:
    return view(now=now, tokens={TOKEN: replace(token(), deployer=deployer)}, **more)


def made(listed: str, **section: Any) -> Sanctions:
    return Sanctions(config=SanctionsConfig(lists=[listed], **section))


def failing(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in found if not finding.ok]


def test_a_trade_with_nobody_on_a_list_passes_and_says_who_was_screened(listed: str) -> None:
    (finding,) = made(listed).judge(entry(), here(pools=[pool()]))
    assert (finding.rule, finding.ok) == ("nobody-listed", True)
    evidence = "\n".join(finding.evidence)
    for each in (split_asset(TOKEN)[1], split_asset(POOL)[1], split_asset(QUOTE)[1], FINE):
        assert each in evidence
    assert "list list.txt of a ministry, 2026-11-20, sha256 " in evidence


def test_every_address_of_a_trade_is_screened(listed: str) -> None:
    sanctions = made(listed, wallets={"main": [BAD], "other": [BAD]}, require_deployer=False)
    cases = {
        "wallet": (entry(), here()),
        "deployer": (entry(account="second"), here(deployer=BAD)),
        "token": (entry(account="second", token=f"1:{BAD}"), here()),
        "pool": (entry(account="second", pool=f"1:{BAD}"), here()),
    }
    for role, (intent, seen) in cases.items():
        found = list(sanctions.judge(intent, seen))
        assert failing(found) == [("listed", "deny")], role
        assert f"{role} {BAD} is on the list list.txt of a ministry" in found[0].evidence


def test_addresses_are_compared_whatever_their_capitals(listed: str) -> None:
    Path(listed).write_text(f"# date: 2026-11-20\n# source: x\n0x{'Ab' * 20}\n")
    assert failing(list(made(listed).judge(entry(), here(deployer="0x" + "aB" * 20)))) == [("listed", "deny")]


@pytest.mark.parametrize(
    ("age", "rules"),
    [
        (7 * DAY, []),
        (7 * DAY + 1, [("list-too-old", "deny")]),
        (-DAY, []),
        (-DAY - 1, [("list-too-new", "deny")]),
    ],
)
def test_a_list_counts_for_its_days_by_the_events_own_time(listed: str, age: int, rules: list[tuple[str, str]]) -> None:
    found = list(made(listed, max_age_days=7).judge(entry(), here(now=BEGINS + age)))
    assert failing(found) == rules


def test_without_a_list_every_entry_is_denied() -> None:
    sanctions = Sanctions(config=SanctionsConfig())
    assert failing(list(sanctions.judge(entry(), here()))) == [("no-list", "deny")]


def test_a_token_is_denied_while_its_deployer_is_not_known_unless_the_config_says_otherwise(listed: str) -> None:
    unknown = here(deployer="")
    both = failing(list(made(listed).judge(entry(), here(now=BEGINS + 9 * DAY, deployer=""))))
    assert [rule for rule, _ in both] == ["list-too-old", "deployer-unknown"]
    (finding,) = (each for each in made(listed).judge(entry(), unknown) if not each.ok)
    assert (finding.rule, finding.severity, finding.retry_after_s) == ("deployer-unknown", "deny", 1)
    assert failing(list(made(listed).judge(SALE, unknown))) == []
    assert failing(list(made(listed, require_deployer=False).judge(entry(), unknown))) == []


def test_a_sale_with_a_hit_warns_and_is_denied_only_where_the_config_says_so(listed: str) -> None:
    assert failing(list(made(listed).judge(SALE, here(deployer=BAD)))) == [("listed", "warn")]
    blocking = made(listed, block_reductions=True)
    assert failing(list(blocking.judge(SALE, here(deployer=BAD)))) == [("listed", "deny")]
    for seen in (here(now=BEGINS + 900 * DAY), here(now=0), here(deployer="")):
        assert failing(list(blocking.judge(SALE, seen))) == []


def test_policies_that_permit_no_sale_do_not_stop_one(listed: str, tmp_path: Path) -> None:
    house = tmp_path / "house.cedar"
    house.write_text('@id("enter")\npermit (principal, action == Action::"enter", resource);')
    blocking = made(listed, block_reductions=True, policies=[str(house)])
    assert failing(list(blocking.judge(SALE, here(deployer=BAD)))) == [("permitted", "warn")]


def test_every_coin_pool_and_deployer_of_an_arbitrage_is_screened(listed: str) -> None:
    sanctions = made(listed)
    quote = split_asset(QUOTE)[1]

    def rules(at: str, coin: str, seen: BuiltView) -> list[tuple[str, str]]:
        legs = (Leg(pool=at, token_in=quote, token_out=coin), Leg(pool=FINE, token_in=coin, token_out=quote))
        trip = Roundtrip(
            intent="main/cycles/1", account="main", instance="cycles", chain_id=1, quote=QUOTE, venue="uniswap",
            legs=legs, amount=1, expected_out=2, gas_cost=0, reason="a test",
        )  # fmt: skip
        return failing(list(sanctions.judge_roundtrip(trip, seen)))

    coin = split_asset(TOKEN)[1]
    assert rules(FINE, coin, here()) == []
    for bad in (rules(BAD, coin, here()), rules(FINE, BAD, here()), rules(FINE, coin, here(deployer=BAD))):
        assert bad == [("listed", "deny")]
    assert rules(FINE, coin, here(now=BEGINS + 8 * DAY)) == [("list-too-old", "deny")]


def test_a_list_that_is_gone_refuses_the_config(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="cannot be read: No such file"):
        SanctionsConfig(lists=[str(tmp_path / "gone.txt")])
