"""What damage is seen: every byte, every missing or moved piece; and what a crash may not take."""

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sniper.errors import JournalCorrupt
from sniper.journal import Kind, Reader, Record, Writer, snapshots, verify
from sniper.journal.segments import HEADER_SIZE, frame_size, segment_path


def build(directory: Path) -> None:
    """Three segments, two epochs; the last one with unused space behind it, as a killed writer leaves it."""
    writer = Writer(directory, segment_size=260)
    writer.begin_epoch(b"one")
    for n in range(6):
        writer.append([Record("", Kind.INPUT, bytes([n, 0, 0])), Record("main", Kind.FACT, b"f" * n)])
    writer.begin_epoch(b"two")
    writer.append([Record("main", Kind.FACT, bytes(3))])
    live = {path: path.read_bytes() for path in directory.glob("*.seg")}
    writer.close()
    for path, data in live.items():
        path.write_bytes(data)


def frames(data: bytes) -> list[tuple[int, int]]:
    """(start, end) of the header, of each frame, and of what is behind the last one."""
    spans, at = [(0, HEADER_SIZE)], HEADER_SIZE
    while size := frame_size(data[at : at + 12]):
        spans.append((at, at + size))
        at += size
    return [*spans, (at, len(data))]


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_every_changed_byte_is_reported_with_segment_and_position(tmp_path: Path, mask: int) -> None:
    build(tmp_path)
    assert verify(tmp_path).ok
    paths = sorted(tmp_path.glob("*.seg"))
    assert len(paths) == 3
    for path in paths:
        whole = path.read_bytes()
        for start, end in frames(whole):
            for at in range(start, end):
                path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
                found = verify(tmp_path).problems
                assert found, (path.name, at)
                assert found[0].file == path.name, (path.name, at)
                assert start <= found[0].offset <= at, (path.name, at, found)
        path.write_bytes(whole)
    assert verify(tmp_path).ok


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_a_changed_byte_in_the_last_frame_is_not_taken_for_a_torn_tail(tmp_path: Path, mask: int) -> None:
    build(tmp_path)
    path = segment_path(tmp_path, 3)
    whole = path.read_bytes()
    for start, end in frames(whole)[:-1]:
        for at in range(start, end):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
            with pytest.raises(JournalCorrupt, match=r"00000003\.seg: byte"):
                Writer(tmp_path)
    path.write_bytes(whole)
    Writer(tmp_path).close()


def test_a_bad_frame_in_a_finished_segment_is_corruption_for_reader_and_verify(tmp_path: Path) -> None:
    build(tmp_path)
    path = segment_path(tmp_path, 1)
    start, end = frames(path.read_bytes())[-2]
    path.write_bytes(path.read_bytes()[: end - 3])
    problem = verify(tmp_path).problems[0]
    assert (problem.file, problem.offset) == (path.name, start)
    with pytest.raises(JournalCorrupt, match=f"byte {start}"):
        list(Reader(tmp_path))


def test_whole_frames_that_are_missing_moved_or_doubled_are_reported(tmp_path: Path) -> None:
    build(tmp_path)
    path = segment_path(tmp_path, 1)
    whole = path.read_bytes()
    (_, head), (a, b), (_, c), (_, d), *_ = frames(whole)
    assert head == a
    pieces = {
        "a frame is missing": whole[:b] + whole[c:],
        "the last frame is missing": whole[: frames(whole)[-2][0]],
        "two frames changed places": whole[:b] + whole[c:d] + whole[b:c] + whole[d:],
        "a frame stands twice": whole[:c] + whole[b:c] + whole[c:],
        "zeros stand behind a finished segment": whole + bytes(8),
    }
    for what, data in pieces.items():
        path.write_bytes(data)
        assert not verify(tmp_path).ok, what
        with pytest.raises(JournalCorrupt):
            list(Reader(tmp_path))
    path.write_bytes(whole)
    shutil.copy(segment_path(tmp_path, 2), tmp_path / "kept")
    segment_path(tmp_path, 2).unlink()
    assert verify(tmp_path).problems[0].what == "this segment is missing"
    shutil.copy(path, segment_path(tmp_path, 2))
    assert "give it its name back" in verify(tmp_path).problems[0].what


def test_a_rewritten_history_with_valid_checksums_breaks_the_chain(tmp_path: Path) -> None:
    for name, word in (("true", b"f"), ("false", b"g")):
        writer = Writer(tmp_path / name, segment_size=10_000)
        writer.begin_epoch(b"one")
        writer.append([Record("", Kind.FACT, word)])
        writer.begin_epoch(b"two")
        writer.close()
    shutil.copy(segment_path(tmp_path / "false", 1), segment_path(tmp_path / "true", 1))
    problem = verify(tmp_path / "true").problems[0]
    assert problem.file == "00000002.seg"
    assert "chain breaks" in problem.what


def test_sectors_that_never_reached_the_disk_are_a_torn_tail(tmp_path: Path) -> None:
    with Writer(tmp_path, segment_size=10_000) as writer:
        writer.begin_epoch(b"m")
        writer.append([Record("", Kind.INPUT, b"x" * 4000)])
        data = bytearray(segment_path(tmp_path, 1).read_bytes())
    data[1024:1536] = bytes(512)
    segment_path(tmp_path, 1).write_bytes(data)
    with Writer(tmp_path) as writer:
        assert writer.position == 1
        assert writer.dropped > 4000


CHILD = """
import sys
from pathlib import Path
from sniper.journal import Kind, Record, Writer
writer = Writer(Path(sys.argv[1]), segment_size=30_000)
print("open", writer.position, writer.dropped, flush=True)
if not writer.epoch:
    writer.begin_epoch(b"m")
batch = 0
while True:
    batch += 1
    n = writer.position
    size = n * 7919 % 9000
    writer.append([Record("", Kind.INPUT, b"%d:" % (n + i) + b"x" * size) for i in range(1 + n % 5)])
    if batch % 3 == 0:
        writer.sync()
        print("synced", writer.position, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_had_acknowledged(tmp_path: Path) -> None:
    rounds = random.Random(7)
    acknowledged = 0
    for _ in range(12):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        opened = child.stdout.readline().split()
        assert int(opened[1]) >= acknowledged
        for _ in range(rounds.randrange(1, 120)):
            acknowledged = int(child.stdout.readline().split()[1])
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split(b"\n")  # acknowledged before it died, read after
        whole = [line for line in rest[:-1] if line]
        acknowledged = int(whole[-1].split()[1]) if whole else acknowledged
        child.wait()
        child.stdout.close()
        with Reader(tmp_path) as reader:
            read = list(reader.records())
        assert len(read) >= acknowledged
        for position, record in read[1:]:
            assert record.data.startswith(b"%d:" % position)
    with Writer(tmp_path, segment_size=30_000) as writer:
        assert writer.position >= acknowledged
    assert verify(tmp_path).ok


def test_leftovers_of_a_crash_between_files_are_cleared(tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "00000004.tmp").write_bytes(b"half a header")
    snapshots.write(tmp_path, 3, b"s")
    with Writer(tmp_path, segment_size=260) as writer:
        writer.begin_epoch(b"three")
    assert not list(tmp_path.glob("*.tmp"))
    assert verify(tmp_path).ok
