"""The model file: JSON that people can read, with all that is needed to judge and to repeat it. No pickle, no code."""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from math import exp
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sniper_risk_rug_forecast.errors import ModelFileError
from sniper_risk_rug_forecast.features import NAMES, VERSION
from sniper_risk_rug_forecast.trees import Forest, read_forest

FORMAT: Final = "sniper-rug-forecast/1"
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a file that is read at all."""


class Calibration(BaseModel):
    """``1 / (1 + exp(-(slope · log odds + intercept)))``: Platt, "Probabilistic Outputs for Support Vector Machines"
    (1999)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slope: float
    intercept: float

    def probability(self, log_odds: float) -> float:
        return 1 / (1 + exp(-min(max(self.slope * log_odds + self.intercept, -40.0), 40.0)))


class ModelFile(BaseModel):
    """See the README, "Model files".

    target         What is foreseen: ``drained-within-24h``, or ``malicious`` where it learnt a label of that name.
    about          On what it was trained, in words that findings repeat.
    data_sha256    Of all actions and labels that it saw.
    threshold_bps  Where forecasts part best (MCC), on the later slices of the training data.
    metrics        On those slices: each forecast was made by a model that saw earlier pools alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: str
    sniper: str
    lightgbm: str
    features_version: int
    features: tuple[str, ...]
    target: str
    about: str
    data_sha256: str
    pools: int
    samples: int
    positives: int
    seed: int
    parameters: dict[str, Any]  # LightGBM's, as they were given to it
    calibration: Calibration
    threshold_bps: int = Field(ge=0, le=10_000)
    metrics: dict[str, Any]  # numbers, and the table of the calibration
    forest: str
    sha256: str

    def sealed(self) -> "ModelFile":
        """The same with the hash of all the rest."""
        return self.model_copy(update={"sha256": self._hash()})

    def text(self) -> str:
        """What is written to disk."""
        return json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"

    def _hash(self) -> str:
        rest = self.model_dump(mode="json", exclude={"sha256"})
        return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def checked(self) -> "ModelFile":
        """Itself. Raises `ModelFileError` where it is not for this version, or was changed after it was written."""
        if self.format != FORMAT:
            raise ModelFileError(f"the model file has format {self.format}, this version reads {FORMAT}; train it anew")
        if self.features_version != VERSION or self.features != NAMES:
            raise ModelFileError(
                f"the model takes version {self.features_version} of the features, this is version {VERSION}; "
                "train it anew"
            )
        if (found := self._hash()) != self.sha256:
            raise ModelFileError(
                f"the model file says sha256 {self.sha256:.16}…, but its content has {found:.16}…: "
                "it was changed or cut; get it again, or train it anew"
            )
        return self


class Model:
    """A model file, ready to foresee."""

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self._forest: Forest = read_forest(file.forest)
        if self._forest.names != file.features:
            raise ModelFileError("the forest takes other features than its file names; train it anew")

    def probability_bps(self, x: Sequence[float]) -> int:
        """0 to 10,000."""
        return round(self.probability(x) * 10_000)

    def probability(self, x: Sequence[float]) -> float:
        """0 to 1."""
        return self.file.calibration.probability(self._forest.log_odds(x))

    def contributions(self, x: Sequence[float]) -> list[float]:
        """What each feature adds to the log odds, before calibration."""
        return self._forest.contributions(x)


def parse(text: str, where: str) -> ModelFile:
    """Raises `ModelFileError`."""
    try:
        return ModelFile.model_validate_json(text).checked()
    except ValidationError as cause:
        first = cause.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "its beginning"
        raise ModelFileError(f"{where} is no model file of {FORMAT}: {place}: {first['msg']}") from None
    except ModelFileError as cause:
        raise ModelFileError(f"{where}: {cause}") from None


def read(path: Path) -> ModelFile:
    """Raises `ModelFileError` where it cannot be read, is of another version, or was changed."""
    try:
        if path.stat().st_size > LARGEST:
            raise ModelFileError(f"{path} is larger than a model file may be ({LARGEST} bytes)")
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as cause:
        raise ModelFileError(f"{path} cannot be read as a model file: {cause}") from None


def shipped() -> ModelFile:
    """The model that comes with the package, trained on generated launches."""
    name = "generated-launches.json"
    return parse((files("sniper_risk_rug_forecast") / name).read_text(encoding="utf-8"), name)


@lru_cache(maxsize=4)
def loaded(path: str) -> Model:
    """The model of a file, or the shipped one where ``path`` is empty; read once in each process."""
    return Model(read(Path(path)) if path else shipped())
