"""Writing, reading, following, epochs, snapshots, pruning and exporting a journal."""

import errno
import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper import codec
from sniper.errors import JournalCorrupt, JournalError
from sniper.journal import Kind, Reader, Record, Writer, chain_at, export, manifest, prune, snapshots, verify
from sniper.journal.segments import GENESIS, encode_records, next_chain, segment_path
from sniper.plugin import Frozen


class Note(Frozen, tag="journal-note/1"):
    number: int
    text: str = ""


def records(start: int, count: int = 1, size: int = 0) -> list[Record]:
    notes = [Note(number=n, text="x" * size) for n in range(start, start + count)]
    return [Record("main" if n.number % 2 else "", Kind.INPUT, codec.encode(n)) for n in notes]


def filled(directory: Path, batches: int = 10, segment_size: int = 600, size: int = 40) -> Writer:
    """A journal of one epoch with two records a batch in several small segments; the writer is still open."""
    writer = Writer(directory, segment_size=segment_size)
    writer.begin_epoch(b"manifest 1")
    for _ in range(batches):
        writer.append(records(writer.position, 2, size))
    writer.sync()
    return writer


def numbers(directory: Path, from_: int = 0) -> list[int]:
    with Reader(directory, from_) as reader:
        return [position for position, _ in reader.records()]


def test_what_is_appended_is_read_in_order_across_segments(tmp_path: Path) -> None:
    with filled(tmp_path) as writer:
        end = writer.position
    assert len(list(tmp_path.glob("*.seg"))) > 2
    with Reader(tmp_path) as reader:
        read = list(reader.records())
    assert [position for position, _ in read] == list(range(end)) == list(range(21))
    assert read[0][1] == Record("", Kind.MARK, b"manifest 1")
    assert [record for _, record in read[1:]] == records(1, 20, 40)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=90), min_size=1, max_size=4), max_size=12), st.data())
def test_any_batches_are_read_from_any_position(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    written = [Record("", Kind.MARK, b"m")]
    with Writer(directory, segment_size=300) as writer:
        writer.begin_epoch(b"m")
        for batch in batches:
            if data.draw(st.booleans()):
                writer.close()
                writer = Writer(directory, segment_size=300)
                assert writer.dropped == 0
            frame = [Record("", Kind.FACT, one) for one in batch]
            assert writer.append(frame) == len(written)
            written += frame
        writer.close()
    start = data.draw(st.integers(0, len(written)))
    with Reader(directory, start) as reader:
        assert list(reader.records()) == list(enumerate(written[start:], start))
    report = verify(directory)
    assert (report.ok, report.position, report.frames) == (True, len(written), len(batches) + 1)


def test_a_reader_follows_a_live_journal(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert list(reader) == []
    writer = Writer(tmp_path, segment_size=400)
    assert list(reader) == []
    writer.begin_epoch(b"m")
    seen = [position for position, _ in reader.records()]
    for _ in range(20):
        writer.append(records(writer.position, 3, 30))
        seen += [position for position, _ in reader.records()]
        assert seen == list(range(writer.position))
        assert list(reader) == []
    writer.begin_epoch(b"m2")
    assert [frame.epoch for frame in reader] == [2]
    writer.close()
    assert list(reader) == []
    reader.close()


def test_frames_of_any_size_are_read(tmp_path: Path) -> None:
    written = [Record("", Kind.MARK, b"m")]
    with Writer(tmp_path, segment_size=500_000) as writer:
        writer.begin_epoch(b"m")
        for size in (10, 300_000, 0, 2_000_000, 1000, 200_000, 200_000, 262_144):
            frame = [Record("", Kind.INPUT, bytes([size % 251]) * size)] * 2
            writer.append(frame)
            written += frame
        with Reader(tmp_path) as reader:
            assert [record for _, record in reader.records()] == written
    with Reader(tmp_path) as reader:
        assert [record for _, record in reader.records()] == written
    assert verify(tmp_path).ok


def test_a_frame_that_arrives_just_before_the_next_segment_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled(tmp_path, batches=1) as writer, Reader(tmp_path) as reader:
        assert len(list(reader)) == 2
        exists = Path.exists

        def late(path: Path) -> bool:
            monkeypatch.undo()
            writer.append(records(writer.position))
            writer.begin_epoch(b"m2")
            return exists(path)

        monkeypatch.setattr(Path, "exists", late)
        assert [frame.first for frame in reader] == [3, 4]


def test_a_reader_stops_before_a_frame_that_is_being_written(tmp_path: Path) -> None:
    with filled(tmp_path, segment_size=10_000) as writer:
        end, path = writer.position, segment_path(tmp_path, 1)
        with Reader(tmp_path) as reader:
            assert sum(len(frame.records) for frame in reader) == end
            size = os.stat(path).st_size
            offset = len(path.read_bytes().rstrip(b"\0"))
            writer.append(records(end, 5, 50))
            whole = path.read_bytes()
            for cut in range(offset, len(whole.rstrip(b"\0"))):
                path.write_bytes(whole[:cut].ljust(size, b"\0"))
                assert list(reader) == []
            path.write_bytes(whole)
            assert [position for position, _ in reader.records()] == list(range(end, end + 5))


def test_a_reader_reports_a_bad_frame_that_valid_ones_follow(tmp_path: Path) -> None:
    filled(tmp_path, segment_size=10_000).close()
    path = segment_path(tmp_path, 1)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalCorrupt, match=r"00000001\.seg: byte \d+: changed"):
        numbers(tmp_path)


def test_a_position_that_the_journal_does_not_have_is_an_error(tmp_path: Path) -> None:
    filled(tmp_path).close()
    assert numbers(tmp_path, 21) == []
    with pytest.raises(JournalError, match="no record 22"):
        numbers(tmp_path, 22)
    with pytest.raises(JournalError, match="no journal here"):
        numbers(tmp_path / "elsewhere")


def test_two_writers_are_kept_apart(tmp_path: Path) -> None:
    with filled(tmp_path), pytest.raises(JournalError, match="another process"):
        Writer(tmp_path)
    Writer(tmp_path).close()


def test_an_epoch_begins_with_its_manifest_and_survives_reopening(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        with pytest.raises(JournalError, match="begin_epoch"):
            writer.append(records(0))
        assert writer.begin_epoch(b"one") == 0
        writer.append(records(1))
        assert writer.begin_epoch(b"two") == 2
    with Writer(tmp_path) as writer:
        assert (writer.epoch, writer.position) == (2, 3)
        writer.append(records(3))
    assert [(frame.epoch, frame.first) for frame in Reader(tmp_path)] == [(1, 0), (1, 1), (2, 2), (2, 3)]
    assert (manifest(tmp_path, 1), manifest(tmp_path, 2)) == (b"one", b"two")
    with pytest.raises(JournalError, match="epoch 3"):
        manifest(tmp_path, 3)


def test_the_chain_goes_through_every_frame_and_survives_reopening(tmp_path: Path) -> None:
    writer = filled(tmp_path)
    head, end = writer.chain, writer.position
    writer.close()
    assert chain_at(tmp_path, 0) == GENESIS
    assert chain_at(tmp_path, end) == verify(tmp_path).chain == head
    with Writer(tmp_path, segment_size=600) as writer:
        assert writer.chain == head
    chain = GENESIS
    for frame in Reader(tmp_path):
        assert chain_at(tmp_path, frame.first) == chain
        chain = next_chain(chain, encode_records(frame.records))
    assert chain == head
    with pytest.raises(JournalError, match="no frame ends"):
        chain_at(tmp_path, 2)


def test_every_torn_tail_is_cut_at_the_last_whole_frame(tmp_path: Path) -> None:
    writer = filled(tmp_path / "whole", batches=3, segment_size=4096)
    path, before = segment_path(tmp_path / "whole", 1), writer.position
    kept = len(path.read_bytes().rstrip(b"\0"))
    writer.append(records(before, 4, 30))
    whole = path.read_bytes()
    writer.close()
    torn = tmp_path / "torn"
    torn.mkdir()
    for cut in range(kept, len(whole.rstrip(b"\0"))):
        for tail in (whole[:cut], whole[:cut].ljust(len(whole), b"\0")):
            segment_path(torn, 1).write_bytes(tail)
            left = len(tail.rstrip(b"\0")) - kept
            assert verify(torn).torn == max(left, 0)
            with Writer(torn, segment_size=4096) as again:
                assert (again.position, again.dropped) == (before, max(left, 0))
                again.append(records(before))
            assert numbers(torn) == list(range(before + 1))
            assert verify(torn).ok


def test_a_disk_that_fills_up_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = filled(tmp_path, segment_size=10_000)
    end, chain = writer.position, writer.chain
    write = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        if len(data) > 100:
            return write(fd, data[:100], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(JournalError, match=r"No space left.*Free space"):
        writer.append(records(end, 3, 20))
    monkeypatch.undo()
    assert (writer.position, writer.chain) == (end, chain)
    assert verify(tmp_path).ok
    for refuse in (lambda: writer.append(records(end)), writer.sync, lambda: writer.begin_epoch(b"m")):
        with pytest.raises(JournalError, match="No space left"):
            refuse()
    writer.close()
    with Writer(tmp_path) as again:
        assert (again.position, again.chain, again.dropped) == (end, chain, 0)


def test_a_failed_barrier_ends_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = filled(tmp_path)

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(JournalError, match="may be lost"):
        writer.sync()
    monkeypatch.undo()
    with pytest.raises(JournalError, match="Input/output error"):
        writer.append(records(0))
    writer.close()


FULL_CHILD = """
import resource, sys
from pathlib import Path
from sniper.errors import JournalError
from sniper.journal import Kind, Record, Writer
writer = Writer(Path(sys.argv[1]), segment_size=20_000)
writer.begin_epoch(b"m")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    while True:
        writer.append([Record("", Kind.INPUT, bytes(3000))])
        print(writer.position, flush=True)
except JournalError as error:
    print(error, file=sys.stderr)
"""


@pytest.mark.parametrize("limit", [10_000, 19_999])
def test_a_real_limit_of_the_system_stops_the_writer_and_loses_nothing(tmp_path: Path, limit: int) -> None:
    assert resource.RLIM_INFINITY is not None
    done = subprocess.run([sys.executable, "-c", FULL_CHILD, str(tmp_path), str(limit)], capture_output=True, text=True)
    assert "Free space" in done.stderr
    report = verify(tmp_path)
    assert report.ok
    assert report.position == int(done.stdout.split()[-1])
    with Writer(tmp_path, segment_size=20_000) as again:
        assert (again.position, again.dropped) == (report.position, 0)
        again.append(records(0))


def test_the_newest_valid_snapshot_is_used_and_broken_ones_are_named(tmp_path: Path) -> None:
    with filled(tmp_path) as writer:
        assert snapshots.newest(tmp_path) == (None, [])
        snapshots.write(tmp_path, 5, b"old")
        path = snapshots.write(tmp_path, writer.position, b"new")
        newest, skipped = snapshots.newest(tmp_path)
        assert newest is not None
        assert (newest.position, newest.state, skipped) == (writer.position, b"new", [])
        whole = path.read_bytes()
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
            newest, skipped = snapshots.newest(tmp_path)
            assert newest is not None
            assert newest.state == b"old"
            assert path.name in skipped[0]
            assert verify(tmp_path).problems[0].file == path.name
        path.write_bytes(whole)
        with pytest.raises(JournalError, match="no frame ends"):
            snapshots.write(tmp_path, 4, b"in the middle of a batch")


def test_a_snapshot_of_another_history_is_not_used(tmp_path: Path) -> None:
    for name, size in (("a", 40), ("b", 41)):
        filled(tmp_path / name, size=size).close()
    path = snapshots.write(tmp_path / "a", 11, b"state")
    (tmp_path / "b" / path.name).write_bytes(path.read_bytes())
    newest, skipped = snapshots.newest(tmp_path / "b")
    assert newest is None
    assert "another history" in skipped[0]
    assert "another history" in verify(tmp_path / "b").problems[0].what


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path).close()
    snapshots.write(tmp_path, 21, b"first")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshots.write(tmp_path, 21, b"second")
    monkeypatch.undo()
    newest, _ = snapshots.newest(tmp_path)
    assert newest is not None
    assert newest.state == b"first"
    assert not list(tmp_path.glob("*.new"))


def test_pruning_removes_only_what_a_snapshot_covers_and_the_rest_verifies(tmp_path: Path) -> None:
    writer = filled(tmp_path, batches=30)
    with pytest.raises(JournalError, match="no valid snapshot"):
        prune(tmp_path)
    head, end = writer.chain, writer.position
    snapshots.write(tmp_path, 3, b"early")
    snapshots.write(tmp_path, 31, b"state")
    firsts = {number: _first(tmp_path, number) for number in range(1, len(list(tmp_path.glob("*.seg"))) + 1)}
    removed = prune(tmp_path, keep=2)
    assert removed == [n for n in firsts if n + 1 in firsts and firsts[n + 1] <= 31]
    assert removed
    cut = firsts[removed[-1] + 1]
    report = verify(tmp_path)
    assert (report.ok, report.first, report.position, report.chain) == (True, cut, end, head)
    assert [path.name for path in snapshots.list_snapshots(tmp_path)] == ["snapshot-31.snap"]
    assert manifest(tmp_path, 1) == b"manifest 1"
    assert numbers(tmp_path, cut) == list(range(cut, end))
    with pytest.raises(JournalError, match="was pruned"):
        numbers(tmp_path, cut - 1)
    assert prune(tmp_path, keep=2) == []
    writer.append(records(end))
    snapshots.write(tmp_path, end, b"late")
    assert prune(tmp_path, keep=1)
    assert verify(tmp_path).ok
    writer.close()
    with Writer(tmp_path) as again:
        assert again.position == end + 1


def test_the_newest_segments_are_kept_whatever_is_covered(tmp_path: Path) -> None:
    with filled(tmp_path, batches=30) as writer:
        snapshots.write(tmp_path, writer.position, b"all")
        before = sorted(tmp_path.glob("*.seg"))
        prune(tmp_path, keep=3)
        assert sorted(tmp_path.glob("*.seg")) == before[-3:]
        with pytest.raises(JournalError, match="at least 1"):
            prune(tmp_path, keep=0)


def test_a_crash_while_pruning_is_finished_by_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, batches=30).close()
    snapshots.write(tmp_path, 61, b"all")
    unlink = Path.unlink

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path.name == "00000003.seg":
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", crash)
    with pytest.raises(KeyboardInterrupt):
        prune(tmp_path)
    monkeypatch.undo()
    assert not segment_path(tmp_path, 1).exists()
    assert verify(tmp_path).ok
    assert 3 in prune(tmp_path)
    assert verify(tmp_path).ok


def test_an_export_holds_every_record_as_json(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        writer.begin_epoch(b"\x01")
        writer.append([Record("main", Kind.FACT, codec.encode(Note(number=2**60, text="é")))])
    codec.register(Note)
    out = io.StringIO()
    assert export(tmp_path, out, codec.decode) == 2
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert first["undecoded"] == "0x01"
    assert "starts with a tag" in first["reason"]
    assert second == {
        "record": 1,
        "epoch": 1,
        "stream": "main",
        "kind": "fact",
        "data": {"type": "journal-note/1", "number": str(2**60), "text": "é"},
    }


def _first(directory: Path, number: int) -> int:
    return int.from_bytes(segment_path(directory, number).read_bytes()[16:24], "little")
