"""Appends to a journal. The kernel's own thread calls it: a writer thread would wait for the interpreter lock."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sniper.errors import JournalCorrupt, JournalError
from sniper.journal.lock import Lock
from sniper.journal.sealed import sync_directory
from sniper.journal.segments import (
    FRAME_EXTRA,
    GENESIS,
    HEADER_SIZE,
    Header,
    Kind,
    Record,
    count_records,
    encode_records,
    frame_bytes,
    judge_tail,
    list_segments,
    next_chain,
    read_header,
    scan,
    segment_path,
)

__all__ = ["Writer"]

SEGMENT_SIZE: Final = 64 * 2**20


class Writer:
    """The only writer of a journal directory; a lock keeps out a second one.

    Opening recovers: a torn tail is cut off, and ``dropped`` says how many bytes that were. A changed byte raises
    `JournalCorrupt` and nothing is cut. After any error of the disk the writer refuses to go on: what is durable is
    then known only after opening again.
    """

    def __init__(self, directory: Path, segment_size: int = SEGMENT_SIZE, lock: Lock | None = None) -> None:
        """``lock``: of this directory, where it was taken before; the writer lets go of it in the end."""
        self.directory = directory
        self.segment_size = segment_size
        self.position = 0
        """Number of the next record."""
        self.epoch = 0
        """Epoch of the next record; 0 before the first."""
        self.chain = GENESIS
        """Chain hash after the last frame."""
        self.dropped = 0
        """Bytes of a torn tail that opening cut off."""
        self._failed = ""
        self._segment = 0
        self._fd = -1
        self._offset = 0
        self._room = 0
        self._seed = 0
        self.lock = lock or Lock(directory)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, records: Sequence[Record]) -> int:
        """Writes one frame and returns the position of its first record.

        It survives the death of the process at once, and a power cut after the next `sync`. Raises `JournalError` when
        the disk refuses; then nothing of the frame is left.
        """
        if not records:
            raise JournalError("a frame without records cannot be told from none; append at least one")
        if self._failed or self._fd < 0:
            raise JournalError(self._failed or f"{self.directory}: no epoch has begun: call begin_epoch first")
        payload = encode_records(records)
        if self._offset + len(payload) + FRAME_EXTRA > self._room and self._offset > HEADER_SIZE:
            self._rotate(b"", self.epoch)
        frame = frame_bytes(payload, self._seed, self._offset)
        try:
            _write_all(self._fd, frame, self._offset)
        except OSError as error:
            raise self._fail(error, cut=True) from error
        self._offset += len(frame)
        first = self.position
        self.position = first + len(records)
        self.chain = next_chain(self.chain, payload)
        return first

    def sync(self) -> None:
        """Returns when everything that was appended is durable and part of the journal. Raises `JournalError` when that
        cannot be known, and `JournalTaken` where another process has taken over.

        Who takes over breaks the lock first and reads then: what was appended before this looks at the lock is read.
        """
        if self._failed:
            raise JournalError(self._failed)
        if self._fd >= 0:
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                raise self._fail(error, cut=False) from error
            self._still_ours()

    def begin_epoch(self, manifest: bytes) -> int:
        """Starts a segment whose first record (``Kind.MARK``, stream "") is the manifest; durable when it returns.
        Returns the position of that record."""
        if self._failed:
            raise JournalError(self._failed)
        payload = encode_records([Record("", Kind.MARK, manifest)])
        self._rotate(payload, self.epoch + 1)
        first = self.position
        self.position, self.epoch = first + 1, self.epoch + 1
        self.chain = next_chain(self.chain, payload)
        return first

    def close(self) -> None:
        """Syncs, gives back the space that was not used, and lets go of the lock. Idempotent."""
        try:
            if self._fd >= 0 and not self._failed:
                self._finish_segment()
        except OSError as error:
            raise self._fail(error, cut=False) from error
        finally:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1
            self.lock.close()
            self._failed = self._failed or f"{self.directory}: this writer is closed; open another"

    # ---- the files --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.lock.demand()
        for unfinished in self.directory.glob("*.tmp"):
            unfinished.unlink()
        segments = list_segments(self.directory)
        if not segments:
            if (self.directory / "pruned").exists():
                raise JournalCorrupt(
                    f"{self.directory}: it was pruned, but no segment is left; restore it from a backup"
                )
            return
        self._segment = segments[-1]
        path = segment_path(self.directory, self._segment)
        data = path.read_bytes()
        header = read_header(data, path.name)
        self.position, self.epoch, self.chain, self._seed = header.first, header.epoch, header.chain, header.seed
        self._offset = HEADER_SIZE
        view = memoryview(data)
        for offset, payload in scan(view[HEADER_SIZE:], HEADER_SIZE, self._seed):
            self.position += count_records(payload)
            self.chain = next_chain(self.chain, payload)
            self._offset = offset + FRAME_EXTRA + len(payload)
        tail = judge_tail(view[self._offset :], self._offset, self._seed)
        if tail.fault and not tail.torn:
            raise JournalCorrupt(
                f"{path.name}: byte {tail.offset}: {tail.fault}; nothing was cut. Restore the file from a backup, or "
                "move this journal away and start a new one, which reconciles with every venue"
            )
        self.dropped = tail.used - tail.offset
        if self.lock.broken:
            self._replace(path, view[: self._offset])
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            os.ftruncate(self._fd, self._offset)
            os.posix_fallocate(self._fd, 0, max(self.segment_size, self._offset))
            os.fsync(self._fd)
        except OSError as error:
            raise self._fail(error, cut=False) from error
        self._room = max(self.segment_size, self._offset)

    def _replace(self, path: Path, data: memoryview) -> None:
        """Put a copy in the place of a segment that another process can still write to: what it writes is then lost."""
        unfinished = _unfinished(path)
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
            sync_directory(self.directory)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise self._fail(error, cut=False) from error

    def _still_ours(self) -> None:
        try:
            self.lock.demand()
        except JournalError as error:
            self._failed = str(error)
            raise

    def _rotate(self, payload: bytes, epoch: int) -> None:
        """Finishes this segment and starts the next one, with ``payload`` as its first frame unless it is empty."""
        header = Header(self._segment + 1, epoch, self.position, self.chain)
        head = header.encode()
        frame = frame_bytes(payload, header.seed, HEADER_SIZE) if payload else b""
        path = segment_path(self.directory, header.segment)
        unfinished = _unfinished(path)
        fd = -1
        try:
            if self._fd >= 0:
                self._finish_segment()
            fd = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.posix_fallocate(fd, 0, self.segment_size)
            _write_all(fd, head + frame, 0)
            os.fsync(fd)
            # Only now does it get its name: there is never a segment without header, nor an epoch without manifest.
            self._still_ours()
            os.link(unfinished, path)  # and never in the place of another one's
            unfinished.unlink()
            sync_directory(self.directory)
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            unfinished.unlink(missing_ok=True)
            raise error if isinstance(error, JournalError) else self._fail(error, cut=False) from error
        if self._fd >= 0:
            os.close(self._fd)
        self._segment, self._seed, self._fd = header.segment, header.seed, fd
        self._offset, self._room = len(head) + len(frame), max(self.segment_size, len(head) + len(frame))

    def _finish_segment(self) -> None:
        os.ftruncate(self._fd, self._offset)
        os.fsync(self._fd)

    def _fail(self, error: OSError, *, cut: bool) -> JournalError:
        """Ends this writer; ``cut`` takes a half-written frame away again."""
        state = "what was appended since the last sync may be lost"
        if cut:
            try:
                os.ftruncate(self._fd, self._offset)
                state = "the last batch was not written, everything before it is whole"
            except OSError as second:
                state = f"the last batch is torn and could not be cut ({second.strerror}); opening again does it"
        self._failed = (
            f"{self.directory}: {error.strerror or error}: {state}. Free space or repair the disk, then start again; "
            "this process must not decide anything further"
        )
        return JournalError(self._failed)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.stem}.{os.getpid()}.tmp")


def _write_all(fd: int, data: bytes, offset: int) -> None:
    done = os.pwrite(fd, data, offset)
    while done < len(data):  # a disk that fills up takes a part first, and refuses the rest
        done += os.pwrite(fd, data[done:], offset + done)
