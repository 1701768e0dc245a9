"""What was not seen is said, and never passes as if all were well."""

import pytest

from sniper.risk import Finding
from sniper_risk_holders import sniper_risk_checks
from sniper_risk_holders.check import Holders, HoldersConfig, Holding
from sniper_risk_lp_quality.launch import Launch
from sniper_sdk.builders import address, entry, view

UNKNOWN = Launch(block=-1, time=0, deployers=())
RULES = ("holders-seen", "beginning-seen", "deployer-seen")


def judged(profile: str, launch: Launch, seen: int) -> dict[str, Finding]:
    (spec,) = sniper_risk_checks()
    check = Holders(config=HoldersConfig.model_validate(dict(spec.profiles.get(profile, {}))))
    found = Holding(block=1, supply=10_000, seen=seen, launch=launch, cut=("the pool's beginning was not found",))
    return {each.rule: each for each in check.judge(entry(), view(), found)}


@pytest.mark.parametrize(("profile", "severity"), [("balanced", "warn"), ("degen", "warn"), ("cautious", "deny")])
def test_too_little_that_was_seen_warns_and_denies_the_cautious(profile: str, severity: str) -> None:
    findings = judged(profile, UNKNOWN, 8_999)
    assert [(findings[rule].ok, findings[rule].severity) for rule in RULES] == [(False, severity)] * 3
    assert findings["beginning-seen"].note == "the pool's beginning was not found"
    assert findings["deployer-seen"].note == "who deployed it was not found"


def test_what_was_seen_holds() -> None:
    began = Launch(block=1, time=1, deployers=(address(1),), creators=(address(1),))
    assert all(judged("cautious", began, 9_000)[rule].ok for rule in RULES)
