"""What is published of the runs: by model of market, the spread over seeds."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import median
from typing import Any, Final

from sniper_registry.results.declared import Declared
from sniper_registry.results.markets import VERSION
from sniper_registry.results.run import CASH, LATENCY_MS, MAKER_FEE, TAKER_FEE, Amount

FORMAT: Final = "sniper-results/1"
SURE: Final = 1.6448536269514722
"""Standard deviations of a lower bound that holds in 95 of 100."""
DIGITS: Final = 6
"""Of what is published: what differs beyond is the machine's arithmetic."""
YEAR: Final = 365 * 86_400 * 10**9


def lower_bound(sharpe: float, period: int, returns: int) -> float:
    """A year's Sharpe ratio lowered by how little it stands on: its lower bound at 95%, by the standard error of Lo,
    "The Statistics of Sharpe Ratios", 2002, for returns without memory.

    period  Distance of the returns, ns; ``returns``: how many there are, two at least.
    """
    a_year = sqrt(YEAR / period)
    once = sharpe / a_year
    return (once - SURE * sqrt((1 + once**2 / 2) / (returns - 1))) * a_year


def summed(
    distribution: str,
    version: str,
    sha256: str,
    declared: Declared,
    amount: Amount,
    runs: Mapping[str, Sequence[dict[str, Any]]],
) -> dict[str, Any]:  # Any: JSON
    """The document. ``runs``: by model, what `run.tried` found for each seed."""
    return {
        "format": FORMAT,
        "distribution": distribution,
        "version": version,
        "sha256": sha256,
        "strategy": declared.strategy,
        **({"instruments": declared.instruments} if declared.instruments > 1 else {}),
        "markets": VERSION,
        "bars": amount.bars,
        "trials": amount.trials,
        "folds": amount.folds,
        "costs": {"maker_fee": MAKER_FEE, "taker_fee": TAKER_FEE, "latency_ms": LATENCY_MS, "cash": CASH},
        "models": {model: _model(found) for model, found in runs.items()},
    }


def _model(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    measured = [each["measured"] for each in runs]
    validated = [each["validated"] for each in runs if "validated" in each]
    found: dict[str, Any] = {
        "seeds": [each["seed"] for each in runs],
        "fills": [each["fills"] for each in runs],
        "total": spread([each["total"] for each in measured]),
        "max_drawdown": spread([each["max_drawdown"] for each in measured]),
        "sharpe": spread([each["sharpe"] for each in measured]),
        "sharpe_at_least": spread([_bound(each) for each in measured]),
    }
    if validated:
        forward = [fold["tested"] for each in validated for fold in each["walk_forward"]]
        found["searched"] = {
            "deflated_sharpe": spread([each["deflated_sharpe"] for each in validated]),
            "overfitting": spread([each["overfitting"] for each in validated]),
            "walk_forward": {"parts": len(forward), "above_zero": sum(each > 0 for each in forward)},
        }
    return found


def _bound(measured: dict[str, Any]) -> float | None:
    if measured["sharpe"] is None or measured["returns"] < 2:
        return None
    return lower_bound(measured["sharpe"], measured["period"], measured["returns"])


def spread(values: Sequence[float | None]) -> dict[str, float | int | None]:
    """The least, the middle and the most over seeds, and for how many seeds there is one at all."""
    known = [each for each in values if each is not None]
    if not known:
        return {"least": None, "middle": None, "most": None, "known": 0}
    return {
        "least": _rounded(min(known)),
        "middle": _rounded(median(known)),
        "most": _rounded(max(known)),
        "known": len(known),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
