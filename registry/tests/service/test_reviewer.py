"""What is run for an upload: taken, run to an end whatever it does, shown, and put on record beside the release."""

import json
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from sniper_registry.service.checks import LEASE_S, MOST_TRIES, Step
from sniper_registry.service.errors import Conflict
from sniper_registry.service.following import Follower
from sniper_registry.service.reviewer import Reviewer
from sniper_registry.service.shipping import PACKAGES

from .published import RESULTS
from .trade import NAME, Trade, operator
from .wheels import wheel

TURTLE = """
from sniper.events import LiquidityAdded
from sniper.strategy import Config, SetTimer, Strategy, on


class TurtleConfig(Config):
    pass


class Turtle(Strategy):
    config: TurtleConfig
    seen: int = 0

    @on(LiquidityAdded)
    def added(self, event, view):
        self.seen += 1
        yield SetTimer(key=f"t{self.seen}", at=event.time + 10)
"""
DECLARED = '[strategy.turtle]\ninstrument = "{instrument}"\n'
PASSED = {"extension": "strategy.turtle", "behaviour": "it waits", "outcome": "passed", "why": ""}
FAILED = {**PASSED, "behaviour": "it hurries", "outcome": "failed", "why": "it never does"}


def reviewer(trade: Trade, script: str) -> Reviewer:
    """One whose steps are run by a script of Python in a process."""
    market = trade.market

    def command(step: Step, wheel: Path, directory: Path) -> list[str]:
        assert wheel.read_bytes()
        return [sys.executable, "-c", script]

    return Reviewer(market.checks, market.uploads, market.staging, market.settings.repository / PACKAGES, command)


def telling(document: dict[str, Any]) -> str:
    return f"print({json.dumps(document)!r})"


def states(trade: Trade, number: int) -> dict[str, str]:
    return {each.step: each.state for each in trade.market.checks.of(number)}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_release_is_held_against_its_suite_before_a_person_accepts_it_and_its_page_tells(trade: Trade) -> None:
    ada, rita = trade.publisher("ada"), trade.reviewer()
    number = ada.send(wheel(trade.folder, NAME, files={"{package}/turtle.py": TURTLE})).id
    with pytest.raises(Conflict, match="was not run yet"):
        trade.market.uploads.accept(number, operator())
    assert "waits for the reviewer process" in rita.get("/review").text
    assert trade.market.reviewer().work(Event())
    assert not trade.market.reviewer().work(Event()), "it declares no results"
    page = rita.get(f"/review/{number}").text
    assert "conformance: done" in page
    assert "8 behaviours hold, 0 do not" in page
    assert "state survives a snapshot at any point" in page
    trade.market.uploads.accept(number, operator())
    shown = trade.browser().get(f"/plugins/{NAME}").text
    assert "8 behaviours hold, 0 do not" in shown
    assert trade.market.rebuild() == 1
    assert trade.browser().get(f"/plugins/{NAME}").text == shown, "what was found is in the signed repository"


def test_what_fails_is_shown_and_a_worker_that_cheats_refuses_the_release(trade: Trade) -> None:
    ada = trade.publisher("ada")
    number = ada.send(wheel(trade.folder, NAME)).id
    assert reviewer(trade, telling({"behaved": [PASSED, FAILED]})).work(Event())
    found = trade.market.uploads.shown(number)
    assert [each.text for each in found.findings if each.rule == "conformance" and each.weight == "look"] == [
        "strategy.turtle: it hurries: it never does"
    ]
    trade.market.uploads.refuse(number, operator(), "It never hurries.")
    rogue = ada.send(wheel(trade.folder, NAME, "1.1.0")).id
    assert reviewer(trade, telling({"behaved": [{**FAILED, "rogue": True}]})).work(Event())
    assert trade.market.uploads.shown(rogue).state == "refused"
    assert list(trade.market.staging.directory.iterdir()) == []


def test_results_are_computed_while_a_release_is_out_already_and_follow_it(trade: Trade) -> None:
    ada = trade.publisher("ada")
    number = ada.send(wheel(trade.folder, NAME, files={"{package}/results.toml": DECLARED})).id
    assert reviewer(trade, telling({"behaved": [PASSED]})).work(Event())
    assert states(trade, number) == {"conformance": "done", "results": "due"}
    trade.market.uploads.accept(number, operator(), level="silver")
    assert "They are being computed" in trade.browser().get(f"/plugins/{NAME}").text
    assert reviewer(trade, telling(RESULTS)).work(Event())
    Follower(trade.market).look()
    page = trade.browser().get(f"/plugins/{NAME}").text
    assert "They are being computed" not in page
    assert "Sharpe at least (95%)" in page
    assert ">silver<" in page, "the level stays"


def test_results_that_cannot_be_computed_are_shown_to_a_person(trade: Trade) -> None:
    number = trade.publisher("ada").send(wheel(trade.folder, NAME, files={"{package}/results.toml": DECLARED})).id
    assert reviewer(trade, telling({"behaved": []})).work(Event())
    assert reviewer(trade, "raise SystemExit('nothing was traded on any market')").work(Event())
    assert states(trade, number)["results"] == "failed"
    looks = [each.text for each in trade.market.uploads.shown(number).findings if each.weight == "look"]
    assert looks == ["no results were computed: nothing was traded on any market"]


@pytest.mark.databases
def test_what_a_killed_process_ran_is_run_again_and_given_up_when_each_is_lost(trade: Trade) -> None:
    number = trade.publisher("ada").send(wheel(trade.folder, NAME)).id
    checks = trade.market.checks
    for _ in range(MOST_TRIES):
        assert checks.take() is not None
        assert checks.take() is None, "another process runs it"
        trade.clock.forward(LEASE_S + 1)
    assert reviewer(trade, telling({"behaved": [PASSED]})).work(Event())
    assert states(trade, number) == {"conformance": "failed"}
    assert "was lost 3 times" in trade.market.uploads.shown(number).findings[0].text
    trade.market.uploads.accept(number, operator())


def test_who_is_told_to_stop_leaves_its_step_to_others(trade: Trade, tmp_path: Path) -> None:
    number = trade.publisher("ada").send(wheel(trade.folder, NAME)).id
    stop, began = Event(), tmp_path / "began"
    script = f"import time, pathlib; pathlib.Path({str(began)!r}).touch(); time.sleep(600)"
    thread = Thread(target=reviewer(trade, script).work, args=(stop,))
    thread.start()
    while not began.exists():
        thread.join(0.01)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert states(trade, number) == {"conformance": "due"}
    assert reviewer(trade, telling({"behaved": [PASSED]})).work(Event())
    assert states(trade, number) == {"conformance": "done"}


def test_what_was_withdrawn_is_not_run(trade: Trade) -> None:
    ada = trade.publisher("ada")
    number = ada.send(wheel(trade.folder, NAME)).id
    trade.market.uploads.withdraw(ada.who, number)
    assert not trade.market.reviewer().work(Event())


def test_what_waited_before_there_was_anything_to_run_is_put_on_the_list(trade: Trade) -> None:
    from sqlalchemy import delete

    from sniper_registry.service.tables import Check

    number = trade.publisher("ada").send(wheel(trade.folder, NAME)).id
    with trade.market.database.writing() as session:
        session.execute(delete(Check))
    trade.market.uploads.resume()
    assert states(trade, number) == {"conformance": "due"}
