"""Train a model: earlier pools teach, later ones calibrate and tell how good it is."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from math import exp, log
from typing import Any, Final

from sniper_risk_rug_forecast.actions import Action
from sniper_risk_rug_forecast.drains import WITHIN_S, drained_at
from sniper_risk_rug_forecast.errors import TrainerMissing, TrainingDataError
from sniper_risk_rug_forecast.features import HOUR, NAMES, VERSION, History, vector
from sniper_risk_rug_forecast.modelfile import FORMAT, Calibration, ModelFile
from sniper_risk_rug_forecast.scores import auc, best_threshold, brier, calibration, mcc
from sniper_risk_rug_forecast.trees import read_forest

DRAINED: Final = "drained-within-24h"
MALICIOUS: Final = "malicious"

AGES_S: Final = (300, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
"""Ages of a pool at which it is looked at where drains are to be foreseen."""

LABEL_AGE_S: Final = 24 * HOUR
"""Seconds after creation at which a labelled pool is looked at."""

FOLDS: Final = 6
"""Later slices: the pools after the first two fifths, in equal parts."""

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 7,
    "min_data_in_leaf": 4,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "extra_trees": True,
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
"""Chosen by rolling-origin folds inside the earlier 70% of the real pools; never by what came later."""

ROUNDS: Final = 250
"""Trees."""


@dataclass(frozen=True)
class Case:
    """One pool.

    created  Unix seconds.
    until    Until when its actions are known, Unix seconds.
    label    1 malicious, 0 not; None where only its drain is asked for.
    """

    pool: str
    created: int
    actions: Sequence[Action]
    until: int
    label: int | None = None


@dataclass(frozen=True)
class Sample:
    """A pool at one moment, and what came of it. ``turn``: the pool's place in time."""

    turn: int
    x: list[float]
    y: int


def samples(cases: Sequence[Case], target: str) -> list[Sample]:
    """Of the cases in the order of their creation; those of one pool share its turn."""
    ordered = sorted(cases, key=lambda case: (case.created, case.pool))
    make = _drain_samples if target == DRAINED else _labelled_sample
    return [sample for turn, case in enumerate(ordered) for sample in make(turn, case)]


def _labelled_sample(turn: int, case: Case) -> list[Sample]:
    if case.label is None:
        return []
    now = case.created + LABEL_AGE_S
    return [Sample(turn, vector(History.until(case.actions, now), now), case.label)]


def _drain_samples(turn: int, case: Case) -> list[Sample]:
    if not case.actions:
        return []
    start, drained = case.actions[0].time, drained_at(case.actions)
    made = []
    for age in AGES_S:
        now = start + age
        if drained is not None and drained <= now:
            break
        comes = drained is not None and drained <= now + WITHIN_S
        if comes or now + WITHIN_S <= case.until:
            made.append(Sample(turn, vector(History.until(case.actions, now), now), int(comes)))
    return made


def data_sha256(cases: Sequence[Case]) -> str:
    """Of everything that training sees, in a fixed order."""
    digest = hashlib.sha256()
    for case in sorted(cases, key=lambda each: (each.created, each.pool)):
        head = [case.pool, case.created, case.until, case.label]
        digest.update(json.dumps([head, [[*_plain(action)] for action in case.actions]]).encode())
    return digest.hexdigest()


def _plain(action: Action) -> tuple[int | str, ...]:
    return (
        action.time, action.block, action.kind, action.sender, action.to, action.quote_in, action.quote_out,
        action.token_in, action.token_out, action.quote_reserve, action.token_reserve,
    )  # fmt: skip


def train(cases: Sequence[Case], *, target: str, about: str, seed: int) -> ModelFile:
    """A model of all cases, calibrated by forecasts of each later slice from earlier pools alone.

    Raises `TrainingDataError` where they are too few or all alike, and `TrainerMissing` without lightgbm.
    """
    known = samples(cases, target)
    positives = sum(sample.y for sample in known)
    if min(positives, len(known) - positives) < 20:
        raise TrainingDataError(
            f"{len(known)} samples of {len(cases)} pools, {positives} of them positive: at least 20 of each kind are "
            "needed; give more pools"
        )
    ahead = foresee(known, seed)
    forecast, came = ahead.forecast, ahead.came
    threshold = best_threshold(forecast)
    return ModelFile(
        format=FORMAT,
        sniper=version("sniper-core"),
        lightgbm=version("lightgbm"),
        features_version=VERSION,
        features=NAMES,
        target=target,
        about=about,
        data_sha256=data_sha256(cases),
        pools=len(cases),
        samples=len(known),
        positives=positives,
        seed=seed,
        parameters={**PARAMETERS, "num_iterations": ROUNDS},
        calibration=ahead.calibration,
        threshold_bps=round(threshold * 10_000),
        metrics=measures(forecast, came, threshold),
        forest=grow(known, seed),
        sha256="",
    ).sealed()


def measures(forecast: Sequence[float], came: Sequence[int], threshold: float) -> dict[str, Any]:
    """AUC, MCC at this threshold, Brier score and the table of the calibration, as model files hold them. Any: numbers
    and a table."""
    return {
        "samples": len(came),
        "positives": sum(came),
        "auc": round(auc(forecast, came), 4),
        "mcc": round(mcc(forecast, came, threshold), 4),
        "brier": round(brier(forecast, came), 4),
        "calibration": [
            {
                "low": bin.low,
                "high": bin.high,
                "cases": bin.cases,
                "forecast": round(bin.forecast, 4),
                "came": round(bin.came, 4),
            }
            for bin in calibration(forecast, came)
        ],
    }


@dataclass(frozen=True)
class Ahead:
    """What was foreseen of later pools, slice by slice, each by a forest of the pools before it.

    turns     Of the samples, in whose order the rest is.
    log_odds  As the forests gave them; ``forecast``: probabilities, after the calibration.
    """

    turns: list[int]
    came: list[int]
    log_odds: list[float]
    calibration: Calibration
    forecast: list[float]


def foresee(known: Sequence[Sample], seed: int, names: Sequence[str] = NAMES) -> Ahead:
    """Raises `TrainingDataError` where no slice can be foreseen."""
    turns = sorted({sample.turn for sample in known})
    first = len(turns) * 2 // 5
    edges = [first + (len(turns) - first) * fold // FOLDS for fold in range(FOLDS + 1)]
    ahead: list[Sample] = []
    log_odds: list[float] = []
    for begin, end in pairwise(edges):
        earlier = [sample for sample in known if sample.turn < turns[begin]]
        if begin == end or len({sample.y for sample in earlier}) < 2:
            continue
        forest = read_forest(grow(earlier, seed, names))
        part = [sample for sample in known if turns[begin] <= sample.turn <= turns[end - 1]]
        ahead += part
        log_odds += [forest.log_odds(sample.x) for sample in part]
    came = [sample.y for sample in ahead]
    if len(set(came)) < 2:
        raise TrainingDataError("the later pools all ended alike, so nothing can be calibrated; give more pools")
    scaling = platt(log_odds, came)
    forecast = [scaling.probability(value) for value in log_odds]
    return Ahead([sample.turn for sample in ahead], came, log_odds, scaling, forecast)


def grow(known: Sequence[Sample], seed: int, names: Sequence[str] = NAMES) -> str:
    """A forest, as LightGBM writes it. Raises `TrainerMissing`."""
    try:
        import lightgbm
        import numpy
    except ImportError as cause:
        raise TrainerMissing(
            f"training needs lightgbm ({cause}): pip install 'sniper-risk-rug-forecast[train]'; forecasts need it not"
        ) from None
    x = numpy.array([sample.x for sample in known], dtype=numpy.float64)
    y = numpy.array([sample.y for sample in known])
    data = lightgbm.Dataset(x, y, feature_name=list(names), params=PARAMETERS)
    booster = lightgbm.train({**PARAMETERS, "seed": seed}, data, ROUNDS)
    text: str = booster.model_to_string()
    # What follows repeats the parameters and the shares of the features.
    return text.split("\nend of trees", maxsplit=1)[0] + "\nend of trees\n"


def platt(log_odds: Sequence[float], came: Sequence[int]) -> Calibration:
    """Fit by Newton's method to the targets of Platt (1999), in the form of Lin, Lin, Weng (2007) without line search:
    two parameters, a convex loss and a small ridge keep the steps short."""
    ones = sum(came)
    high, low = (ones + 1) / (ones + 2), 1 / (len(came) - ones + 2)
    slope, intercept = 1.0, log((ones + 1) / (len(came) - ones + 1))
    for _ in range(100):
        g0 = g1 = h00 = h01 = h11 = 0.0
        for value, y in zip(log_odds, came, strict=True):
            p = 1 / (1 + exp(-min(max(slope * value + intercept, -40.0), 40.0)))
            error, weight = p - (high if y else low), max(p * (1 - p), 1e-6)
            g0 += error * value
            g1 += error
            h00 += weight * value * value
            h01 += weight * value
            h11 += weight
        h00, h11 = h00 + 1e-6, h11 + 1e-6
        determinant = h00 * h11 - h01 * h01
        d0, d1 = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
        size = max(abs(d0), abs(d1), 1.0)
        slope, intercept = slope - d0 / size, intercept - d1 / size
        if max(abs(d0), abs(d1)) < 1e-9:
            break
    return Calibration(slope=round(slope, 9), intercept=round(intercept, 9))
