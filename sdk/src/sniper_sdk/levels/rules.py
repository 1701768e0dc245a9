"""The rules of the levels, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from pydantic import Field, model_validator

from sniper.config import Config

Level = Literal["bronze", "silver", "gold", "platinum"]
LEVELS: Final[tuple[Level, ...]] = ("bronze", "silver", "gold", "platinum")
Area = Literal[
    "conformance", "coverage", "documentation", "lint", "parity", "performance", "release", "security", "types"
]


class Rule(Config):
    """One rule: ``measure`` gives a number, which must be ``at_least`` or ``at_most`` something."""

    id: str = Field(pattern=r"[a-z]+\.[a-z-]+", description="stable name, area first")
    level: Level = Field(description="the level that needs it")
    area: Area = Field(description="what it is about")
    what: str = Field(description="what is measured")
    measure: str = Field(description="name of the function of sniper_sdk.levels.measures")
    at_least: float | None = Field(None, description="the least that passes")
    at_most: float | None = Field(None, description="the most that passes")
    kinds: tuple[str, ...] = Field((), description="kinds of plugins that it is asked of; empty: all")
    why: str = Field(description="what it protects from")
    mend: str = Field(description="what to do where it fails")

    @model_validator(mode="after")
    def _one_threshold(self) -> "Rule":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"rule {self.id} must have either at_least or at_most")
        return self

    def holds(self, value: float) -> bool:
        """Whether a measured value passes."""
        if self.at_least is not None:
            return value >= self.at_least
        assert self.at_most is not None
        return value <= self.at_most

    @property
    def threshold(self) -> str:
        """For people: ``">= 80"``."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


class Rules(Config):
    """What the file holds. ``budget``: calibration loops for one call, by kind."""

    rule: tuple[Rule, ...] = Field(description="in the order in which they are shown")
    budget: Mapping[str, float] = Field(description="most calibration loops for one call, by kind")


@cache
def rules() -> Rules:
    """The rules that come with this sdk."""
    return Rules.model_validate(tomllib.loads(files(__package__).joinpath("rules.toml").read_text()))
