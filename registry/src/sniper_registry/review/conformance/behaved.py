"""What became of one behaviour of a suite."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Literal

from sniper.plugin import Frozen
from sniper_registry.review.finding import Finding, Weight

RULE = "conformance"
Outcome = Literal["passed", "failed", "not run"]


class Behaved(Frozen, kw_only=True, array_like=False):
    """extension   Such as ``strategy.turtle``; empty: the release as a whole. ``behaviour``: one line of its suite;
               empty: all of them.
    why        Of what failed or was not run; in words for people, without control characters.
    rogue      Whether its worker did what none of an honest plugin does, or nobody could install it.
    alone      Whether a person has to look because nothing was run.
    """

    extension: str
    behaviour: str
    outcome: Outcome
    why: str = ""
    rogue: bool = False
    alone: bool = False

    def plain(self) -> dict[str, Any]:  # Any: JSON
        """What is published of it."""
        return {
            "extension": self.extension,
            "behaviour": self.behaviour,
            "outcome": self.outcome,
            "why": self.why,
            "rogue": self.rogue,
            "alone": self.alone,
        }


def findings(behaved: Iterable[Behaved]) -> Iterator[Finding]:
    """What a review says of them: each failure, and in one line each what holds and what was not run."""
    for extension, of_one in groupby(behaved, key=lambda each: each.extension):
        told = tuple(of_one)
        who = f"{extension}: " if extension else ""
        for each in told:
            if each.outcome == "failed":
                weight = Weight.REFUSE if each.rogue else Weight.LOOK
                what = f"{each.behaviour}: " if each.behaviour else ""
                yield Finding(RULE, weight, f"{who}{what}{each.why}")
            elif each.alone:
                yield Finding(RULE, Weight.LOOK, f"{who}conformance is not run: {each.why}")
        if held := [each.behaviour for each in told if each.outcome == "passed"]:
            yield Finding(RULE, Weight.NOTE, f"{who}{len(held)} behaviours hold in a worker: {'; '.join(held)}")
        if left := [each for each in told if each.outcome == "not run" and not each.alone]:
            why = "; ".join(f"{each.behaviour} ({each.why})" for each in left)
            yield Finding(RULE, Weight.NOTE, f"{who}{len(left)} behaviours are not run: {why}")
