from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import exp
from random import Random

import lightgbm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from stories import story

from sniper_risk_rug_forecast.drains import WITHIN_S, drained_at
from sniper_risk_rug_forecast.errors import ModelFileError, TrainingDataError
from sniper_risk_rug_forecast.features import NAMES
from sniper_risk_rug_forecast.launches import launches
from sniper_risk_rug_forecast.scores import auc, best_threshold, brier, calibration, mcc
from sniper_risk_rug_forecast.training import (
    AGES_S,
    DRAINED,
    MALICIOUS,
    Case,
    Sample,
    data_sha256,
    foresee,
    grow,
    platt,
    samples,
    train,
)
from sniper_risk_rug_forecast.trees import read_forest


def drawn(count: int, seed: int) -> list[Sample]:
    """Samples in which two features decide, with noise."""
    chance, made = Random(seed), []
    for turn in range(count):
        x = [chance.random() for _ in NAMES]
        made.append(Sample(turn, x, int(x[3] + 0.5 * x[8] + 0.3 * chance.random() > 0.9)))
    return made


@pytest.fixture(scope="module")
def grown() -> str:
    return grow(drawn(300, 1), 1)


def test_a_forest_is_read_as_lightgbm_means_it(grown: str) -> None:
    booster, forest = lightgbm.Booster(model_str=grown), read_forest(grown)
    # Values on the thresholds themselves, too.
    edges = [tree.threshold[0] for tree in forest.trees[:40] if tree.feature]
    rows = [each.x for each in drawn(40, 2)] + [[edge] * len(NAMES) for edge in edges]
    contributions = booster.predict(rows, pred_contrib=True)
    for row, raw, parts in zip(rows, booster.predict(rows, raw_score=True), contributions, strict=True):
        assert forest.log_odds(row) == pytest.approx(raw, abs=1e-12)
        assert forest.contributions(row) == pytest.approx(list(parts[:-1]), abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("decision_type=2", "decision_type=1", "decision_type"),
        ("left_child=1", "left_child=0", "back into itself"),
        ("left_child=1", "left_child=99", "nowhere"),
        ("split_feature=", "split_feature=9 ", "incomplete"),
        ("leaf_value=", "leaf_valu=", "leaf_value"),
        ("internal_count=", "internal_count=0 ", "incomplete"),
        ("leaf_count=", "leaf_count=1 ", "how many samples"),
        ("feature_names=" + " ".join(NAMES), "feature_names=" + " ".join(NAMES[:2]), "does not name"),
        ("Tree=", "Shrub=", "no tree"),
    ],
)
def test_a_forest_that_leads_nowhere_is_refused(grown: str, before: str, after: str, said: str) -> None:
    assert before in grown
    with pytest.raises(ModelFileError, match=said):
        read_forest(grown.replace(before, after))


def test_a_forecast_of_a_slice_knows_earlier_pools_alone() -> None:
    known = drawn(200, 3)
    ahead = foresee(known, 1).log_odds
    assert len(ahead) == 120
    last = [replace(each, y=1 - each.y) if each.turn >= 180 else each for each in known]
    assert foresee(last, 1).log_odds == ahead  # the last slice teaches nobody
    middle = [replace(each, y=1 - each.y) if 100 <= each.turn < 120 else each for each in known]
    changed = foresee(middle, 1).log_odds
    assert changed[:40] == ahead[:40]
    assert changed[40:] != ahead[40:]


def test_training_twice_gives_the_same_file() -> None:
    cases = launches(120, 2)
    first, second = (train(cases, target=DRAINED, about="trained on a test", seed=1) for _ in range(2))
    assert first == second
    assert first.metrics["auc"] > 0.7
    assert first.data_sha256 == data_sha256(list(reversed(cases)))
    assert train(cases, target=DRAINED, about="trained on a test", seed=2).forest != first.forest


def test_too_few_pools_are_refused() -> None:
    with pytest.raises(TrainingDataError, match="at least 20 of each kind"):
        train(launches(10, 2), target=DRAINED, about="", seed=1)
    with pytest.raises(TrainingDataError, match="0 samples"):
        train(launches(10, 2), target=MALICIOUS, about="", seed=1)


def case(actions: Sequence[object], *, until: int, label: int | None = None) -> Case:
    return Case(pool="0x1", created=actions[0].time, actions=actions, until=until, label=label)  # type: ignore[attr-defined, arg-type]


def test_a_drain_is_asked_for_until_it_came_and_as_far_as_it_is_known() -> None:
    start = list(story())[:2]
    first = start[0].time
    pulled = structs.replace(start[1], time=first + 4 * 3600, kind="burn", quote_reserve=0)
    drained = case([*start, pulled], until=first + WITHIN_S)
    assert drained_at(drained.actions) == first + 4 * 3600
    assert [each.y for each in samples([drained], DRAINED)] == [1, 1, 1]  # at 5 minutes, 1 hour, 3 hours
    late = case([*start, structs.replace(pulled, time=first + 30 * 3600)], until=first + 100 * 3600)
    assert [each.y for each in samples([late], DRAINED)] == [0, 0, 0, 1, 1, 1]
    cut = case(start, until=first + WITHIN_S + AGES_S[1])
    assert [each.y for each in samples([cut], DRAINED)] == [0, 0]


def test_a_label_is_learnt_from_the_first_day_alone() -> None:
    actions = list(story())
    later = structs.replace(actions[-1], time=actions[0].time + WITHIN_S + 1)
    day = [each for each in actions if each.time <= actions[0].time + WITHIN_S]
    (one,) = samples([case(day, until=0, label=1)], MALICIOUS)
    (other,) = samples([case([*day, later], until=0, label=1)], MALICIOUS)
    assert one == other


def test_scores_are_what_they_are_called() -> None:
    forecast, came = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]
    assert auc(forecast, came) == 0.75
    assert auc([0.5] * 4, came) == 0.5
    assert mcc(forecast, came, 0.5) == pytest.approx(2 / (1 * 3 * 2 * 2) ** 0.5)
    assert mcc(forecast, came, 2) == 0
    assert brier(forecast, came) == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)
    assert [(bin.cases, bin.came) for bin in calibration(forecast, came, 2)] == [(3, 1 / 3), (1, 1.0)]
    with pytest.raises(ValueError, match="both kinds"):
        auc([0.1], [1])


@given(st.lists(st.integers(0, 100), min_size=2, max_size=30))
def test_forecasts_are_parted_where_they_are_worth_most_if_they_are_right(percent: list[int]) -> None:
    """Beside each forecast as many cases as it promises: the threshold is the one that parts these best."""
    forecast = [each / 100 for each in percent]
    cases = [(each / 100, int(case < each)) for each in percent for case in range(100)]
    spread, came = [each for each, _ in cases], [each for _, each in cases]
    cuts = [(low + high) / 2 for low, high in pairwise(sorted(set(forecast)))] or [0.5]
    assert mcc(spread, came, best_threshold(forecast)) == pytest.approx(max(mcc(spread, came, cut) for cut in cuts))


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=2, max_size=40))
def test_turning_a_ranking_round_turns_its_auc_round(pairs: list[tuple[float, int]]) -> None:
    forecast, came = [p for p, _ in pairs], [y for _, y in pairs]
    if len(set(came)) == 2:
        assert auc(forecast, came) + auc([-p for p in forecast], came) == pytest.approx(1)
        assert 0 <= auc(forecast, came) <= 1


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, -1.0), (2.5, 0.7)])
def test_calibration_finds_the_scale_that_made_the_outcomes(slope: float, intercept: float) -> None:
    chance = Random(4)
    values = [chance.uniform(-4, 4) for _ in range(4000)]
    came = [int(chance.random() < 1 / (1 + exp(-(slope * value + intercept)))) for value in values]
    found = platt(values, came)
    assert found.slope == pytest.approx(slope, rel=0.15)
    assert found.intercept == pytest.approx(intercept, abs=0.15)
