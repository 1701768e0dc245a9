import json
from pathlib import Path

import pytest

from sniper_risk_rug_forecast import modelfile
from sniper_risk_rug_forecast.command import GENERATED, SEED, from_generated
from sniper_risk_rug_forecast.errors import ModelFileError
from sniper_risk_rug_forecast.features import NAMES, History, vector
from sniper_risk_rug_forecast.launches import launches
from sniper_risk_rug_forecast.modelfile import Model, loaded, read, shipped
from sniper_risk_rug_forecast.training import data_sha256

SHIPPED = Path(modelfile.__file__).with_name("generated-launches.json")


def test_the_from_generated_says_on_what_it_was_trained() -> None:
    file = shipped()
    assert file.about == "trained on generated launches"
    assert file.data_sha256 == data_sha256(launches(GENERATED, SEED))
    assert SHIPPED.stat().st_size < 300_000


@pytest.mark.long
def test_the_from_generated_comes_of_its_command() -> None:
    made, kept = from_generated(), shipped()
    assert (made.data_sha256, made.samples, made.positives) == (kept.data_sha256, kept.samples, kept.positives)
    for name in ("auc", "mcc", "brier"):
        assert made.metrics[name] == pytest.approx(kept.metrics[name], abs=0.01)


def test_a_file_reads_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(shipped().text())
    assert read(path) == shipped()
    assert loaded(str(path)).file == loaded("").file


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "sniper-rug-forecast/2"}, "format sniper-rug-forecast/2"),
        ({"features_version": 99}, "version 99 of the features"),
        ({"features": [*NAMES, "one_more"]}, "features"),
        ({"threshold_bps": 1}, "changed or cut"),
        ({"threshold_bps": 10_001}, "threshold_bps"),
        ({"about": "trained on gold"}, "changed or cut"),
        ({"pickle": "gASV"}, "pickle"),
        ({"calibration": {"slope": "NaN", "intercept": 0}}, "slope"),
    ],
)
def test_another_version_and_a_changed_file_are_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**json.loads(SHIPPED.read_text()), **change}))
    with pytest.raises(ModelFileError, match=said):
        read(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", "tree\nversion=v4", '{"format": 1}', "\x00"])
def test_what_is_no_model_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(ModelFileError):
        read(path)


def test_a_file_that_is_not_there_and_one_that_is_huge_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        read(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(modelfile.LARGEST + 1)
    with pytest.raises(ModelFileError, match="larger"):
        read(huge)


def test_forecasts_are_basis_points_that_reasons_add_up_to() -> None:
    model = Model(shipped())
    for case in launches(20, 99):
        history = History()
        for action in case.actions:
            history.feed(action)
        x = vector(history, history.now)
        assert 0 <= model.probability_bps(x) <= 10_000
        assert len(model.contributions(x)) == len(NAMES)
