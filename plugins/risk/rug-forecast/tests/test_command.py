import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from stories import write_files

from sniper_risk_rug_forecast.command import cases_of, measure, show, train
from sniper_risk_rug_forecast.errors import TrainingDataError
from sniper_risk_rug_forecast.launches import launches
from sniper_risk_rug_forecast.modelfile import read
from sniper_risk_rug_forecast.scores import auc
from sniper_risk_rug_forecast.training import DRAINED, samples

COIN = "0x" + "cc" * 20


def token(number: int) -> str:
    return f"0x{number + 1:040x}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty launches as event files, each against the same coin, on either side; and labels of their tokens."""
    folder = tmp_path_factory.mktemp("archive")
    pools, labels = ["pair,token0,token1,block_number,timestamp"], ["token,malicious"]
    for number, case in enumerate(launches(80, 3)):
        sides = (COIN, token(number)) if number % 2 else (token(number), COIN)
        write_files(folder, case.pool, case.actions, token=sides.index(token(number)))
        pools.append(f"{case.pool},{sides[0]},{sides[1]},{case.actions[0].block},{case.created}")
        labels.append(f"{token(number)},{int(any(each.kind == 'burn' for each in case.actions))}")
    (folder / "pools.csv").write_text("\n".join(pools) + "\n")
    (folder / "labels.csv").write_text("\n".join([*labels, f"{COIN},1"]) + "\n")
    return folder


def test_event_files_are_learnt_from_as_what_they_were_written_from(archive: Path) -> None:
    cases = cases_of(archive, archive / "pools.csv", None, 0)
    made = launches(80, 3)
    assert [(case.pool, case.actions) for case in cases] == [(case.pool, list(case.actions)) for case in made]


def test_files_that_were_cut_are_known_to_their_end_alone(archive: Path) -> None:
    whole = cases_of(archive, archive / "pools.csv", None, 0)
    cut = cases_of(archive, archive / "pools.csv", None, 50)
    assert len({case.until for case in whole}) == 1
    assert all((case.until == case.actions[-1].time) == (len(case.actions) >= 50) for case in cut[:-1])


def test_a_model_is_trained_from_events_and_shown(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.json"
    done = CliRunner().invoke(train, ["rug-forecast", "--events", str(archive), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert read(out).target == "drained-within-24h"
    shown = CliRunner().invoke(show, [str(out)])
    assert shown.exit_code == 0
    assert "trained on 80 recorded pools" in shown.output
    assert read(out).data_sha256 in shown.output


def test_a_label_is_learnt_of_the_token_and_not_of_what_it_is_paid_with(archive: Path, tmp_path: Path) -> None:
    labels = archive / "labels.csv"
    cases = cases_of(archive, archive / "pools.csv", labels, 0)
    assert {case.label for case in cases} == {0, 1}
    out = tmp_path / "model.json"
    options = ["--events", str(archive), "--labels", str(labels), "--out", str(out)]
    done = CliRunner().invoke(train, ["rug-forecast", *options])
    assert done.exit_code == 0, done.output
    file = read(out)
    assert (file.target, file.samples) == ("malicious", 80)
    assert file.positives == sum(case.label or 0 for case in cases)


def test_pools_without_a_label_are_left_out(archive: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(f"token,malicious\n{token(5)},1\n{token(7).upper().replace('0X', '0x')},0\n")
    assert [case.label for case in cases_of(archive, archive / "pools.csv", labels, 0)] == [1, 0]
    labels.write_text("token,malicious\n")
    with pytest.raises(TrainingDataError, match="no pool"):
        cases_of(archive, archive / "pools.csv", labels, 0)


@pytest.mark.parametrize("options", [[], ["--generated", "--events", "."]])
def test_events_are_recorded_or_generated(options: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(train, ["rug-forecast", *options, "--out", str(tmp_path / "model.json")])
    assert done.exit_code == 2
    assert "either --events or --generated" in done.output


def test_without_a_file_the_shipped_model_is_shown() -> None:
    shown = CliRunner().invoke(show, [])
    assert shown.exit_code == 0
    assert "trained on generated launches" in shown.output


def test_a_model_file_is_text(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.json"
    CliRunner().invoke(train, ["rug-forecast", "--events", str(archive), "--out", str(out), "--about", "trained on x"])
    assert json.loads(out.read_text())["about"] == "trained on x"


def test_a_model_is_measured_on_events_and_says_each_forecast(archive: Path, tmp_path: Path) -> None:
    each = tmp_path / "each.csv"
    done = CliRunner().invoke(measure, ["--events", str(archive), "--each", str(each)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(each.open()))
    known = samples(cases_of(archive, archive / "pools.csv", None, 0), DRAINED)
    assert [int(row["came"]) for row in rows] == [sample.y for sample in known]
    forecast = [int(row["probability_bps"]) / 10_000 for row in rows]
    told = re.search(r"AUC (0\.\d+)", done.output)
    assert told
    assert float(told[1]) == pytest.approx(auc(forecast, [sample.y for sample in known]), abs=0.005)  # rounded to bps
    assert {row["pool"] for row in rows} <= {case.pool for case in launches(80, 3)}
    assert "learnt from" not in done.output


def test_says_when_a_model_is_measured_on_what_it_learnt_from(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.json"
    CliRunner().invoke(train, ["rug-forecast", "--events", str(archive), "--out", str(out)])
    done = CliRunner().invoke(measure, ["--model", str(out), "--events", str(archive)])
    assert "learnt from" in done.output


def test_a_model_is_measured_by_what_it_foresees(archive: Path) -> None:
    done = CliRunner().invoke(measure, ["--events", str(archive), "--labels", str(archive / "labels.csv")])
    assert done.exit_code == 2
    assert "leave out --labels" in done.output
