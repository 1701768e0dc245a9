"""Removes the oldest segments of a journal."""

from pathlib import Path

from sniper.errors import JournalError
from sniper.journal import snapshots
from sniper.journal.cut import Cut, read_cut, write_cut
from sniper.journal.reader import manifest
from sniper.journal.sealed import sync_directory
from sniper.journal.segments import HEADER_SIZE, Header, list_segments, read_header, segment_path

__all__ = ["prune"]


def prune(directory: Path, keep: int = 2) -> list[int]:
    """Removes whole segments that lie before the newest valid snapshot, but keeps the newest ``keep``; returns which.

    A marker keeps the chain hash at the cut, so that the rest still verifies, and the manifest of the epoch. It may run
    beside a writer. Older snapshots go with their segments. Raises `JournalError` where there is no valid snapshot.
    """
    if keep < 1:
        raise JournalError(f"keep must be at least 1 segment, not {keep}: the last one is being written")
    snapshot, skipped = snapshots.newest(directory)
    if snapshot is None:
        raise JournalError("; ".join([f"{directory}: nothing is covered: there is no valid snapshot", *skipped]))
    segments = list_segments(directory)
    first_kept = segments[0]
    for number in segments[: len(segments) - keep + 1]:
        if _header(directory, number).first <= snapshot.position:
            first_kept = number
    removed = [number for number in segments if number < first_kept]
    if not removed:
        return []
    header = _header(directory, first_kept)
    cut = read_cut(directory)
    if cut is None or cut.segment < first_kept:
        kept = manifest(directory, header.epoch)
        # Before the first removal: whatever a crash leaves of the old segments, the rest verifies.
        write_cut(directory, Cut(first_kept, header.first, header.epoch, header.chain, kept))
    for path in snapshots.list_snapshots(directory):
        if snapshots.position_of(path) < header.first:
            path.unlink()
    for number in removed:
        segment_path(directory, number).unlink()
    sync_directory(directory)
    return removed


def _header(directory: Path, number: int) -> Header:
    path = segment_path(directory, number)
    with path.open("rb") as file:
        return read_header(file.read(HEADER_SIZE), path.name)
