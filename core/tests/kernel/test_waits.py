"""A denied entry that waits for a block or an event: who wanted it is told when that is there, and once."""

from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import CHAIN, ETHER, Looks, Says, Seen, Setup, World, pool_of, target, token_of

from sniper.events import PoolChanged, tag_of
from sniper.kernel import facts as f
from sniper.kernel.asks import Probe
from sniper.kernel.book import Waiting, waiting_id
from sniper.kernel.wiring import CheckWiring, WatchWiring
from sniper.retry import Retry
from sniper.risk import Entry, Finding, Findings, View, must
from sniper.types import SECOND
from sniper_risk_limits.check import Limits, LimitsConfig

TENTH = ETHER // 10
CHANGED = tag_of(PoolChanged)


class Shut(Looks):
    """Denies until the next block."""

    def judge(self, intent: Entry, view: View, found: Seen) -> Findings:
        yield must("open", found.good, retry=Retry.next_block())


def world(*findings: Finding) -> World:
    here = World(Setup(checks=(CheckWiring("a", Says(findings=findings)),), strategies=(("script", (target(),)),)))
    here.mine()
    return here


def heard(at: World) -> list[str]:
    """What the strategy was told of its denied intents, from the first denial on."""
    return [told for told in at.script().heard if told.startswith(("denied", "due"))]


def test_it_is_told_with_the_next_block_and_only_once() -> None:
    here = world(must("closed", False, retry=Retry.next_block()))
    here.open(1)
    assert heard(here) == ["denied a.closed None"]
    (waits,) = here.of(f.EntryWaits)
    assert (waits.intent, waits.token, waits.retry) == ("main/script/1", token_of(1), Retry.next_block())
    here.clock(here.now + SECOND)
    assert heard(here)[1:] == []
    here.mine()
    here.mine()
    assert heard(here)[1:] == ["due main/script/1"]
    assert [(over.intent, over.token) for over in here.of(f.WaitOver)] == [("main/script/1", token_of(1))]
    assert not here.book.waiting
    here.check_replay()


def test_with_seconds_it_is_the_first_block_after_them_and_the_time_is_told_too() -> None:
    here = world(must("closed", False, retry_after_s=100, retry=Retry.next_block()))
    here.open(1)
    until = here.now + 100 * SECOND
    assert heard(here) == [f"denied a.closed {until}"]
    here.mine()
    assert heard(here)[1:] == []
    here.clock(until)
    assert heard(here)[1:] == []
    here.mine()
    assert heard(here)[1:] == ["due main/script/1"]


def test_an_event_counts_that_is_about_what_it_waits_for() -> None:
    here = world(must("shallow", False, retry=Retry.event(CHANGED, f"{CHAIN}:{pool_of(1)}")))
    here.open(1)
    here.mine(trades=((pool_of(2), ETHER),))
    assert heard(here)[1:] == []
    here.mine(trades=((pool_of(1), ETHER),))
    assert heard(here)[1:] == ["due main/script/1"]
    here.check_replay()


def test_what_strategies_are_told_counts_too() -> None:
    """The place that a position took is free again."""
    limits = LimitsConfig(max_spend_per_trade=ETHER, max_spend_per_day=ETHER, max_positions=1)
    here = World(Setup(watches=(WatchWiring("limits", Limits, limits),), strategies=(("script", (target(),)),)))
    here.bought(1)
    here.open(2)
    assert heard(here) == ["denied limits.positions None"]
    here.life("configure", '{"asks_again": true}')
    here.close(1)
    here.settle()
    assert heard(here)[1:] == ["due main/script/2"]
    here.settle()
    assert here.book.positions[token_of(2)].amount
    here.check_replay()


def test_it_survives_a_snapshot_and_a_crash() -> None:
    here = world(must("shut", False, retry=Retry.next_block()))
    here.open(1)
    here.restart()
    here.crash()
    here.answer_all()
    here.mine()
    assert heard(here)[1:] == ["due main/script/1"]


def test_who_asks_again_meanwhile_is_not_told_of_the_first() -> None:
    here = world(must("closed", False, retry=Retry.next_block()))
    here.open(1)
    here.open(1)
    here.mine()
    assert heard(here) == ["denied a.closed None", "denied a.closed None", "due main/script/2"]


def test_asking_again_when_it_is_told_is_judged_again_and_waits_again() -> None:
    here = world(must("closed", False, retry=Retry.next_block()))
    here.life("configure", '{"asks_again": true}')
    here.open(1)
    for _ in range(3):
        here.mine()
    assert [fact.allowed for fact in here.of(f.Verdict)] == [False] * 4
    assert heard(here)[-2:] == ["due main/script/3", "denied a.closed None"]
    assert len(here.book.waiting) == 1


def test_one_denial_that_no_wait_helps_ends_all_waiting() -> None:
    here = world(must("closed", False, retry=Retry.next_block()), must("never", False))
    here.open(1)
    here.mine()
    assert heard(here) == ["denied a.closed None"]


def test_a_block_that_came_while_probes_were_out_is_the_one_that_was_waited_for() -> None:
    here = World(Setup(checks=(CheckWiring("looks", Shut()),), strategies=(("script", (target(),)),)))
    here.mine()
    here.evidence = Seen(good=False)
    here.open(1)
    (ask,) = here.asked(Probe)
    here.mine()
    here.answer(ask)
    assert heard(here) == [f"denied looks.open {here.now}"]
    assert not here.book.waiting


ABOUT = st.sampled_from(("", "1:0xa", "1:0xb"))


class Unlisted(dict[str, Waiting]):
    """Is asked by key alone: who goes through all of it takes longer with each launch that was ever denied."""

    def items(self) -> NoReturn:
        raise AssertionError("an event goes through all that waits")

    __iter__ = values = keys = items


def test_an_event_asks_only_after_what_waits_for_it() -> None:
    here = world(must("shallow", False, retry=Retry.event(CHANGED, f"{CHAIN}:{pool_of(1)}")))
    here.open(1)
    here.book.waiting = Unlisted(here.book.waiting)
    due = here.account.waits.due
    assert [each.waiting.intent for each in due(CHANGED, (f"{CHAIN}:{pool_of(1)}", ""))] == ["main/script/1"]
    assert not due(CHANGED, (f"{CHAIN}:{pool_of(2)}", ""))


@settings(max_examples=50)
@given(moves=st.lists(st.tuples(st.integers(0, 3), ABOUT, st.booleans()), max_size=30))
def test_what_is_due_is_what_the_book_says(moves: list[tuple[int, str, bool]]) -> None:
    here = world()
    waits, book = here.account.waits, here.book
    for number, about, forgotten in moves:
        token = token_of(number)
        if forgotten:
            book.waiting.pop(waiting_id("script", token), None)
        else:
            waits.begin(f"main/script/{number}", "script", token, Retry.event("x/1", about))
    for subject in ("1:0xa", "1:0xb", "1:0xc"):
        known = sorted(key for key, waiting in book.waiting.items() if waiting.retry.about in ("", subject))
        assert [due.key for due in waits.due("x/1", (subject, ""))] == known
        assert not waits.due("y/1", (subject, ""))


def test_what_does_not_wait_any_more_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.kernel.waits.LEAST", 4)
    here = world()
    waits = here.account.waits
    for number in range(40):
        token = token_of(number)
        waits.begin(f"main/script/{number}", "script", token, Retry.event("x/1", token))
        del here.book.waiting[waiting_id("script", token)]
    assert len(waits._waiting_for) <= 5


WAITS = st.one_of(
    st.integers(1, 10**18).map(Retry.at),
    st.builds(Retry.next_block),
    st.tuples(st.sampled_from(("x/1", "y/1")), st.sampled_from(("", "1:0xa"))).map(lambda each: Retry.event(*each)),
)


@settings(max_examples=50)
@given(waits=st.lists(WAITS, max_size=6))
def test_the_latest_of_several_waits_is_one_of_them_and_no_earlier_than_any_time(waits: list[Retry]) -> None:
    latest = Retry.latest(waits)
    if latest is None:
        assert not waits
        return
    kinds = {wait.when for wait in waits}
    assert latest.when == next(when for when in ("event", "block", "time") if when in kinds)
    if latest.when != "event":
        assert latest.not_before == max(wait.not_before for wait in waits)
    else:
        assert latest in waits
