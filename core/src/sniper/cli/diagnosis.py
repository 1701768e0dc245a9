"""What a check of ``sniper doctor`` found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Diagnosis:
    """One check. ``remedy`` is empty where it is ``ok``; ``warn`` does not hinder a run."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    remedy: str = ""
