"""What a run finds when it starts again is what it was when it ended, wherever that was."""

import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from recorded_world import World, records, replayed, wiring, write

from sniper.codec import decode, encode
from sniper.errors import CodecError, JournalError
from sniper.events import Event
from sniper.journal import Kind, Reader, Record, Writer, snapshots
from sniper.journal.cut import Cut, write_cut
from sniper.journal.segments import GENESIS, segment_path
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.fold import fold
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.kernel.wiring import Wiring
from sniper.runtime.records import read_records
from sniper.runtime.recovery import Recovered, Rerun, recover
from sniper.strategy import Actions, Strategy, View, on


def manifest(**changes: Any) -> bytes:
    core = {"version": "0.1.0", "code": "abc"}
    body = {"core": core, "plugins": {}, "config": {}, "python": "3.11.7", "implementation": "cpython"}
    return json.dumps(body | changes).encode()


HERE = manifest()


@pytest.fixture(scope="module")
def world() -> World:
    return World(Kernel(wiring()), 1).run(400)


@pytest.fixture
def journal(world: World, tmp_path: Path) -> Path:
    write(world, tmp_path / "journal", manifest=HERE)
    return tmp_path / "journal"


def recovered(journal: Path, present: bytes = HERE, wired: Wiring | None = None) -> tuple[Kernel, Recovered]:
    kernel = Kernel(wired or wiring())
    return kernel, recover(journal, kernel, present)


def snapshot_at(journal: Path, position: int) -> int:
    """Write one at the first frame from ``position`` on, as the follower does."""
    kernel = Kernel(wiring())
    with Reader(journal) as reader:
        rerun = Rerun(kernel)
        for frame in reader:
            if frame.first >= position:
                break
            rerun.take(frame)
    snapshots.write(journal, rerun.position, dump(kernel))
    return rerun.position


def test_recovery_leads_to_where_the_run_stood(world: World, journal: Path) -> None:
    kernel, found = recovered(journal)
    assert dump(kernel) == dump(world.kernel)
    assert (found.inputs, found.facts) == (len(world.events), sum(map(len, world.facts)))
    assert (found.halted, found.differing, found.remarks, kernel.facts, kernel.asks) == ([], [], [], [], [])


@pytest.mark.parametrize("seed", range(12))
def test_a_run_killed_in_any_write_goes_on_like_one_that_was_not(seed: int, world: World, journal: Path) -> None:
    rng = random.Random(seed)
    with Reader(journal) as reader:
        frames = list(reader)
    last = rng.choice(frames[1:])
    if seed % 3:
        snapshot_at(journal, rng.randrange(last.first))
    torn = rng.randrange(1, 40)
    os.truncate(segment_path(journal, last.segment), last.offset + torn)  # in the middle of this frame
    with Writer(journal) as writer:
        assert writer.dropped == torn or torn < 12
        assert writer.position == last.first
    kernel, found = recovered(journal)
    assert not found.halted
    done = 3 * (frames.index(last) - 1)
    expected = Kernel(wiring())
    replayed(expected, world.events[:done])
    assert dump(kernel) == dump(expected)
    assert replayed(kernel, world.events[done:]) == world.facts[done:]


def test_recovery_from_a_snapshot_runs_only_what_came_after_it(world: World, journal: Path) -> None:
    position = snapshot_at(journal, 1500)
    kernel, found = recovered(journal)
    assert found.snapshot == position
    assert found.inputs < len(world.events)
    assert dump(kernel) == dump(world.kernel)


def test_a_snapshot_that_nobody_can_read_is_passed_over_and_said(world: World, journal: Path) -> None:
    snapshot_at(journal, 300)
    with Reader(journal) as reader:
        position = [frame.first for frame in reader][40]
    snapshots.write(journal, position, b"\x91\xa5other")
    kernel, found = recovered(journal)
    assert dump(kernel) == dump(world.kernel)
    assert len(found.remarks) == 1
    assert f"snapshot-{position}.snap" in found.remarks[0]


def test_a_pruned_journal_whose_snapshots_cannot_be_read_says_what_to_do(journal: Path) -> None:
    snapshots.write(journal, snapshot_at(journal, 1500), b"\x91\xa5other")
    write_cut(journal, Cut(segment=1, first=0, epoch=1, chain=GENESIS, manifest=HERE))
    with pytest.raises(JournalError, match=r"another version wrote it.* Start the version of sniper that wrote it"):
        recovered(journal)


# ---- where the record says otherwise ----


def tampered(world: World, directory: Path, account: str, *, skip: int = 0) -> int:
    """The journal of a run that gave another reason for one of an account's intents; the number of that record."""
    entries = records(world)
    position, found = 1, 0
    for entry in entries:
        for at, record in enumerate(entry):
            if record.stream == account and record.kind == Kind.FACT:
                fact = decode(record.data)
                if isinstance(fact, f.IntentFormed):
                    found += 1
                    if found == skip + 1:
                        other = msgspec.structs.replace(fact, reason="something else")
                        entry[at] = Record(account, Kind.FACT, encode(other))
                        found_at = position + at
        position += len(entry)
    with Writer(directory) as writer:
        writer.begin_epoch(HERE)
        for entry in entries:
            writer.append(entry)
    return found_at


def book_of_record(directory: Path, account: str) -> Book:
    book = Book(account=account)
    with Reader(directory) as reader:
        for _, record in reader.records():
            if record.kind == Kind.FACT and record.stream == account:
                fact = decode(record.data)
                assert isinstance(fact, f.Fact)
                fold(book, fact)
    return book


@pytest.mark.parametrize("with_snapshot", [False, True])
def test_the_record_stands_for_the_account_that_differs_and_it_is_halted(
    with_snapshot: bool, world: World, tmp_path: Path
) -> None:
    position = tampered(world, tmp_path, "alice", skip=5)
    if with_snapshot:
        assert snapshot_at(tmp_path, position - 20) > 0
    kernel, found = recovered(tmp_path)
    (error,) = found.halted
    assert f"record {position} " in str(error)
    assert "something else" in str(error)
    assert kernel.accounts["alice"].book.halted == str(error)
    ((account, halted),) = kernel.facts
    assert (account, type(halted)) == ("alice", f.Halted)
    expected = book_of_record(tmp_path, "alice")
    fold(expected, halted)
    before = {name: sorted(getattr(expected, name)) for name in ("cash", "positions", "orders", "asks", "pending")}
    book = kernel.accounts["alice"].book
    assert {name: sorted(getattr(book, name)) for name in before} == before
    assert encode(kernel.accounts["bob"].book) == encode(world.kernel.accounts["bob"].book)
    assert kernel.accounts["bob"].exits.guards.keys() == world.kernel.accounts["bob"].exits.guards.keys()


def test_a_halted_account_stays_halted_at_the_next_start_and_is_not_halted_twice(world: World, tmp_path: Path) -> None:
    tampered(world, tmp_path, "bob")
    kernel, _ = recovered(tmp_path)
    with Writer(tmp_path) as writer:
        writer.append([Record(name, Kind.FACT, encode(fact)) for name, fact in kernel.facts])
    again, found = recovered(tmp_path)
    assert again.accounts["bob"].book.halted == kernel.accounts["bob"].book.halted
    assert again.facts == []
    assert len(found.halted) == 1


def test_with_other_code_the_record_stands_and_nobody_is_halted(world: World, tmp_path: Path) -> None:
    tampered(world, tmp_path, "alice")
    kernel, found = recovered(tmp_path, manifest(core={"version": "0.2.0", "code": "def"}))
    assert [each.account for each in found.differing] == ["alice"]
    assert found.halted == []
    assert kernel.accounts["alice"].book.halted == ""
    assert sorted(kernel.accounts["alice"].book.cash) == sorted(book_of_record(tmp_path, "alice").cash)


def test_an_account_that_is_not_configured_any_more_hinders_nobody(world: World, journal: Path) -> None:
    old = wiring()
    kernel, found = recovered(journal, wired=replace(old, accounts=old.accounts[1:]))
    assert encode(kernel.accounts["bob"].book) == encode(world.kernel.accounts["bob"].book)
    assert (found.halted, found.differing) == ([], [])


# ---- events of plugins ----


class Listing(Event, tag="acme.listing/1"):
    symbol: str


class Lister(Strategy):
    config: object
    seen: list[str] = []

    @on(Listing)
    def listed(self, event: Listing, view: View) -> Actions:
        self.seen.append(event.symbol)
        yield from ()


def test_events_that_a_plugin_declares_are_read_and_handled_again(tmp_path: Path) -> None:
    old = wiring()
    bob = old.accounts[1]
    wired = replace(old, accounts=(replace(bob, strategies=(replace(bob.strategies[0], strategy=Lister),)),))
    with Writer(tmp_path) as writer:
        writer.begin_epoch(HERE)
        writer.append([Record("", Kind.INPUT, encode(Listing(time=n, symbol=f"N{n}"))) for n in range(3)])
    kernel, _ = recovered(tmp_path, wired=wired)
    lister = kernel.accounts["bob"].instances["early"].strategy
    assert isinstance(lister, Lister)
    assert lister.seen == ["N0", "N1", "N2"]


def test_an_event_of_a_plugin_that_is_gone_says_which_one_is_missing(tmp_path: Path) -> None:
    plugin = {"distribution": "sniper-feed-acme", "version": "1.4", "code": "x"}
    with Writer(tmp_path) as writer:
        writer.begin_epoch(manifest(plugins={"feed.acme": plugin}))
        writer.append([Record("", Kind.INPUT, msgspec.msgpack.encode(["acme.gone/1", 5]))])
    with pytest.raises(CodecError, match=r"record 1 .*'acme\.gone/1'.*feed\.acme.*sniper-feed-acme==1\.4"):
        recovered(tmp_path)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 300])
def test_a_frame_is_read_as_a_whole_as_its_records_are_one_by_one(count: int, world: World) -> None:
    frame = [record for entry in records(world) for record in entry][:count]
    assert read_records(0, frame) == [decode(record.data) for record in frame]


def test_a_bad_record_in_a_frame_is_named(world: World) -> None:
    frame = [record for entry in records(world) for record in entry][:10]
    frame[7] = Record("", Kind.INPUT, b"\x92\xa7block/1\x05")
    with pytest.raises(CodecError, match="record 107 cannot be read"):
        read_records(100, frame)


def test_copies_of_a_journal_recover_alike(journal: Path, tmp_path: Path) -> None:
    shutil.copytree(journal, tmp_path / "copy")
    assert dump(recovered(journal)[0]) == dump(recovered(tmp_path / "copy")[0])
