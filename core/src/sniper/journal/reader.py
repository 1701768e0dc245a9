"""Reads a journal, also while it is being written."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from sniper.errors import JournalCorrupt, JournalError
from sniper.journal.cut import read_cut
from sniper.journal.segments import (
    FRAME_EXTRA,
    HEADER_SIZE,
    Header,
    Record,
    count_records,
    decode_records,
    frame_size,
    judge_tail,
    list_segments,
    next_chain,
    read_header,
    scan,
    segment_path,
)

__all__ = ["Frame", "Reader", "chain_at", "manifest"]

_CHUNK: Final = 2**18


class Frame(msgspec.Struct, frozen=True):
    """One batch. ``first``: number of its first record; ``segment`` and ``offset``: where it lies."""

    first: int
    records: list[Record]
    epoch: int
    segment: int
    offset: int


class _Segment:
    """One open segment file, read from front to back."""

    def __init__(self, directory: Path, number: int) -> None:
        path = segment_path(directory, number)
        self.name = path.name
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.header: Header = read_header(os.pread(self._fd, HEADER_SIZE, 0), path.name)
        except BaseException:
            self.close()
            raise
        self.seed = self.header.seed
        self.offset = HEADER_SIZE

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def frames(self) -> Iterator[tuple[int, memoryview]]:
        """(offset, payload) of the whole frames that were not read yet."""
        size = _CHUNK
        while True:
            start = self.offset
            data = os.pread(self._fd, size, start)
            for offset, payload in scan(memoryview(data), start, self.seed):
                self.offset = offset + FRAME_EXTRA + len(payload)
                yield offset, payload
            if self.offset > start:
                size = _CHUNK
            elif size < frame_size(data) and len(data) == size:
                size = frame_size(data)
            else:
                return

    def has_ended(self) -> bool:
        """True where a finished segment was read to its last byte."""
        return os.fstat(self._fd).st_size == self.offset

    def frame_follows(self) -> int | None:
        """Offset of a valid frame behind what cannot be read; looks a little ahead only, for this runs at each poll."""
        data = os.pread(self._fd, _CHUNK, self.offset)
        return judge_tail(memoryview(data), self.offset, self.seed).next


class Reader:
    """Iterates over the whole frames from a position to the end; iterate again for what was appended meanwhile.

    It never shows a frame that is not whole. ``position`` is that of the next record. Raises `JournalCorrupt` at a bad
    frame behind which valid ones stand, `JournalError` where the position was pruned or lies behind the end. The latter
    happens to a follower that was shown records which a power cut then took: it keeps `chain_at` beside its position,
    and starts again from the last valid snapshot when that differs.
    """

    def __init__(self, directory: Path, from_: int = 0) -> None:
        self.directory = directory
        self.position = from_
        self._segment: _Segment | None = None
        self._next = 0  # record number of the next frame in the file; less than position while seeking

    def __iter__(self) -> Iterator[Frame]:
        if self._segment is None:
            segment = _holding(self.directory, self.position)
            if segment is None:
                return
            self._segment, self._next = segment, segment.header.first
        while True:
            segment = self._segment
            yield from self._frames(segment)
            # The writer finishes a segment before the next one appears, and nothing is appended to it after that.
            finished = segment_path(self.directory, segment.header.segment + 1).exists()
            follows = None if finished else segment.frame_follows()
            if not finished and follows is None:
                break
            # What could not be read a moment ago may have been in the middle of being written.
            before = segment.offset
            yield from self._frames(segment)
            if finished:
                self._go_on(segment)
            elif segment.offset == before:
                raise JournalCorrupt(
                    f"{segment.name}: byte {before}: changed, for a valid frame follows at byte {follows}; restore "
                    "the file from a backup"
                )
        if self._next < self.position:
            raise JournalError(
                f"{self.directory}: it ends before record {self._next}; no record {self.position} to begin with"
            )

    def records(self) -> Iterator[tuple[int, Record]]:
        """(position, record), one by one."""
        for frame in self:
            yield from enumerate(frame.records, frame.first)

    def close(self) -> None:
        """Idempotent."""
        if self._segment is not None:
            self._segment.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _frames(self, segment: _Segment) -> Iterator[Frame]:
        epoch, number = segment.header.epoch, segment.header.segment
        for offset, payload in segment.frames():
            first = self._next
            if first < self.position and first + count_records(payload) <= self.position:
                self._next += count_records(payload)
                continue
            records = decode_records(payload)
            self._next += len(records)
            if first < self.position:
                records, first = records[self.position - first :], self.position
            self.position = self._next
            yield Frame(first, records, epoch, number, offset)

    def _go_on(self, segment: _Segment) -> None:
        if not segment.has_ended():
            raise JournalCorrupt(
                f"{segment.name}: byte {segment.offset}: changed, for the segment was finished; restore it from backup"
            )
        following = _Segment(self.directory, segment.header.segment + 1)
        segment.close()
        self._segment = following
        if following.header.first != self._next:
            raise JournalCorrupt(
                f"{following.name}: byte 16: it starts with record {following.header.first}, but the segment before it "
                f"ends before record {self._next}; restore both from a backup"
            )


def chain_at(directory: Path, position: int) -> bytes:
    """The chain hash before the record at ``position``, which must be the first of a frame or the end of the journal.

    Raises `JournalError` where it is neither, `JournalCorrupt` at a bad header.
    """
    segment = _holding(directory, position)
    if segment is None:
        raise JournalError(f"{directory}: it is empty, there is no record {position}")
    try:
        number, chain = segment.header.first, segment.header.chain
        if number == position:
            return chain
        for _, payload in segment.frames():
            number, chain = number + count_records(payload), next_chain(chain, payload)
            if number >= position:
                break
    finally:
        segment.close()
    if number != position:
        raise JournalError(f"{segment.name}: no frame ends before record {position}: the nearest position is {number}")
    return chain


def manifest(directory: Path, epoch: int) -> bytes:
    """The manifest with which an epoch began. Raises `JournalError` where the epoch is unknown or was pruned."""
    cut = read_cut(directory)
    if cut is not None and cut.epoch == epoch:
        return cut.manifest
    for number in list_segments(directory):
        segment = _Segment(directory, number)
        try:
            if segment.header.epoch == epoch:
                _, payload = next(segment.frames())
                return decode_records(payload)[0].data
        finally:
            segment.close()
    raise JournalError(f"{directory}: epoch {epoch} is not in this journal: it never began, or was pruned")


def _holding(directory: Path, position: int) -> _Segment | None:
    """The segment in which the record at ``position`` is or will be; None while there is none at all."""
    segments = list_segments(directory)
    for number in reversed(segments):
        segment = _Segment(directory, number)
        if segment.header.first <= position:
            return segment
        segment.close()
    if segments:
        raise JournalError(f"{directory}: the record {position} was pruned; begin at the oldest snapshot")
    if position:
        raise JournalError(f"{directory}: it is empty, there is no record {position}")
    return None
