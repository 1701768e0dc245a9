"""Logs in, a probability out: what runs in a worker process."""

from typing import Final

from sniper.plugin import Frozen
from sniper_risk_rug_forecast.chainlogs import BlockTime, PairLog, actions_of
from sniper_risk_rug_forecast.errors import ModelFileError
from sniper_risk_rug_forecast.features import NAMES, History, vector
from sniper_risk_rug_forecast.modelfile import loaded
from sniper_risk_rug_forecast.training import DRAINED

REASONS: Final = 5
"""Features that are named: those that move the forecast most."""


class Forecast(Frozen):
    """What a model foresees of a pool, and why.

    probability_bps  That it is drained within 24 hours; None where nothing happened in it yet.
    drained          Whether it is drained already.
    actions, age_s   How much it knew: actions, and seconds since the first of them.
    reasons          The features that move the forecast most, one a line.
    about, model     On what the model was trained; the sha256 of its file.
    """

    probability_bps: int | None
    drained: bool
    actions: int
    age_s: int
    reasons: tuple[str, ...]
    about: str
    model: str


def forecast(model: str, logs: tuple[PairLog, ...], times: tuple[BlockTime, ...], token: int, now: int) -> Forecast:
    """Of a pair with these logs, as of ``now`` (Unix seconds). ``model``: path of its file, empty for the shipped one;
    ``token``: which coin is traded, 0 or 1.

    Raises `ModelFileError`, and ValueError where the logs are not a pair's.
    """
    trained = loaded(model)
    if trained.file.target != DRAINED:
        raise ModelFileError(
            f"the model foresees {trained.file.target!r}, this check asks for {DRAINED!r}: train one without --labels"
        )
    history = History()
    for action in actions_of(logs, times, token=token):
        history.feed(action)
    if not history.actions:
        return Forecast(
            probability_bps=None, drained=False, actions=0, age_s=0, reasons=(), about=trained.file.about,
            model=trained.file.sha256,
        )  # fmt: skip
    x = vector(history, max(now, history.now))
    moved = sorted(zip(trained.contributions(x), NAMES, x, strict=True), key=lambda each: (-abs(each[0]), each[1]))
    return Forecast(
        probability_bps=trained.probability_bps(x),
        drained=history.is_drained,
        actions=history.actions,
        age_s=max(now, history.now) - history.start,
        reasons=tuple(f"{name} = {value:.4g} ({moves:+.2f} log odds)" for moves, name, value in moved[:REASONS]),
        about=trained.file.about,
        model=trained.file.sha256,
    )
