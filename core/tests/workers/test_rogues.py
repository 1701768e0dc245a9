"""Whatever a worker does, it costs its own strategy and nothing else: the kernel goes on and positions are guarded."""

import os
from pathlib import Path
from typing import Any

import pytest
import rogue
from released import strategy
from world import ETHER, Setup, World, pool_of, target, token_of

from sniper.codec import encode
from sniper.config import model_of
from sniper.isolation.strategies import far_strategy
from sniper.kernel import facts as f
from sniper.runtime import records  # noqa: F401  (it makes all events readable, as a run does)

FIRST = token_of(1)

STOPPED = {
    "giant_packet": "a packet is longer than any may be",
    "endless_message": "a message is longer than any may be",
    "small_pieces": "not in the pieces",
    "garbage": "its worker was ended",
    "truncated": "its worker was ended",
    "wrong_type": "its worker was ended",
    "answers_nothing": "it said Checked, which answers nothing",
    "wrong_serial": "it answered request",
    "negative_serial": "it answered request -1",
    "pickled": "its worker was ended",
    "pickled_action": "its worker was ended",
    "nested": "its arguments cannot be read",
    "deep_action": "its worker was ended",
    "asks_without_end": "questions in one call",
    "asks_much": "questions in one call",
    "asks_for_secrets": "of which a view knows nothing",
    "asks_wrongly": "cash: asked with",
    "asks_too_much": "cash: asked with",
    "forged": "it gave KillSwitch, which no strategy gives",
    "more_fields": "close: 5 fields",
    "unknown": "unknown tag",
    "not_a_number": "its worker was ended",
    "a_float": "its worker was ended",
    "negative": "Open.max_spend = -1",
    "huge": "Open.max_spend = ",
    "more_than_all": "a share of 20000 bps",
    "below_nothing": "Close.share_bps = -5",
    "end_of_time": "which no clock shows",
    "floods": "more than 256 things",
    "floods_at_once": "more than 256 things",
    "hoards": "its state has 9",
    "screams": "RuntimeError: bang",
    "exits": "SystemExit: bye",
    "eats": "MemoryError",
}
"""What is found out in the call itself, and what the record says of it."""

LOST = {
    "never": "no answer within",
    "sleeps": "no answer within",
    "drips": "no answer within",
    "dies": "its process has ended",
    "hangs_up": "its process has ended",
    "aborts": "its process has ended",
    "nothing": "its process has ended",
}
"""What looks like an accident."""

HURRIED = frozenset({"never", "sleeps", "drips"})


@pytest.fixture(scope="module")
def released_rogue(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return strategy(tmp_path_factory.mktemp("rogue"), rogue.SOURCE)


def held(released_rogue: Any, within_s: float) -> World:
    """A world whose strategy is a rogue that holds a position, as an honest one would."""
    cls = far_strategy(*released_rogue, within_s=within_s)
    config: Any = model_of(cls).model_validate({})
    world = World(Setup(trader=(cls, config), strategies=(("script", (target(take=11_000),)),)))
    world.open(1, amount=ETHER)
    world.settle()
    assert FIRST in world.book.positions
    return world


def goes_on(world: World) -> None:
    """What it bought is sold by its exit, and all that was decided can be written and read again."""
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle(20)
    assert FIRST not in world.book.positions, "its exit sold it"
    assert not world.book.halted
    world.check_against_chain()
    for fact in world.all_facts():
        encode(fact)


def record(world: World) -> f.WorkerAnswered:
    return next(fact for fact in reversed(world.of(f.WorkerAnswered)) if fact.lost or fact.raised)


@pytest.mark.parametrize("how", STOPPED)
def test_a_rogue_is_stopped_and_what_it_holds_is_guarded(released_rogue: Any, how: str) -> None:
    world = held(released_rogue, within_s=30.0)
    world.cue(how)
    assert world.book.instances["script"].state == "stopped"
    assert STOPPED[how] in record(world).raised
    assert all(each.isprintable() for each in world.reports[-1] + record(world).raised)
    assert len(record(world).raised) < 700
    goes_on(world)


@pytest.mark.parametrize("how", LOST)
def test_a_rogue_that_looks_like_an_accident_loses_its_word(released_rogue: Any, how: str) -> None:
    world = held(released_rogue, within_s=0.5 if how in HURRIED else 30.0)
    world.cue(how)
    assert LOST[how] in record(world).lost
    goes_on(world)


def test_of_long_reasons_only_what_is_shown_is_on_record(released_rogue: Any) -> None:
    world = held(released_rogue, 30)
    world.cue("talks")
    (said,) = [fact for fact in world.of(f.WorkerAnswered) if len(fact.answers) == 8]
    assert 8 * 500 < sum(map(len, said.answers)) < 8 * 700
    goes_on(world)


def test_an_answer_that_nobody_asked_for_ends_it_with_the_next_call(released_rogue: Any) -> None:
    world = held(released_rogue, within_s=30.0)
    world.cue("unasked")
    world.cue("wait")
    assert world.book.instances["script"].state == "stopped"
    assert "it answered request" in record(world).raised
    goes_on(world)


def test_files_that_it_hands_over_do_not_arrive(released_rogue: Any) -> None:
    world = held(released_rogue, within_s=30.0)
    before = os.listdir("/proc/self/fd")
    world.cue("hands_over_files")
    assert len(os.listdir("/proc/self/fd")) <= len(before)
    goes_on(world)


def test_its_words_stay_on_their_line(released_rogue: Any) -> None:
    world = held(released_rogue, within_s=30.0)
    world.cue("injects")
    said = [fact.reason for fact in world.of(f.IntentFormed) if "ok" in fact.reason]
    assert all(each.isprintable() for reason in said for each in reason)
    assert world.book.instances == {}, "a strange reason is no crime"
    goes_on(world)


def test_none_of_it_reached_the_disk(tmp_path: Path) -> None:
    assert not Path("/tmp/pwned").exists()
