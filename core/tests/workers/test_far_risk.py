"""A check in a worker denies what it would deny in the kernel, and everything where it fails, but never a sale."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from released import nobody_asked, risk
from world import ETHER, Setup, World, target, token_of

from sniper.codec import encode
from sniper.config import model_of
from sniper.isolation.risk import far_risk
from sniper.kernel import facts as f
from sniper.kernel.wiring import CheckWiring, WatchWiring

PATIENT_S = 30.0
FIRST = token_of(1)

SMALL = """
    from pydantic import Field
    from sniper.risk import Config, Entry, Findings, RiskCheck, View, at_most, must

    class AcmeConfig(Config):
        most: int = Field(10**18)

    class Acme(RiskCheck):
        config: AcmeConfig

        def judge(self, intent: Entry, view: View) -> Findings:
            yield must("known", view.pool(intent.pool) is not None)
            yield at_most("amount", intent.amount, self.config.most)
"""
LOUD = """
    from sniper.risk import Config, Entry, Findings, RiskCheck, View

    class AcmeConfig(Config):
        pass

    class Acme(RiskCheck):
        config: AcmeConfig

        def judge(self, intent: Entry, view: View) -> Findings:
            raise RuntimeError("bang")
            yield
"""
FUSE = """
    from sniper.events import PositionClosed
    from sniper.risk import Config, Entry, Findings, KillLevel, RiskWatch, Trip, Trips, View, at_most, on

    class AcmeConfig(Config):
        most: int = 1

    class Acme(RiskWatch):
        config: AcmeConfig
        closed: int = 0

        @on(PositionClosed)
        def over(self, event: PositionClosed, view: View) -> Trips:
            self.closed += 1
            if self.closed > self.config.most:
                yield Trip(level=KillLevel.NO_ENTRIES, reason=f"{self.closed} positions were closed")

        def judge(self, intent: Entry, view: View) -> Findings:
            yield at_most("closed", self.closed, self.config.most)
"""


def checked(directory: Path, source: str, *, policy: bool = False, **section: Any) -> World:
    cls: Any = far_risk(*risk(directory, source), within_s=PATIENT_S)
    check = cls(config=model_of(cls).model_validate(section))
    return World(Setup(checks=(CheckWiring(name="acme", check=check, policy=policy),)))


def worker(world: World) -> Any:
    return next(each.check for each in world.account.entries.checks if each.name == "acme").desk("main").worker


def decided_again(world: World) -> None:
    """Without a worker, and byte for byte."""
    again = world.setup.kernel(lambda what, error: None)
    with nobody_asked():
        for event, facts in zip(world.inputs, world.facts, strict=True):
            again.elsewhere.recall([("main", fact) for fact in facts])
            again.handle(event)
            assert [encode(fact) for _, fact in again.facts] == [encode(fact) for fact in facts]
            again.facts = []


def test_a_check_in_a_worker_allows_and_denies(tmp_path: Path) -> None:
    world = checked(tmp_path, SMALL, most=ETHER // 2)
    world.open(1, amount=ETHER // 4)
    world.settle()
    assert FIRST in world.book.positions
    world.open(2, amount=ETHER)
    assert world.of(f.Verdict)[-1].rule == "acme.amount"
    decided_again(world)


def test_a_model_that_tells_what_was_set_from_what_was_left_out_is_told_the_same_in_a_worker(tmp_path: Path) -> None:
    choosy = SMALL.replace("import Field", "import Field, model_validator").replace(
        "        most: int = Field(10**18)\n",
        """        most: int = Field(10**18)
        least: int = 0

        @model_validator(mode="after")
        def one_of_them(self):
            if {"most", "least"} <= self.model_fields_set:
                raise ValueError("set one of them")
            return self
""",
    )
    world = checked(tmp_path, choosy, most=ETHER // 2)
    world.open(1, amount=ETHER // 4)
    world.settle()
    assert FIRST in world.book.positions


def test_a_check_whose_worker_died_denies_and_says_when_to_try_again(tmp_path: Path) -> None:
    world = checked(tmp_path, SMALL)
    world.open(1, amount=ETHER // 4)
    world.settle()
    os.kill(worker(world).pid, signal.SIGKILL)
    world.open(2, amount=ETHER // 4)
    verdict = world.of(f.Verdict)[-1]
    assert (verdict.allowed, verdict.rule) == (False, "acme.answers")
    assert verdict.retry_at is not None
    world.close(1)
    world.settle(20)
    assert FIRST not in world.book.positions
    decided_again(world)


@pytest.mark.parametrize("policy", [False, True])
def test_a_check_that_raises_denies_entries_and_lets_sales_pass(tmp_path: Path, policy: bool) -> None:
    world = checked(tmp_path, LOUD, policy=policy)
    world.open(1, amount=ETHER // 4)
    assert world.of(f.Verdict)[-1].rule == "acme.works"
    assert "RuntimeError: bang" in world.of(f.Judged)[-1].findings[0].note


def test_a_policy_whose_worker_hangs_holds_up_no_sale(tmp_path: Path) -> None:
    cls: Any = far_risk(*risk(tmp_path, SMALL), within_s=1.0)
    check = cls(config=model_of(cls).model_validate({}))
    world = World(Setup(checks=(CheckWiring(name="acme", check=check, policy=True),)))
    world.open(1, amount=ETHER // 4)
    world.settle()
    assert FIRST in world.book.positions
    os.kill(worker(world).pid, signal.SIGSTOP)
    world.close(1)
    world.settle(20)
    assert FIRST not in world.book.positions


def test_a_watch_in_a_worker_remembers_and_trips(tmp_path: Path) -> None:
    cls: Any = far_risk(*risk(tmp_path, FUSE), within_s=PATIENT_S)
    wiring = WatchWiring(name="acme", watch=cls, config=model_of(cls).model_validate({}))
    world = World(Setup(watches=(wiring,), strategies=(("script", (target(),)),)))
    for token in (1, 2):
        world.open(token, amount=ETHER // 4)
        world.settle()
        world.close(token)
        world.settle(20)
    (tripped,) = world.of(f.Tripped)
    assert tripped.reason == "2 positions were closed"
    assert world.book.kill == "no-entries"
    decided_again(world)
