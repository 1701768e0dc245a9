"""What a strategy's wheel says of its results: how it is to be tried, and not a number more."""

import re
import zipfile
from pathlib import Path
from typing import Final

from sniper.errors import said
from sniper_registry.results.declared import FILE, ResultsError, from_wheel
from sniper_registry.review.finding import Finding, Weight

_RULE: Final = "results"
_CLAIM: Final = re.compile(r"[^/]+/results\.json")


def reviewed(wheel: Path, kind: str) -> list[Finding]:
    """Nothing is computed here. A wheel whose archive cannot be read has findings enough, and gets none of these."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return []
    found = [
        Finding(_RULE, Weight.REFUSE, "numbers are the registry's to compute, and nobody can submit any", name)
        for name in names
        if _CLAIM.fullmatch(name)
    ]
    if not any(re.fullmatch(rf"[^/]+/{re.escape(FILE)}", name) for name in names):
        if kind == "strategy":
            why = f"it has no {FILE}, which says how it is to be tried: its page will show no results"
            found.append(Finding(_RULE, Weight.NOTE, why))
        return found
    try:
        declared = from_wheel(wheel)
    except (ResultsError, RecursionError, RuntimeError) as error:  # RuntimeError: encrypted
        return [*found, Finding(_RULE, Weight.REFUSE, said(error))]
    what = f"{len(declared.vary)} parameters are searched" if declared.vary else "nothing is searched"
    return [*found, Finding(_RULE, Weight.NOTE, f"results of strategy.{declared.strategy} are computed; {what}")]
