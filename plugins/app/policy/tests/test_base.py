"""What all four policies hold, tried on geo."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from sniper.settings.canonical import plain
from sniper_risk_geo.policy import Geo, GeoConfig
from sniper_sdk.builders import entry, view

VENUES = {"uniswap": {"jurisdiction": "none"}}
NEVER = '@id("never")\n@because("the house is closed")\nforbid (principal, action, resource);'


def written(directory: Path, text: str) -> str:
    path = directory / "house.cedar"
    path.write_text(text)
    return str(path)


def rules(config: GeoConfig) -> list[tuple[str, bool]]:
    return [(finding.rule, finding.ok) for finding in Geo(config=config).judge(entry(), view())]


def test_files_take_the_place_of_the_shipped_policies_unless_those_are_named_too(tmp_path: Path) -> None:
    house = written(tmp_path, NEVER)
    both = GeoConfig(accounts={"main": "IR"}, venues=VENUES, policies=["shipped", house])
    assert rules(both) == [("account-embargoed", False), ("never", False)]
    assert rules(both.model_copy()) == rules(both)
    assert rules(GeoConfig(accounts={"main": "IR"}, venues=VENUES, policies=[house])) == [("never", False)]


def test_without_a_permit_and_without_evaluation_an_entry_is_denied(tmp_path: Path) -> None:
    nobody = written(tmp_path, '@id("main")\npermit (principal == Account::"other", action, resource);')
    assert rules(GeoConfig(policies=[nobody])) == [("permitted", False)]
    faulty = '@id("all")\npermit (principal, action, resource);\n@id("over")\nforbid (principal, action, resource)\n'
    faulty += "when { resource has refuses && 9223372036854775807 + 1 > 0 };"
    over = GeoConfig(venues=VENUES, policies=[written(tmp_path, faulty)])
    assert ("evaluates", False) in rules(over)


def test_the_version_and_the_manifest_follow_the_text_and_the_data(tmp_path: Path) -> None:
    one = GeoConfig(accounts={"main": "DE"})
    assert GeoConfig(accounts={"main": "DE"}).version == one.version
    assert GeoConfig(accounts={"main": "FR"}).version != one.version
    house = GeoConfig(policies=[written(tmp_path, NEVER)])
    other = GeoConfig(policies=[written(tmp_path, NEVER + "\n// reviewed")])
    assert house.version != other.version
    assert plain(house) != plain(other)
    assert plain(house)["policies"][0]["path"] == plain(other)["policies"][0]["path"]


def test_each_finding_says_its_place_and_the_version() -> None:
    config = GeoConfig(accounts={"main": "IR"})
    found = list(Geo(config=config).judge(entry(), view()))
    assert [finding.rule for finding in found] == ["account-embargoed", "venue-unknown"]
    for finding in found:
        assert finding.evidence[0].startswith("forbid at geo.cedar:")
        assert finding.evidence[-1] == f"policy version {config.version}"
    assert "account main: jurisdiction IR" in found[0].evidence


def test_policies_that_are_no_law_are_a_mistake_of_the_config(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"house.cedar:1: .*nonsense"):
        GeoConfig(policies=[written(tmp_path, "permit (nonsense);")])
    with pytest.raises(ValidationError, match="is a relative path"):
        GeoConfig(policies=["house.cedar"])
