"""All results of one release."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from sniper_registry.results import markets, summary
from sniper_registry.results.declared import FILE, ResultsError, from_wheel
from sniper_registry.results.run import CASH, Amount, tried

Installs = Callable[[Path, Path], None]
"""Installs a wheel into a shelf, isolated. Arguments: wheel, directory of the shelf."""


def recomputed(
    wheel: Path, amount: Amount, installs: Installs, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:  # Any: JSON
    """The document `summary.summed` describes. Raises `ResultsError`, and what ``installs`` raises.

    Nothing of it depends on this machine or on the moment: the markets follow from the wheel's hash.
    """
    try:
        distribution, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise ResultsError(f"{wheel.name}: {error}; name a wheel") from error
    declared = from_wheel(wheel)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    runs: dict[str, list[dict[str, Any]]] = {model: [] for model in markets.MODELS}
    with tempfile.TemporaryDirectory(prefix="sniper-results-") as home:
        shelf = Path(home) / "plugins"
        installs(wheel, shelf)
        for number in range(amount.seeds):
            for model in markets.MODELS:
                with tempfile.TemporaryDirectory(dir=home) as directory:
                    seed = markets.seed_of(sha256, model, number)
                    runs[model].append(tried(declared, model, seed, amount, Path(directory), shelf))
                if progress:
                    progress(sum(map(len, runs.values())), amount.seeds * len(markets.MODELS))
    _traded([each for found in runs.values() for each in found])
    return summary.summed(str(distribution), str(version), sha256, declared, amount, runs)


def _traded(runs: list[dict[str, Any]]) -> None:
    """Raises `ResultsError` where there is nothing to tell."""
    if any(each["fills"] for each in runs):
        return
    denied: Counter[str] = Counter()
    for each in runs:
        denied.update(each["denied"])
    why = f"; most often it was denied by {denied.most_common(1)[0][0]}" if denied else ""
    raise ResultsError(
        f"nothing was traded on any market{why}. A market begins at a price of 1,000 with {CASH} of cash and has bars "
        f"of an hour: write a section into {FILE} that trades there"
    )
