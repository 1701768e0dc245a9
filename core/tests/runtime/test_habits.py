"""What scenarios have looked at before, and how much of that is remembered."""

import pytest

from sniper.runtime import habits
from sniper.runtime.habits import Habits

TOKEN = "0x" + "a1" * 20


def key(pool: int) -> habits.Key:
    return 1, "play", f"1:{pool}"


def slots(count: int) -> list[tuple[str, int]]:
    return [(TOKEN, slot) for slot in range(count)]


def test_what_was_looked_at_is_read_for_the_same_pool_and_no_other() -> None:
    known = Habits()
    known.add(key(1), [TOKEN], slots(2))
    known.add(key(1), [], [(TOKEN, 7)])
    assert known.of(key(1)).accounts == (TOKEN,)
    assert known.of(key(1)).slots == ((TOKEN, 0), (TOKEN, 1), (TOKEN, 7))
    assert known.of(key(2)).slots == ()


def test_a_pool_of_which_one_scenario_reads_too_much_is_not_remembered() -> None:
    """A token decides how much it reads, and no node reads any number of words in one call."""
    known = Habits()
    known.add(key(1), [TOKEN], slots(habits.MOST_KEYS + 1))
    assert known.of(key(1)).slots == ()
    known.add(key(1), [TOKEN], slots(3))
    assert len(known.of(key(1)).slots) == 3


def test_the_pools_that_were_played_longest_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habits, "MOST_POOLS", 2)
    known = Habits()
    for pool in (1, 2, 1, 3):
        known.add(key(pool), [TOKEN], slots(1))
    assert [bool(known.of(key(pool)).slots) for pool in (1, 2, 3)] == [True, False, True]
