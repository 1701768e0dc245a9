"""Measure the forecast of drained pools on real ones: trained on earlier pools, tested on later ones, never at random.

    .venv/bin/python tests/evaluation/rug_forecast.py [--plot calibration.svg] [--json figures.json]

Reads ``token-risk`` under ``SNIPER_DATA`` (default ``../shared/data``) and says so where it is absent. That data is for
measuring alone and is never committed. The baseline needs scikit-learn.
"""

import argparse
import csv
import json
import math
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from sniper_risk_rug_forecast.command import cases_of
from sniper_risk_rug_forecast.features import NAMES
from sniper_risk_rug_forecast.modelfile import Model, shipped
from sniper_risk_rug_forecast.scores import Bin, auc, best_threshold, brier, calibration, mcc
from sniper_risk_rug_forecast.training import (
    AGES_S,
    DRAINED,
    FOLDS,
    MALICIOUS,
    Case,
    Sample,
    foresee,
    grow,
    samples,
)
from sniper_risk_rug_forecast.trees import read_forest

SEED: Final = 1
EARLIER: Final = 0.7
"""Share of the pools, by creation, that teaches."""
DRAWS: Final = 1000
"""Of the bootstrap."""
CUT: Final = 1000
"""The files end after so many rows."""
PUBLISHED: Final = (
    "num_mints", "num_burns", "num_swaps", "tx_curve", "num_transactions", "n_unique_addresses", "avg_cluster_coeff",
    "avg_transaction_value", "difference_token_pool",
)  # fmt: skip
"""The features of the file that the baseline takes. Those after the third come from the token's transfers."""


class Result(NamedTuple):
    """One row: what was forecast of whom, and how well. Intervals are 95%."""

    name: str
    forecast: list[float]
    came: list[int]
    threshold: float
    groups: list[int]

    def figures(self) -> dict[str, Any]:
        def at(measure: Callable[[list[float], list[int]], float]) -> dict[str, float]:
            low, high = interval(measure, self)
            return {"value": measure(self.forecast, self.came), "low": low, "high": high}

        return {
            "name": self.name,
            "n": len(self.came),
            "positive": sum(self.came),
            "auc": at(auc),
            "mcc": at(lambda p, y: mcc(p, y, self.threshold)),
            "brier": at(brier),
            "threshold": self.threshold,
            "calibration": [bin._asdict() for bin in calibration(self.forecast, self.came)],
        }


def interval(measure: Callable[[list[float], list[int]], float], result: Result) -> tuple[float, float]:
    """Percentiles 2.5 and 97.5 of a bootstrap over pools (groups), not over samples, which are not independent."""
    members: dict[int, list[int]] = {}
    for i, group in enumerate(result.groups):
        members.setdefault(group, []).append(i)
    groups, chance = sorted(members), random.Random(SEED)
    drawn: list[float] = []
    while len(drawn) < DRAWS:
        chosen = [i for group in chance.choices(groups, k=len(groups)) for i in members[group]]
        came = [result.came[i] for i in chosen]
        if len(set(came)) == 2:
            drawn.append(measure([result.forecast[i] for i in chosen], came))
    drawn.sort()
    return drawn[round(0.025 * DRAWS)], drawn[round(0.975 * DRAWS) - 1]


class Data(NamedTuple):
    """``cases``: all pools in the order of their creation. ``published``: the features of the baseline, by pool."""

    cases: list[Case]
    published: dict[str, list[float]]


def load(folder: Path) -> Data:
    table = {row["pool_address"].lower(): row for row in rows(folder / "v2_pool_features_24h.csv")}
    with tempfile.TemporaryDirectory() as scratch:
        unpack(folder / "v2_pool_events.tar.zst", Path(scratch))
        cases = cases_of(Path(scratch), folder / "v2_pools.csv", folder / "v2_token_labels.csv", CUT)
    # The coin that more pools hold is labelled, too (malicious, and it is not): the file says which one is judged.
    assert all(case.label == int(table[case.pool]["label"]) for case in cases if case.pool in table)
    return Data(cases, {pool: [float(row[name] or 0) for name in PUBLISHED] for pool, row in table.items()})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as text:
        return list(csv.DictReader(text))


def unpack(archive: Path, into: Path) -> None:
    with (
        subprocess.Popen(["zstd", "-dc", str(archive)], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as tar,
    ):
        tar.extractall(into, filter="data")
    if process.returncode:
        raise SystemExit(f"zstd ended with {process.returncode} on {archive}")


class Taught(NamedTuple):
    """A forest, calibrated, and the threshold: all from the earlier pools."""

    probability: Callable[[Sequence[float]], float]
    threshold: float


def teach(known: Sequence[Sample], names: Sequence[str] = NAMES) -> Taught:
    ahead = foresee(known, SEED, names)
    forest = read_forest(grow(known, SEED, names))
    threshold = best_threshold(ahead.forecast)
    return Taught(lambda x: ahead.calibration.probability(forest.log_odds(x)), threshold)


def tried(name: str, taught: Taught, later: Sequence[Sample]) -> Result:
    forecast = [taught.probability(sample.x) for sample in later]
    return Result(name, forecast, [each.y for each in later], taught.threshold, [each.turn for each in later])


def parted(known: Sequence[Sample], pools: int) -> tuple[list[Sample], list[Sample]]:
    cut = int(pools * EARLIER)
    return [each for each in known if each.turn < cut], [each for each in known if each.turn >= cut]


def baseline(earlier: Sequence[Sample], later: Sequence[Sample], seed: int) -> list[float]:
    """scikit-learn's random forest as it comes."""
    from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]

    forest = RandomForestClassifier(random_state=seed)
    forest.fit([each.x for each in earlier], [each.y for each in earlier])
    return [float(p) for p in forest.predict_proba([each.x for each in later])[:, 1]]


def baselines(name: str, earlier: Sequence[Sample], later: Sequence[Sample]) -> Result:
    """The mean forecast of no forest would be a better one: this is the forest of the median MCC among nine seeds."""
    came = [each.y for each in later]
    tries = sorted((baseline(earlier, later, seed) for seed in range(9)), key=lambda p: mcc(p, came, 0.5))
    return Result(name, tries[4], came, 0.5, [each.turn for each in later])


def narrowed(result: Result, name: str, turns: set[int]) -> Result:
    """The same forecasts, of these pools alone."""
    kept = [i for i, group in enumerate(result.groups) if group in turns]
    return Result(
        name,
        [result.forecast[i] for i in kept],
        [result.came[i] for i in kept],
        result.threshold,
        [result.groups[i] for i in kept],
    )


def labelled(data: Data) -> list[Result]:
    """What the label says, from the first 24 hours: the split of the published baseline."""
    judged = [case for case in data.cases if case.pool in data.published]
    of_events = samples(judged, MALICIOUS)
    paired = list(zip(of_events, judged, strict=True))
    of_table = [replace(each, x=data.published[case.pool]) for each, case in paired]
    of_both = [replace(each, x=[*each.x, *data.published[case.pool]]) for each, case in paired]
    wider = (*NAMES, *(f"published_{name}" for name in PUBLISHED))

    found = []
    for name, known, names in (("events", of_events, NAMES), ("events and published features", of_both, wider)):
        earlier, later = parted(known, len(judged))
        found.append(tried(name, teach(earlier, names), later))
    found.append(baselines("random forest, published features", *parted(of_table, len(judged))))
    alive = {turn for turn, case in enumerate(judged) if case.actions}
    found += [narrowed(each, f"{each.name}; pools with events", alive) for each in found]
    ahead = foresee(parted(of_events, len(judged))[0], SEED)
    name = "events; folds inside the earlier part, by which features were chosen"
    found.append(Result(name, ahead.forecast, ahead.came, best_threshold(ahead.forecast), ahead.turns))
    every = samples(data.cases, MALICIOUS)
    earlier, later = parted(every, len(data.cases))
    return [*found, tried("events; all pools", teach(earlier), later)]


def rolling(data: Data) -> list[Result]:
    """The same question by rolling origins: each of six later slices, by what was learnt from all pools before it."""
    judged = [case for case in data.cases if case.pool in data.published]
    known = samples(judged, MALICIOUS)
    earlier, _ = parted(known, len(judged))
    # The scale is from the earlier pools: most of the slices are those that would choose it.
    scaling, ahead = foresee(earlier, SEED).calibration, foresee(known, SEED)
    forecast = [scaling.probability(value) for value in ahead.log_odds]
    came = ahead.came
    ours = Result("events; rolling origins", forecast, came, 0.5, ahead.turns)
    first, slices = len(judged) - len(came), []
    edges = [first + len(came) * fold // FOLDS for fold in range(FOLDS + 1)]
    table = [replace(each, x=data.published[case.pool]) for each, case in zip(known, judged, strict=True)]
    for begin, end in pairwise(edges):
        slices += baseline(table[:begin], table[begin:end], SEED)
    return [ours, Result("random forest, published features; rolling origins", slices, came, 0.5, ahead.turns)]


def foreseen(data: Data) -> list[Result]:
    """What the check is asked: is a pool that is not drained yet drained within 24 hours?"""
    earlier, later = parted(samples(data.cases, DRAINED), len(data.cases))
    model = Model(shipped())
    generated = Taught(model.probability, model.file.threshold_bps / 10_000)
    found = [tried("drain: trained on earlier pools", teach(earlier), later)]
    found.append(tried("drain: shipped model", generated, later))
    for age in AGES_S:
        at_age = [each for each in later if round(each.x[NAMES.index("age_hours")] * 3600) == age]
        found.append(tried(f"drain: shipped model, {age // 60} min old", generated, at_age))
    base = sum(each.y for each in earlier) / len(earlier)
    return [*found, tried("drain: the earlier pools' share, always", Taught(lambda _: base, 0.5), later)]


def table(results: Sequence[dict[str, Any]]) -> str:
    """Markdown."""
    lines = ["| model | n | positive | AUC | MCC | Brier |", "| --- | --- | --- | --- | --- | --- |"]
    for each in results:
        measures = [
            f"{each[name]['value']:.3f} [{each[name]['low']:.2f}, {each[name]['high']:.2f}]"
            for name in ("auc", "mcc", "brier")
        ]
        lines.append(f"| {each['name']} | {each['n']} | {each['positive']} | {' | '.join(measures)} |")
    return "\n".join(lines)


def drawn(curves: Sequence[tuple[str, Sequence[Bin]]]) -> str:
    """A calibration plot as SVG: what was forecast against what came; the area of a dot is its number of cases."""
    size, colours = 400, ("#1b6ca8", "#c8553d", "#588157")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-50 -20 {size + 70} {size + 70}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{size}" height="{size}" fill="none" stroke="#888"/>',
        f'<line x1="0" y1="{size}" x2="{size}" y2="0" stroke="#bbb" stroke-dasharray="4"/>',
        f'<text x="{size / 2}" y="{size + 35}" text-anchor="middle">forecast</text>',
        f'<text x="-35" y="{size / 2}" text-anchor="middle" transform="rotate(-90 -35 {size / 2})">came</text>',
    ]
    for tick in range(0, 11, 2):
        at = size * tick / 10
        parts.append(f'<text x="{at}" y="{size + 15}" text-anchor="middle">{tick / 10}</text>')
        parts.append(f'<text x="-6" y="{size - at + 4}" text-anchor="end">{tick / 10}</text>')
    for number, ((name, bins), colour) in enumerate(zip(curves, colours, strict=False)):
        points = [(size * bin.forecast, size * (1 - bin.came), bin.cases) for bin in bins]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{math.sqrt(n) + 1:.1f}" fill="{colour}"/>' for x, y, n in points
        ]
        parts.append(f'<text x="10" y="{18 + 16 * number}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, help="write the calibration plot (SVG) here")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("SNIPER_DATA", "../shared/data")) / "token-risk"
    if not folder.is_dir():
        print(f"skipped: there is no {folder}; set SNIPER_DATA to the folder of the evaluation data")
        return 0
    data = load(folder)
    results = [*labelled(data), *rolling(data), *foreseen(data)]
    figures = [each.figures() for each in results]
    print(f"{len(data.cases)} pools; intervals: 95%, bootstrap over pools, {DRAWS} draws\n")
    print(table(figures))
    for each in (results[0], results[-1 - 1 - len(AGES_S)]):
        print(
            f'\nCalibration of "{each.name}":\n\n| forecast | cases | mean forecast | came |\n| --- | --- | --- | --- |'
        )
        for bin in calibration(each.forecast, each.came):
            print(f"| {bin.low:.1f} to {bin.high:.1f} | {bin.cases} | {bin.forecast:.2f} | {bin.came:.2f} |")
    if arguments.plot:
        arguments.plot.write_text(drawn([(each.name, calibration(each.forecast, each.came)) for each in results[:3]]))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
