"""A journal that is taken over from a process that was stopped: nothing that it writes afterwards is part of it."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.errors import JournalError
from sniper.journal import Reader, verify
from sniper.journal.lock import JournalTaken, Lock
from sniper.journal.segments import Kind, Record
from sniper.journal.writer import Writer


def opened(directory: Path, token: int) -> Writer:
    lock = Lock(directory)
    if not lock.held:
        lock.break_({"alice": token})
    lock.declare("somebody", {"alice": token})
    return Writer(directory, segment_size=4096, lock=lock)


def record(number: int) -> Record:
    return Record("alice", Kind.FACT, number.to_bytes(2, "big") * 40)


def numbers(directory: Path) -> list[int]:
    with Reader(directory) as reader:
        return [int.from_bytes(found.data[:2], "big") for _, found in reader.records() if found.kind == Kind.FACT]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(("old", "sync", "new")), max_size=60), st.integers(0, 60))
def test_whatever_the_old_writer_does_the_journal_is_the_new_ones(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], before: int
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    old = opened(directory, 1)
    old.begin_epoch(b"{}")
    for number in range(before):
        old.append([record(number)])
    new = opened(directory, 2)
    expected, refused = list(range(before)), False
    for number, step in enumerate(steps, 1000):
        if step == "new":
            new.append([record(number)])
            expected.append(number)
        elif not refused:
            try:
                old.append([record(number)])
                if step == "sync":
                    old.sync()
                    raise AssertionError("the old writer believes that its records are part of the journal")
            except JournalTaken:
                refused = True
    new.sync()
    assert numbers(directory) == expected
    assert verify(directory).ok
    for each in (old, new):
        each.close()
    assert numbers(directory) == expected
    assert verify(directory).ok


def test_what_was_synced_before_a_takeover_is_in_the_journal(tmp_path: Path) -> None:
    old = opened(tmp_path, 1)
    old.begin_epoch(b"{}")
    old.append([record(7)])
    old.sync()
    new = opened(tmp_path, 2)
    assert new.position == old.position
    assert new.chain == old.chain
    old.append([record(8)])
    with pytest.raises(JournalTaken, match="another process has taken over"):
        old.sync()
    with pytest.raises(JournalError):
        old.append([record(9)])
    new.append([record(10)])
    new.close()
    old.close()
    assert numbers(tmp_path) == [7, 10]


def test_a_lock_is_broken_only_with_higher_tokens_of_all_its_accounts(tmp_path: Path) -> None:
    old = Lock(tmp_path)
    old.declare("old", {"alice": 5, "bob": 6})
    for fences in ({}, {"alice": 6}, {"alice": 6, "bob": 6}):
        new = Lock(tmp_path)
        assert not new.held
        with pytest.raises(JournalError, match=r"another process writes this journal.*account (alice|bob)"):
            new.break_(fences)
        new.close()
    old.demand()
    new = Lock(tmp_path)
    new.break_({"alice": 6, "bob": 7})
    new.demand()
    with pytest.raises(JournalTaken):
        old.demand()
    assert (new.owner, new.fences) == ("old", {"alice": 5, "bob": 6})
    third = Lock(tmp_path)
    assert not third.held
    for lock in (old, new, third):
        lock.close()


def test_a_lock_that_says_no_token_is_not_broken(tmp_path: Path) -> None:
    with Writer(tmp_path):
        other = Lock(tmp_path)
        with pytest.raises(JournalError, match="it holds no lease"):
            other.break_({"alice": 1})
        other.close()


def test_a_lock_can_be_tried_again_and_remembers_who_had_it(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert not second.take()
    first.declare("first", {"alice": 1})
    first.close()
    assert second.take()
    assert (second.owner, second.fences) == ("first", {"alice": 1})
    second.close()


def test_a_lock_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(os.urandom(20))
    with pytest.raises(JournalError, match=r"lock does not say who wrote this journal last"):
        Lock(tmp_path)
