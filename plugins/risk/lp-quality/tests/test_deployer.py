"""What the deployer can take out, and what that means where nobody knows who it is."""

import pytest

from sniper.risk import Finding
from sniper_risk_lp_quality import sniper_risk_checks
from sniper_risk_lp_quality.check import Liquidity, LpQuality, LpQualityConfig
from sniper_risk_lp_quality.custody import Part
from sniper_risk_lp_quality.launch import Launch
from sniper_sdk.builders import address, entry, view

MAKER, STRANGER = address(0xDE), address(0x51)


def share(profile: str, *, known: bool, theirs: int, burnt: int = 0) -> Finding:
    """The finding on 10,000 LP tokens, of which the deployer, or somebody, has ``theirs``."""
    (spec,) = sniper_risk_checks()
    parts = (
        Part(holder=MAKER if known else STRANGER, kind="wallet", amount=theirs),
        Part(holder=address(0xDEAD), kind="burnt", amount=burnt),
    )
    found = Liquidity(
        block=1,
        kind="v2",
        depth=10**18,
        total=10_000,
        parts=parts,
        launch=Launch(block=1, time=1, deployers=(MAKER,) if known else ()),
    )
    check = LpQuality(config=LpQualityConfig.model_validate(dict(spec.profiles.get(profile, {}))))
    return next(each for each in check.judge(entry(), view(), found) if each.rule == "deployer-share")


@pytest.mark.parametrize(("profile", "severity"), [("balanced", "warn"), ("cautious", "deny"), ("degen", "warn")])
def test_a_deployer_that_nobody_knows_may_be_whoever_can_take_it(profile: str, severity: str) -> None:
    finding = share(profile, known=False, theirs=6_000)
    assert (finding.ok, finding.severity, finding.found, finding.sure) == (False, severity, 6_000, "inferred")
    assert finding.note == "who deployed it was not found: all of this may be the deployer's"


@pytest.mark.parametrize("profile", ["balanced", "cautious", "degen"])
def test_where_all_of_it_is_burnt_it_does_not_matter_who_deployed_it(profile: str) -> None:
    assert share(profile, known=False, theirs=0, burnt=10_000).ok


@pytest.mark.parametrize(
    ("profile", "most", "severity"), [("balanced", 2_000, "deny"), ("cautious", 500, "deny"), ("degen", 5_000, "warn")]
)
def test_every_profile_has_a_maximum_of_the_deployer_s_own(profile: str, most: int, severity: str) -> None:
    assert share(profile, known=True, theirs=most).ok
    finding = share(profile, known=True, theirs=most + 1)
    assert (finding.ok, finding.severity) == (False, severity)
