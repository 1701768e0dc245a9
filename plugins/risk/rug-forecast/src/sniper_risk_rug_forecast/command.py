"""``sniper models train`` and ``sniper models show``."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import click

from sniper.types import BPS
from sniper_risk_rug_forecast.errors import TrainingDataError
from sniper_risk_rug_forecast.eventfiles import EventFolder, PoolFile, read_actions, read_labels, read_pools, unpacked
from sniper_risk_rug_forecast.features import NAMES
from sniper_risk_rug_forecast.launches import launches
from sniper_risk_rug_forecast.modelfile import Model, ModelFile, read, shipped
from sniper_risk_rug_forecast.training import DRAINED, MALICIOUS, Case, data_sha256, measures, samples
from sniper_risk_rug_forecast.training import train as trained

GENERATED = 800
SEED = 1
ABOUT_GENERATED = "trained on generated launches"


@click.command("train")
@click.argument("model", type=click.Choice(["rug-forecast"]))
@click.option(
    "--events",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of event files (mint, burn, swap, sync with a CSV for each pool, and pools.csv), or a tar of it. "
    "See the README.",
)
@click.option("--pools", type=click.Path(path_type=Path, dir_okay=False), help="Default: pools.csv in there.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="CSV of token or pool, and malicious (0 or 1): learn this label from the first 24 hours of each pool. "
    "Without it: whether a pool is drained within 24 hours, which the events tell themselves.",
)
@click.option("--cut", type=int, default=0, help="Files with so many rows were cut there. Default: none was.")
@click.option("--generated", is_flag=True, help="Instead of events: launches that are generated, always the same ones.")
@click.option("--about", default="", help='On what it is trained, in words that findings repeat: "trained on …".')
@click.option("--seed", type=int, default=SEED, show_default=True, help="Of the training.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the model.")
def train(
    model: str,
    events: Path | None,
    pools: Path | None,
    labels: Path | None,
    cut: int,
    generated: bool,
    about: str,
    seed: int,
    out: Path,
) -> None:
    """Train a model and write it to a file. Needs lightgbm, and no network."""
    if generated == (events is not None):
        raise click.UsageError("give either --events or --generated")
    if generated:
        if labels is not None:
            raise click.UsageError("generated launches have no labels: leave --labels out")
        file = from_generated(about or ABOUT_GENERATED, seed)
    else:
        assert events is not None
        with unpacked(events) as folder:
            cases = cases_of(folder, pools or folder / "pools.csv", labels, cut)
        target = MALICIOUS if labels else DRAINED
        file = trained(cases, target=target, about=about or f"trained on {len(cases)} recorded pools", seed=seed)
    out.write_text(file.text(), encoding="utf-8")
    click.echo(_told(file))
    click.echo(f"wrote {out}")


def from_generated(about: str = ABOUT_GENERATED, seed: int = SEED) -> ModelFile:
    """A model of the generated launches; by default the one that comes with the package."""
    return trained(launches(GENERATED, SEED), target=DRAINED, about=about, seed=seed)


def cases_of(events: Path, pools: Path, labels: Path | None, cut: int) -> list[Case]:
    """The pools of a folder. Which coin is paid with: the one that more of these pools hold. Where there are labels,
    only the pools that they name are taken, or whose token they name.

    Raises `TrainingDataError`.
    """
    folder, known = EventFolder(events), read_pools(pools)
    judged = read_labels(labels) if labels else None
    held = Counter(coin for pool in known for coin in (pool.token0, pool.token1))
    read = []
    for pool in known:
        quote = 0 if held[pool.token0] >= held[pool.token1] else 1
        label = _label(judged, pool, (pool.token1, pool.token0)[quote]) if judged is not None else None
        if judged is None or label is not None:
            read.append((pool, label, read_actions(folder, pool, quote=quote)))
    end = max((actions[-1].time for _, _, actions in read if actions), default=0)
    if not end:
        raise TrainingDataError(f"{events} has no pool in which anything happened and that is to be learnt from")
    return [
        Case(
            pool=pool.pool,
            created=pool.created,
            actions=actions,
            until=actions[-1].time if cut and len(actions) >= cut else end,
            label=label,
        )
        for pool, label, actions in read
    ]


def _label(judged: dict[str, int], pool: PoolFile, token: str) -> int | None:
    return judged.get(pool.pool, judged.get(token))


@click.command("measure")
@click.option("--model", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Default: the shipped one.")
@click.option(
    "--events",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder of event files, or a tar of it, as for training.",
)
@click.option("--pools", type=click.Path(path_type=Path, dir_okay=False), help="Default: pools.csv in there.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="CSV of token or pool, and malicious; for a model that learnt such a label.",
)
@click.option("--cut", type=int, default=0, help="Files with so many rows were cut there. Default: none was.")
@click.option(
    "--each", type=click.Path(path_type=Path, dir_okay=False), help="Write each forecast to this CSV, beside what came."
)
def measure(
    model: Path | None, events: Path, pools: Path | None, labels: Path | None, cut: int, each: Path | None
) -> None:
    """Measure a model on recorded events. They should be of later pools than those it learnt from."""
    file = read(model) if model else shipped()
    if (file.target == MALICIOUS) != (labels is not None):
        raise click.UsageError(f"the model foresees {file.target}: {'leave out' if labels else 'give'} --labels")
    with unpacked(events) as folder:
        cases = cases_of(folder, pools or folder / "pools.csv", labels, cut)
    known, trained_model = samples(cases, file.target), Model(file)
    forecast, came = [trained_model.probability(sample.x) for sample in known], [sample.y for sample in known]
    if len(set(came)) < 2:
        raise TrainingDataError(f"{len(came)} samples, {sum(came)} of them positive: there must be some of both kinds")
    if data_sha256(cases) == file.data_sha256:
        click.echo("These are the pools that it learnt from: it is better on them than on any other.")
    click.echo(_measures(measures(forecast, came, file.threshold_bps / BPS)))
    if each:
        with each.open("w", newline="") as text:
            rows = csv.writer(text)
            rows.writerow(("pool", "age_hours", "probability_bps", "came"))
            for sample, probability in zip(known, forecast, strict=True):
                age = sample.x[NAMES.index("age_hours")]
                rows.writerow((cases[sample.turn].pool, f"{age:.2f}", round(probability * BPS), sample.y))
        click.echo(f"wrote {each}")


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
def show(file: Path | None) -> None:
    """Show on what a model was trained, and how good it was; without FILE, the one that comes with the package."""
    click.echo(_told(read(file) if file else shipped()))


def _told(file: ModelFile) -> str:
    lines = [
        f"foresees      {file.target}",
        f"about         {file.about}",
        f"data          {file.pools} pools, {file.samples} samples, {file.positives} positive",
        f"data sha256   {file.data_sha256}",
        f"parts best    above {file.threshold_bps} bps",
        f"made by       sniper-core {file.sniper}, lightgbm {file.lightgbm}, seed {file.seed}, "
        f"features version {file.features_version}",
        f"sha256        {file.sha256}",
    ]
    return "\n".join(
        [*lines, "", "The later pools of its own data, each foreseen from those before it:", _measures(file.metrics)]
    )


def _measures(found: dict[str, Any]) -> str:
    """Any: as `sniper_risk_rug_forecast.training.measures` returns it."""
    lines = [
        f"{found['samples']} samples, {found['positives']} positive: "
        f"AUC {found['auc']:.3f}, MCC {found['mcc']:.3f}, Brier {found['brier']:.3f}",
        "",
        "forecast    cases  mean    came",
    ]
    table = [
        f"{bin['low']:.1f} to {bin['high']:.1f}  {bin['cases']:5}  {bin['forecast']:.3f}  {bin['came']:.3f}"
        for bin in found["calibration"]
    ]
    return "\n".join([*lines, *table])
