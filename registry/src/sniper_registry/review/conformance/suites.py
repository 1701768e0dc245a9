"""The suites for classes that stand for code in a worker, and why a behaviour cannot be held against one."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from sniper.codec import encode
from sniper.config import Config
from sniper.risk import Finding, RiskCheck, RiskProbe, RiskWatch, Roundtrip
from sniper.strategy import Strategy
from sniper_registry.review.conformance.seat import Seat
from sniper_sdk import strategies
from sniper_sdk.builders import BuiltView
from sniper_sdk.conformance.drawing import for_all, some
from sniper_sdk.conformance.risk import RiskConformance
from sniper_sdk.conformance.riskwatch import RiskWatchConformance
from sniper_sdk.conformance.stateful import Stateful
from sniper_sdk.conformance.strategy import StrategyConformance

_STATE: Final = (
    "in a worker the state is what it writes after each call, and an object that keeps more fails where histories go on"
)
NOT_RUN: Final[Mapping[str, str]] = {
    "test_each_call_stays_within_its_steps": "lines are counted within a process; here each call has a deadline",
    "test_no_attribute_but_the_declared_fields_can_be_set": _STATE,
    "test_it_cannot_be_changed": _STATE,
    "test_it_does_no_io_and_asks_for_neither_time_nor_randomness": (
        "a worker reaches no file and no network, and what time and chance change shows where a history is played twice"
    ),
    "test_judging_is_pure_and_within_its_steps": (
        "a worker reaches no file and no network, lines are counted within a process, and each call has a deadline"
    ),
}
"""By the suites' own names."""
OF_EVIDENCE: Final = "what its own code brings back is made by that code: nobody else can draw it"
LOOKS: Final = "test_a_probe_that_cannot_look_lets_nothing_pass"
"""What can be held against a probe."""


class _Moving(Stateful):
    """Histories that go on in another worker."""

    seat: ClassVar[Seat]

    def test_another_process_with_another_hash_seed_goes_on_alike(self) -> None:
        runs = []
        for case in some(self.cases(), self.examples):
            cut = len(case.history) // 2
            player = case.start()
            player.play(case.history[:cut])
            resumed = player.restarted()
            runs.append((resumed, case.history[cut:], player.play(case.history[cut:]), player.saved()))
        self.seat.move()
        for resumed, rest, answers, state in runs:
            assert (resumed.play(rest), resumed.saved()) == (answers, state), (
                "another process answers otherwise: do not iterate over sets, nor use hash() or id(); sort what a "
                "decision depends on"
            )


class FarStrategySuite(_Moving, StrategyConformance):
    """`StrategyConformance` of a strategy in a worker."""


class FarWatchSuite(_Moving, RiskWatchConformance):
    """`RiskWatchConformance` of a watch in a worker."""

    def test_an_arbitrage_is_judged_alike_each_time_with_a_finding_for_each_rule(self) -> None:
        _arbitrages(self._start().instance, self.views(), self.examples)


class FarCheckSuite(RiskConformance):
    """`RiskConformance` of a check or a probe in a worker."""

    def test_an_arbitrage_is_judged_alike_each_time_with_a_finding_for_each_rule(self) -> None:
        _arbitrages(self._made(), self.views(), self.examples)


def _arbitrages(judge: Any, views: Any, examples: int) -> None:  # Any: a check or a watch; a strategy of hypothesis
    def check(intent: Roundtrip, view: BuiltView) -> None:
        findings = list(judge.judge_roundtrip(intent, view))
        assert findings, "no finding at all about an arbitrage: yield one for each rule"
        assert all(type(each) is Finding and each.rule for each in findings), f"{findings!r} are no findings"
        rules = [each.rule for each in findings]
        assert len(set(rules)) == len(rules), f"one rule yields several findings: {sorted(rules)}"
        again = [encode(each) for each in judge.judge_roundtrip(intent, view)]
        assert again == [encode(each) for each in findings], "the findings about an arbitrage changed"

    for_all(check, shrinks=False, examples=examples, intent=strategies.structs(Roundtrip), view=views)


def suite_of(cls: type, config: Config, seat: Seat, examples: int) -> type:
    """The suite for a class that is seated, with so many histories of each behaviour. Raises `TypeError` for a class
    that there is none for."""
    fields: dict[str, Any] = {"config": config, "seat": seat, "examples": examples}
    if issubclass(cls, Strategy):
        return type("Suite", (FarStrategySuite,), {**fields, "strategy": cls})
    if issubclass(cls, RiskWatch):
        return type("Suite", (FarWatchSuite,), {**fields, "watch": cls})
    if issubclass(cls, RiskCheck | RiskProbe):
        return type("Suite", (FarCheckSuite,), {**fields, "check": cls})
    raise TypeError(f"there is no suite for {cls.__name__}")


def why_not(cls: type, name: str) -> str:
    """Why a behaviour, by the name of its test, is not run for a class; empty: it is run."""
    if issubclass(cls, RiskProbe) and name != LOOKS:
        return NOT_RUN.get(name, OF_EVIDENCE)
    if issubclass(cls, RiskCheck) and name == LOOKS:
        return "it is no probe"
    if issubclass(cls, RiskCheck) and name == "test_evidence_is_judged_alike_after_it_was_journaled":
        return "it is no probe"
    return NOT_RUN.get(name, "")
