import pytest

from sniper_app_data import problems
from sniper_app_data.problems import ACCEPTABLE, ADVICE, NOTICES, BadData, Problems


def test_each_problem_has_an_advice() -> None:
    assert ADVICE.keys() >= ACCEPTABLE.keys() | NOTICES


def test_what_is_neither_accepted_nor_a_notice_is_refused() -> None:
    found = Problems(["dust"])
    found.add("dust", "a:1", 1.0, "")
    found.add("gap", "a", "", "")
    found.demand_none("a")
    found.add("off-tick", "a:2", 1.5, "")
    with pytest.raises(BadData, match=r"1 problems \(1 off-tick\); nothing was stored"):
        found.demand_none("a")


def test_of_endless_problems_the_first_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "MOST", 3)
    found = Problems()
    for number in range(10):
        found.add("no-number", f"a:{number}", "x", "")
    assert [each.place for each in found.found] == ["a:0", "a:1", "a:2"]
    assert found.counts() == found.refused() == {"no-number": 10}
