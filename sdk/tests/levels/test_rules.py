"""The rules are data that is whole, and a level is what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.errors import PluginError
from sniper_sdk.levels.award import Award, Judged
from sniper_sdk.levels.measures import MEASURES, Measured
from sniper_sdk.levels.project import Project
from sniper_sdk.levels.rules import LEVELS, Rule, rules
from sniper_sdk.levels.security import PURE_KINDS
from sniper_sdk.levels.session import Outcome, Result
from sniper_sdk.levels.statement import statement

RULES = rules().rule
HELD = Outcome((Result("TestMine", "holds", "passed", ""),))


def judged(rule: Rule, holds: bool) -> Judged:
    threshold = rule.at_least if rule.at_least is not None else rule.at_most
    assert threshold is not None
    step = 1 if (rule.at_most is None) == holds else -1
    found = Judged(rule, Measured(threshold if holds else threshold + step))
    return found if found.holds == holds else Judged(rule, Measured(threshold - step))


def awarded(*unmet: str) -> Award:
    return Award(Project("sniper-risk-mine"), HELD, tuple(judged(rule, rule.id not in unmet) for rule in RULES))


def test_each_rule_has_a_measure_and_each_measure_a_rule() -> None:
    assert {rule.measure for rule in RULES} == set(MEASURES)
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.id.partition(".")[0] for rule in RULES} == {rule.area for rule in RULES}


def test_each_level_asks_for_something_more() -> None:
    assert list(dict.fromkeys(rule.level for rule in RULES)) == list(LEVELS)
    areas = {rule.area for rule in RULES}
    assert areas >= {"documentation", "types", "coverage", "performance", "security", "parity"}


def test_what_has_a_budget_is_asked_for_its_performance() -> None:
    for rule in RULES:
        if rule.measure == "performance":
            assert set(rule.kinds) == set(rules().budget)
        if rule.measure == "impure_code":
            assert set(rule.kinds) == PURE_KINDS


def test_a_rule_has_one_threshold() -> None:
    plain = RULES[0].model_dump()
    for both in ({"at_least": 1, "at_most": 1}, {"at_least": None, "at_most": None}):
        with pytest.raises(ValidationError, match="either at_least or at_most"):
            Rule.model_validate({**plain, **both})


@given(unmet=st.sets(st.sampled_from([rule.id for rule in RULES])))
def test_a_level_is_reached_with_all_its_rules_and_those_below(unmet: set[str]) -> None:
    found = awarded(*unmet)
    lowest = min((LEVELS.index(rule.level) for rule in RULES if rule.id in unmet), default=len(LEVELS))
    assert found.level == (LEVELS[lowest - 1] if lowest else None)
    assert found.next == (LEVELS[lowest] if lowest < len(LEVELS) else None)
    assert {each.rule.id for each in found.missing} == {
        rule.id for rule in RULES if rule.id in unmet and LEVELS.index(rule.level) == lowest
    }


def test_without_measuring_there_is_no_level() -> None:
    found = Award(Project("sniper-risk-mine"), HELD, ())
    assert (found.level, found.next, found.missing, found.ok) == (None, None, (), True)
    with pytest.raises(PluginError, match="--no-level"):
        statement(found)


def test_below_bronze_nothing_is_stated() -> None:
    with pytest.raises(PluginError, match=r"security\.code"):
        statement(awarded("security.code"))


def test_nothing_tried_is_not_in_order() -> None:
    assert not Award(Project("sniper-risk-mine"), Outcome(()), ()).ok
