"""What can be wrong with training data and model files."""

from sniper.errors import SniperError


class TrainingDataError(SniperError, ValueError):
    """An event file or a label file cannot be learnt from."""

    code = "training-data"


class ModelFileError(SniperError, ValueError):
    """A model file is of another version, was changed, or is no model file at all."""

    code = "model-file"


class TrainerMissing(SniperError, ImportError):
    """Training needs a library that forecasts do not need, and it is not installed."""

    code = "trainer-missing"
