"""Proves that a journal is what was written: every byte of every file, and the chain through all of it."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from sniper.errors import JournalCorrupt
from sniper.journal import snapshots
from sniper.journal.cut import NAME, Cut, read_cut
from sniper.journal.segments import (
    FRAME_EXTRA,
    GENESIS,
    HEADER_SIZE,
    count_records,
    judge_tail,
    list_segments,
    next_chain,
    read_header,
    scan,
    segment_path,
)

__all__ = ["Problem", "Report", "verify"]


class Problem(msgspec.Struct, frozen=True):
    """``offset``: where the header or frame begins that is wrong, or the first byte that should not be there."""

    file: str
    offset: int
    what: str


class Report(msgspec.Struct):
    """``first`` and ``position``: numbers of the first record and the one after the last.

    chain  Hash at the end: who kept or signed it elsewhere proves with it that nothing was cut off either.
    torn   Bytes of an unfinished frame at the end, which the next open drops.
    """

    first: int = 0
    position: int = 0
    segments: int = 0
    frames: int = 0
    epochs: int = 0
    size: int = 0
    chain: bytes = GENESIS
    torn: int = 0
    problems: list[Problem] = []

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(directory: Path, progress: Callable[[int, int], None] | None = None) -> Report:
    """Reads everything. ``progress`` is called with (segments done, segments).

    A torn tail is a problem too: without its writer, nobody can tell whether it was waited for. Goes on with the next
    segment after a bad frame. Raises `JournalError` where there is no journal.
    """
    report = Report()
    segments = list_segments(directory)
    snapshot_chains = _snapshots(directory, report)
    cut = _cut(directory, report)
    chain: bytes | None = GENESIS
    expected = 1
    if cut is not None:
        expected, report.first, report.position, chain = cut.segment, cut.first, cut.first, cut.chain
        # A crash while pruning may leave segments before the cut.
        segments = [number for number in segments if number >= cut.segment]
    epoch = 0
    for done, number in enumerate(segments):
        if number != expected:
            report.problems.append(Problem(segment_path(directory, expected).name, 0, "this segment is missing"))
            chain = None
        expected = number + 1
        path = segment_path(directory, number)
        data = path.read_bytes()
        report.segments += 1
        report.size += len(data)
        try:
            header = read_header(data, path.name)
        except JournalCorrupt as error:
            report.problems.append(Problem(path.name, 0, str(error)))
            chain = None
            continue
        if chain is not None and (header.chain, header.first) != (chain, report.position):
            what = f"the chain breaks: it does not go on from record {report.position} of the segment before"
            report.problems.append(Problem(path.name, 0, what))
        report.epochs += header.epoch != epoch
        epoch, chain, report.position = header.epoch, header.chain, header.first
        end = HEADER_SIZE
        for offset, payload in scan(memoryview(data)[HEADER_SIZE:], HEADER_SIZE, header.seed):
            _check_snapshot(snapshot_chains, report, chain)
            report.frames += 1
            report.position += count_records(payload)
            chain = next_chain(chain, payload)
            end = offset + FRAME_EXTRA + len(payload)
        _check_snapshot(snapshot_chains, report, chain)
        tail = judge_tail(memoryview(data)[end:], end, header.seed)
        if tail.fault:
            report.problems.append(Problem(path.name, end, tail.fault))
            report.torn = tail.used - end if tail.torn and number == segments[-1] else 0
        elif end < len(data) and number != segments[-1]:
            report.problems.append(Problem(path.name, end, "the segment was finished, yet zeros stand behind it"))
        if tail.fault:
            chain = None
        else:
            report.chain = chain
        if progress is not None:
            progress(done + 1, len(segments))
    for position in snapshot_chains:
        report.problems.append(Problem(f"snapshot-{position}.snap", 0, "the journal has no such position"))
    return report


def _cut(directory: Path, report: Report) -> Cut | None:
    try:
        return read_cut(directory)
    except JournalCorrupt as error:
        report.problems.append(Problem(NAME, 0, str(error)))
        return None


def _snapshots(directory: Path, report: Report) -> dict[int, bytes]:
    """Chain hash of each snapshot that can be read, by position."""
    chains = {}
    for path in snapshots.list_snapshots(directory):
        try:
            chains[snapshots.position_of(path)] = snapshots.load(path).chain
        except JournalCorrupt as error:
            report.problems.append(Problem(path.name, 0, str(error)))
    return chains


def _check_snapshot(chains: dict[int, bytes], report: Report, chain: bytes) -> None:
    if chains.pop(report.position, chain) != chain:
        what = "it belongs to another history: its chain hash is not the journal's"
        report.problems.append(Problem(f"snapshot-{report.position}.snap", 0, what))
