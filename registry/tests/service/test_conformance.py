"""Releases held against their suites: an honest one, and what each kind of misbehaviour becomes."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from sniper_registry.review.command import check
from sniper_registry.review.conformance.behaved import Behaved, findings
from sniper_registry.review.conformance.held import Bounds, held
from sniper_registry.review.finding import Weight

from .wheels import wheel

INIT = """
from sniper import RiskCheckSpec, SizerSpec, StrategySpec, hookimpl

NAMES = ("honest", "chance", "hangs", "dies", "babbles")


@hookimpl
def sniper_strategies():
    return [StrategySpec(name=n, summary="x", factory=f"sniper_strategy_zoo.zoo:{n.title()}") for n in NAMES]


@hookimpl
def sniper_risk_checks():
    return [RiskCheckSpec(name="modest", summary="x", factory="sniper_strategy_zoo.zoo:Modest")]


@hookimpl
def sniper_sizers():
    return [SizerSpec(name="zoo", summary="x", factory="sniper_strategy_zoo.nowhere:Zoo")]
"""
ZOO = """
import os
import random

from sniper.events import LiquidityAdded
from sniper.risk import RiskCheck, must
from sniper.strategy import Close, Config, Open, SetTimer, Strategy, on


class ZooConfig(Config):
    most: int = 3


class Honest(Strategy):
    config: ZooConfig
    seen: int = 0

    @on(LiquidityAdded)
    def added(self, event, view):
        self.seen += 1
        if self.seen <= self.config.most:
            yield SetTimer(key=f"t{self.seen}", at=event.time + 10)


class Chance(Honest):
    @on(LiquidityAdded)
    def added(self, event, view):
        yield SetTimer(key="t", at=event.time + random.getrandbits(30))


class Hangs(Honest):
    @on(LiquidityAdded)
    def added(self, event, view):
        while True:
            pass
        yield


class Dies(Honest):
    @on(LiquidityAdded)
    def added(self, event, view):
        os._exit(0)
        yield


class Babbles(Honest):
    @on(LiquidityAdded)
    def added(self, event, view):
        for number in range(3, 10):
            try:
                os.write(number, b"all 8 behaviours passed")
            except OSError:
                continue
        yield


class Modest(RiskCheck):
    config: ZooConfig

    def judge(self, intent, view):
        yield must("modest", True, note="x" * 10)
"""


@pytest.fixture(scope="module")
def behaved(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Behaved, ...]]:
    """One release that offers all of them, by extension."""
    files = {"sniper_strategy_zoo/__init__.py": INIT, "sniper_strategy_zoo/zoo.py": ZOO}
    made = wheel(tmp_path_factory.mktemp("zoo"), "sniper-strategy-zoo", files=files)
    found = held(made, (), Bounds(within_s=0.5))
    return {name: tuple(each for each in found if each.extension == name) for name in {e.extension for e in found}}


def outcomes(behaved: tuple[Behaved, ...]) -> dict[str, str]:
    return {each.behaviour: each.outcome for each in behaved}


def test_what_an_honest_strategy_does_holds_in_a_worker_and_what_is_left_out_says_why(
    behaved: Mapping[str, tuple[Behaved, ...]],
) -> None:
    found = outcomes(behaved["strategy.honest"])
    assert list(found.values()).count("passed") == 8
    assert "failed" not in found.values()
    assert found["state survives a snapshot at any point"] == "passed"
    assert all(each.why for each in behaved["strategy.honest"] if each.outcome == "not run")


def test_a_check_is_held_against_the_suite_of_checks(behaved: Mapping[str, tuple[Behaved, ...]]) -> None:
    found = outcomes(behaved["risk.modest"])
    assert found["there is a finding always and one for each rule"] == "passed"
    assert "failed" not in found.values()


def test_a_strategy_that_asks_for_chance_fails_where_its_history_is_played_twice(
    behaved: Mapping[str, tuple[Behaved, ...]],
) -> None:
    assert outcomes(behaved["strategy.chance"])["the same history gives the same answers twice"] == "failed"


@pytest.mark.parametrize(
    ("extension", "why", "rogue"),
    [
        ("strategy.hangs", "did not answer", False),
        ("strategy.dies", "did not answer", False),
        ("strategy.babbles", "was ended", True),
    ],
)
def test_one_that_does_not_answer_as_it_must_ends_as_one_finding(
    behaved: Mapping[str, tuple[Behaved, ...]], extension: str, why: str, rogue: bool
) -> None:
    found = behaved[extension]
    failed = [each for each in found if each.outcome == "failed"]
    assert len(failed) == 1
    assert why in failed[0].why
    assert failed[0].rogue is rogue
    assert not any(each.outcome == "passed" for each in found)
    assert any(each.why == "its worker was lost before" for each in found)
    weights = [each.weight for each in findings(found) if each.weight is not Weight.NOTE]
    assert weights == [Weight.REFUSE if rogue else Weight.LOOK]


def test_a_kind_that_no_worker_runs_is_not_run_and_is_for_a_person(
    behaved: Mapping[str, tuple[Behaved, ...]],
) -> None:
    assert [each.text for each in findings(behaved["sizer.zoo"])] == [
        "sizer.zoo: conformance is not run: the kind sizer runs in the host only, where a review runs nothing; a "
        "person looks"
    ]


def test_a_release_that_nobody_could_install_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path, files={"{package}/__init__.py": "raise RuntimeError('no')\n"})
    (found,) = held(made, ())
    assert found.rogue
    assert "nobody can install it" in found.why


def test_a_config_that_is_refused_with_its_defaults_written_out_is_one_failure(tmp_path: Path) -> None:
    text = """
from pydantic import model_validator

from sniper.strategy import Config, Strategy


class TurtleConfig(Config):
    bps: int = 300

    @model_validator(mode="after")
    def _odd(self):
        if "bps" in self.model_fields_set:
            raise ValueError("bps may not be said")
        return self


class Turtle(Strategy):
    config: TurtleConfig
"""
    (found,) = held(wheel(tmp_path, files={"{package}/turtle.py": text}), ())
    assert found.outcome == "failed"
    assert "bps may not be said" in found.why


def test_a_publisher_sees_beforehand_what_a_review_would_find(tmp_path: Path) -> None:
    good = wheel(tmp_path)
    done = CliRunner().invoke(check, [str(good), "--static"])
    assert done.exit_code == 0
    assert "licence: the licence is Apache-2.0" in done.output
    bad = wheel(tmp_path, version="1.1.0", files={"{package}/results.json": "{}", "{package}/results.toml": "[fees]\n"})
    done = CliRunner().invoke(check, [str(bad), "--json"])
    assert done.exit_code == 1
    refused = [each for each in json.loads(done.output)["findings"] if each["weight"] == "refuse"]
    assert [each["rule"] for each in refused] == ["results", "results"]
    assert "nobody can submit any" in refused[1]["text"]
