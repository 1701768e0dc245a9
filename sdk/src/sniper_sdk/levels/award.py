"""Compares what was measured with the rules."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sniper_sdk.levels.measures import MEASURES, Measured, Subject
from sniper_sdk.levels.project import Project
from sniper_sdk.levels.rules import LEVELS, Level, Rule, rules
from sniper_sdk.levels.session import Order, Outcome, run

SCHEMA = 1
"""Of `Award.told`. New fields may come at any time; whatever else changes is another number."""


@dataclass(frozen=True)
class Judged:
    """A rule and what was measured for it."""

    rule: Rule
    measured: Measured

    @property
    def holds(self) -> bool:
        """Whether the rule holds."""
        return self.rule.holds(self.measured.value)


@dataclass(frozen=True)
class Award:
    """What a plugin reached. ``judged`` is empty where only its suites were run."""

    project: Project
    outcome: Outcome
    judged: tuple[Judged, ...]

    @property
    def ok(self) -> bool:
        """Whether something was tried, and all of it holds."""
        results = self.outcome.results
        return bool(results) and all(each.outcome != "failed" for each in results)

    @property
    def level(self) -> Level | None:
        """The highest level whose rules hold, with those of all levels below."""
        reached: Level | None = None
        if not self.judged:
            return None
        for level in LEVELS:
            if any(each.rule.level == level and not each.holds for each in self.judged):
                break
            reached = level
        return reached

    @property
    def next(self) -> Level | None:
        """The level after that; None at the top."""
        if not self.judged:
            return None
        at = 0 if self.level is None else LEVELS.index(self.level) + 1
        return LEVELS[at] if at < len(LEVELS) else None

    @property
    def missing(self) -> tuple[Judged, ...]:
        """What the next level needs."""
        return tuple(each for each in self.judged if each.rule.level == self.next and not each.holds)

    def told(self) -> dict[str, Any]:  # Any: JSON
        """As plain data."""
        return {
            "schema": SCHEMA,
            "distribution": self.project.distribution,
            "version": self.project.version,
            "kinds": list(self.project.kinds),
            "ok": self.ok,
            "level": self.level or "",
            "next": self.next or "",
            "missing": [each.rule.id for each in self.missing],
            "results": [
                {
                    "suite": each.suite,
                    "behaviour": each.behaviour,
                    "outcome": each.outcome,
                    "message": each.message,
                }
                for each in self.outcome.results
            ],
            "rules": [
                {
                    "id": each.rule.id,
                    "level": each.rule.level,
                    "area": each.rule.area,
                    "what": each.rule.what,
                    "holds": each.holds,
                    "measured": None if each.measured.value == float("inf") else each.measured.value,
                    "threshold": each.rule.threshold,
                    "why": each.rule.why,
                    "mend": each.rule.mend,
                    "found": list(each.measured.found),
                }
                for each in self.judged
            ],
        }


def award(project: Project, *, measured: bool = True, long: bool = False) -> Award:
    """Run the suites of a project and judge it by all rules that are asked of its kinds.

    measured  False runs the suites alone, which is faster, and awards nothing.
    long      Runs tests that are marked ``long``, too.
    Raises `PluginError` where the tests cannot be run at all.
    """
    with tempfile.TemporaryDirectory(prefix="sniper-award-") as scratch:
        outcome = run(
            Order(
                distribution=project.distribution,
                package=str(project.package),
                tests=None if project.tests is None else str(project.tests),
                out=str(Path(scratch) / "outcome.json"),
                long=long,
                measured=measured,
            )
        )
    return Award(project, outcome, judged(project, outcome) if measured else ())


def judged(project: Project, outcome: Outcome) -> tuple[Judged, ...]:
    """All rules that are asked of the project's kinds, with what was measured; each measure is taken once."""
    subject = Subject(project, outcome)
    asked = [rule for rule in rules().rule if not rule.kinds or set(rule.kinds) & set(project.kinds)]
    taken = {name: MEASURES[name](subject) for name in dict.fromkeys(rule.measure for rule in asked)}
    return tuple(Judged(rule, taken[rule.measure]) for rule in asked)
