"""What each rule makes of what the trials brought."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sniper.evm.rulers import A_DAY, Ruler
from sniper.risk import Finding, Retry
from sniper.types import BPS
from sniper_risk_honeypot.check import Honeypot, HoneypotConfig, Trying
from sniper_risk_honeypot.trials import WAITS, Deed, Moved, Trial, Trials, missing_bps
from sniper_sdk.builders import entry, view

AMOUNT = 10**17
BOUGHT = Trial(paid=AMOUNT, bought=1000, bought_expected=1000, buy_gas=150_000)
SOLD = replace(BOUGHT, sold=1000, returned=99 * 10**15, returned_expected=99 * 10**15, gas=150_000)
FAILED = replace(BOUGHT, failed="sell", reason="locked")
OTHERS = ("in_parts", "crowd", "contract", "rich", "small", "large", "again", "another")
FAIR = Trials(
    bought=BOUGHT,
    after=(SOLD,) * len(WAITS),
    moved=Moved(sent=500, left=500, arrived=500),
    **dict.fromkeys(OTHERS, SOLD),  # type: ignore[arg-type]
)
OWNER = "0x" + "0a" * 20


def found(trials: Trials = FAIR, *, tax: int | None = 0, owners: tuple[Ruler, ...] = (Ruler(address=OWNER),)) -> Trying:
    return Trying(block=7, code=100, owners=owners, trials=trials, buy_tax_bps=tax, sell_tax_bps=tax)


def judged(evidence: Trying, **section: Any) -> dict[str, Finding]:
    check = Honeypot(config=HoneypotConfig(**section))
    return {finding.rule: finding for finding in check.judge(entry(AMOUNT), view(), evidence)}


def denied(evidence: Trying, **section: Any) -> list[str]:
    return [rule for rule, each in judged(evidence, **section).items() if not each.ok and each.severity == "deny"]


def warned(evidence: Trying, **section: Any) -> list[str]:
    return [rule for rule, each in judged(evidence, **section).items() if not each.ok and each.severity == "warn"]


def test_a_fair_token_holds_every_rule() -> None:
    findings = judged(found())
    assert all(each.ok for each in findings.values())
    assert findings["round-trip-loss"].found == 100
    assert findings["cooldown"].found == 0


def test_where_there_is_no_code_there_is_nothing_to_buy() -> None:
    assert denied(Trying(block=7, code=0)) == ["has-code"]


def test_a_token_that_does_not_trade_yet_may_be_tried_again() -> None:
    closed = found(Trials(bought=Trial(bought_expected=1000, failed="buy", reason="not enabled")), tax=None)
    findings = judged(closed, retry_after_s=9)
    assert list(findings) == ["has-code", "can-buy"]
    assert (findings["can-buy"].ok, findings["can-buy"].retry_after_s) == (False, 9)
    assert findings["can-buy"].note == "not enabled"
    assert findings["can-buy"].retry == Retry.next_block(), "the first block after that time"
    never = judged(closed, retry_after_s=0)["can-buy"]
    assert (never.retry_after_s, never.retry) == (None, None)


def test_a_token_that_is_never_sold_is_refused_for_good() -> None:
    trap = found(replace(FAIR, after=(FAILED,) * len(WAITS)))
    assert denied(trap) == ["can-sell"]
    assert judged(trap)["can-sell"].retry_after_s is None
    assert judged(trap)["can-sell"].note == "locked"


def test_a_sale_that_must_wait_is_a_cooldown_and_one_that_stops_is_a_trap() -> None:
    waits = found(replace(FAIR, after=(FAILED, FAILED, SOLD, SOLD, SOLD)))
    assert judged(waits)["cooldown"].found == 60
    assert denied(waits) == []
    assert denied(waits, max_cooldown_s=59) == ["cooldown"]
    stops = found(replace(FAIR, after=(SOLD, SOLD, SOLD, FAILED, FAILED)))
    assert denied(stops) == ["keeps-selling"]
    assert judged(stops)["keeps-selling"].note == "after 50 blocks: locked; after 7200 blocks: locked"


def test_the_tax_is_that_of_the_worst_sale() -> None:
    later = replace(SOLD, returned=79 * 10**15)
    assert denied(found(replace(FAIR, after=(SOLD, SOLD, SOLD, SOLD, later)))) == ["sell-tax"]
    assert judged(found(replace(FAIR, crowd=later)))["sell-tax"].found == 2021
    assert denied(found(tax=1001)) == ["buy-tax"]


@pytest.mark.parametrize("field", ["in_parts", "crowd", "small", "again", "rich", "another"])
def test_no_way_of_selling_that_must_work_may_be_taxed_away(field: str) -> None:
    assert denied(found(replace(FAIR, **{field: replace(SOLD, returned=1)}))) == ["sell-tax"]


@pytest.mark.parametrize(
    ("field", "rule", "severity"),
    [
        ("in_parts", "sells-in-parts", "deny"),
        ("crowd", "sells-in-a-crowd", "deny"),
        ("again", "sells-again", "deny"),
        ("rich", "sells-for-the-rich", "deny"),
        ("contract", "sells-for-contracts", "warn"),
        ("small", "sells-little", "warn"),
        ("large", "sells-much", "warn"),
        ("another", "sells-after-a-transfer", "deny"),
    ],
)
def test_every_way_of_selling_has_its_rule(field: str, rule: str, severity: str) -> None:
    evidence = found(replace(FAIR, **{field: FAILED}))
    assert (denied(evidence) if severity == "deny" else warned(evidence)) == [rule]
    assert "locked" in judged(evidence)[rule].note


def test_a_token_must_keep_books() -> None:
    lies = found(replace(FAIR, moved=Moved(sent=500, left=0, arrived=500)))
    assert denied(lies) == ["balances-move"]
    open_door = found(replace(FAIR, moved=replace(FAIR.moved, keeps_allowances=False)))
    assert denied(open_door) == ["keeps-allowances"]
    taxed = found(replace(FAIR, moved=Moved(sent=500, left=500, arrived=400)))
    assert (denied(taxed), warned(taxed)) == ([], ["transfer-tax"])
    stuck = replace(FAIR, moved=Moved(sent=500, reason="no"), another=Trial(failed="transfer", reason="no"))
    assert (denied(found(stuck)), warned(found(stuck))) == ([], ["transfers"])


DEEDS = {
    "owner-stops-sales": Deed(caller=OWNER, data=bytes(4), failed="sell", reason="paused"),
    "owner-takes-balances": Deed(caller=OWNER, data=bytes(4), taken=5),
    "owner-raises-tax": Deed(caller=OWNER, data=bytes(4), tax_bps=2_501),
}


@pytest.mark.parametrize("rule", DEEDS)
def test_what_an_owner_can_do_denies_unless_nobody_can_do_it_alone(rule: str) -> None:
    trials = replace(FAIR, deeds=(DEEDS[rule],), deeds_done=1)
    evidence = found(trials)
    assert denied(evidence) == [rule]
    finding = judged(evidence)[rule]
    assert finding.sure == "confirmed"
    assert finding.evidence[0].startswith(f"{OWNER} (wallet) calls 0x00000000")
    for kind, weight, alone in (("multisig", 2, False), ("multisig", 1, True), ("timelock", A_DAY - 1, True),
                                ("timelock", A_DAY, False), ("contract", 0, True)):  # fmt: skip
        shared = found(trials, owners=(Ruler(address=OWNER, kind=kind, weight=weight),))
        assert denied(shared) == ([rule] if alone else [])
        assert rule in (warned(shared) if not alone else denied(shared))
        assert denied(shared, trust_shared_owners=False) == [rule]


def test_what_there_was_no_room_to_try_is_said() -> None:
    assert warned(found(replace(FAIR, untried=3))) == ["owners-tried"]
    assert "3 calls" in judged(found(replace(FAIR, untried=3)))["owners-tried"].note
    for more, told in (
        ({"left_out": 1}, "1 functions"),
        ({"owners_left_out": 2}, "2 possible owners"),
        ({"unresolved": "there is no code at 0x1"}, "there is no code at 0x1"),
    ):
        cut = replace(found(), **more)
        assert warned(cut) == ["owners-tried"]
        assert told in judged(cut)["owners-tried"].note


def test_powers_may_be_allowed() -> None:
    trials = replace(FAIR, deeds=tuple(DEEDS.values()), deeds_done=3)
    lenient = {"owner_stops_sales": "allow", "owner_takes_balances": "warn", "max_owner_tax_bps": 10_000}
    assert denied(found(trials), **lenient) == []
    assert warned(found(trials), **lenient) == ["owner-takes-balances"]


@given(promised=st.integers(1, 10**40), delivered=st.integers(0, 10**40))
def test_the_tax_is_never_understated(promised: int, delivered: int) -> None:
    tax = missing_bps(promised, delivered)
    assert tax is not None
    assert 0 <= tax <= BPS
    assert promised * (BPS - tax) <= delivered * BPS
    assert tax == 0 or promised * (BPS - tax + 1) > delivered * BPS
