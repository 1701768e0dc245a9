"""What a segment file looks like, byte by byte.

A journal is a directory of files ``00000001.seg``, ``00000002.seg``, …. All integers are little-endian.

======  =====  =========================================================================================
header  bytes
======  =====  =========================================================================================
0       8      magic ``SNIPERJ\\x01``; the last byte is the format version
8       4      segment number, as in the file's name
12      4      epoch number, from 1
16      8      number of the first record
24      32     chain hash before the first frame
56      4      CRC-32 of the 56 bytes before
======  =====  =========================================================================================

=======  =====  ========================================================================================
frame    bytes
=======  =====  ========================================================================================
0        4      length n of the payload
4        4      the same, every bit inverted
8        4      CRC-32 of the payload, seeded with the header's CRC xor the frame's offset
12       n      payload: msgpack array of records ``[stream, kind, data]``
12 + n   1      ``0xC1``, a byte that msgpack never uses
=======  =====  ========================================================================================

Why each: the second length tells a changed header from one that was never finished. The seed binds a frame to its
place, so that one that was moved, doubled or left over from elsewhere is not valid. The last byte is not zero, and the
space that is not used yet is: a frame whose end is missing is told from one that merely ends in zeros. Together they
tell a **torn tail** (the process died in the middle of a write; dropped at the next open) from a **changed byte**
(never dropped).

The chain: ``h(n) = sha256(h(n-1) + payload)``, one step per frame and not per record. A frame is what becomes durable
together, and one hash of a batch costs a tenth of a hash per record. It is not stored with each frame: each segment's
header, each snapshot and the pruned marker hold it, and `verify` computes what is between.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from sniper.errors import JournalCorrupt, JournalError

MAGIC: Final = b"SNIPERJ\x01"
GENESIS: Final = bytes(32)
"""The chain hash before the first record of a journal."""

_HEADER = struct.Struct("<8sIIQ32s")
HEADER_SIZE: Final = _HEADER.size + 4
_FRAME = struct.Struct("<III")
FRAME_HEADER: Final = _FRAME.size
FRAME_EXTRA: Final = FRAME_HEADER + 1
END: Final = b"\xc1"
_END_BYTE: Final = END[0]
_ALL: Final = 0xFFFFFFFF
MAX_PAYLOAD: Final = 2**30
_SECTOR: Final = 512
"""What a disk writes as a whole, bytes."""
_NAME = re.compile(r"(\d{8})\.seg")


class Kind(IntEnum):
    """What a record is."""

    INPUT = 1
    """An event that entered the kernel."""
    FACT = 2
    """A decision that the kernel took."""
    MARK = 3
    """A note about the record itself: a manifest, a signed chain head."""


class Record(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """``stream``: account id, or "" for shared market data. ``data``: an encoded struct."""

    stream: str
    kind: int
    data: bytes


encode_records = msgspec.msgpack.Encoder().encode
decode_records = msgspec.msgpack.Decoder(list[Record]).decode


class Header(NamedTuple):
    """The first bytes of a segment."""

    segment: int
    epoch: int
    first: int
    chain: bytes

    def encode(self) -> bytes:
        body = _HEADER.pack(MAGIC, self.segment, self.epoch, self.first, self.chain)
        return body + zlib.crc32(body).to_bytes(4, "little")

    @property
    def seed(self) -> int:
        return zlib.crc32(self.encode()[:-4])


def read_header(data: bytes, name: str) -> Header:
    """Raises `JournalCorrupt`."""
    body = data[: _HEADER.size]
    if len(data) < HEADER_SIZE or zlib.crc32(body).to_bytes(4, "little") != data[_HEADER.size : HEADER_SIZE]:
        raise JournalCorrupt(f"{name}: byte 0: the header is not what was written; restore this file from a backup")
    magic, segment, epoch, first, chain = _HEADER.unpack(body)
    if magic != MAGIC:
        raise JournalCorrupt(f"{name}: byte 0: {magic!r} is not the magic {MAGIC!r} of this version's segments")
    if name != segment_name(segment):
        raise JournalCorrupt(f"{name}: byte 8: it is segment {segment} by its header; give it its name back")
    return Header(segment, epoch, first, chain)


def segment_name(segment: int) -> str:
    return f"{segment:08d}.seg"


def segment_path(directory: Path, segment: int) -> Path:
    return directory / segment_name(segment)


def list_segments(directory: Path) -> list[int]:
    """The numbers of the segment files that are there, ascending."""
    try:
        found = [_NAME.fullmatch(path.name) for path in directory.iterdir()]
    except FileNotFoundError as error:
        raise JournalError(f"{directory}: there is no journal here; check the path of the run") from error
    return sorted(int(match[1]) for match in found if match)


def next_chain(chain: bytes, payload: bytes | memoryview) -> bytes:
    digest = sha256(chain)
    digest.update(payload)
    return digest.digest()


def frame_bytes(payload: bytes, seed: int, offset: int) -> bytes:
    """A whole frame, for this offset of the segment with this seed."""
    n = len(payload)
    if n > MAX_PAYLOAD:
        raise JournalError(f"a batch of {n} bytes is more than the {MAX_PAYLOAD} of one frame; append it in parts")
    return _FRAME.pack(n, n ^ _ALL, zlib.crc32(payload, seed ^ offset)) + payload + END


def scan(data: memoryview, base: int, seed: int) -> Iterator[tuple[int, memoryview]]:
    """(offset, payload) of each whole frame from the start of ``data``, which lies at offset ``base`` of its segment.

    Stops before the first byte that belongs to none."""
    unpack, crc32, size = _FRAME.unpack_from, zlib.crc32, len(data)
    at = 0
    while at + FRAME_EXTRA <= size:
        n, inverted, crc = unpack(data, at)
        end = at + FRAME_HEADER + n
        if n ^ inverted != _ALL or end >= size or data[end] != _END_BYTE:
            return
        payload = data[at + FRAME_HEADER : end]
        if crc32(payload, seed ^ (at + base)) != crc:
            return
        yield at + base, payload
        at = end + 1


def count_records(payload: memoryview) -> int:
    """How many records a payload holds, from the head of its msgpack array."""
    head = payload[0]
    if 0x90 <= head <= 0x9F:
        return head & 0x0F
    return int.from_bytes(payload[1 : 3 if head == 0xDC else 5], "big")


def frame_size(data: bytes | memoryview) -> int:
    """Size of the frame that starts here, by its header; 0 where there is no header."""
    if len(data) < FRAME_HEADER:
        return 0
    n, inverted, _ = _FRAME.unpack_from(data)
    return n + FRAME_EXTRA if n ^ inverted == _ALL else 0


class Tail(NamedTuple):
    """What stands after the last whole frame of a segment.

    used   Offset after the last byte that is not zero.
    fault  "" at a clean end; else what is wrong.
    torn   It is what a crash in the middle of a write leaves behind.
    next   Offset of the next valid frame, if there is one.
    """

    offset: int
    used: int
    fault: str = ""
    torn: bool = False
    next: int | None = None


def judge_tail(data: memoryview, offset: int, seed: int) -> Tail:
    """Judges ``data``, the bytes of the segment from ``offset`` on, at which no valid frame starts."""
    rest = data[: len(bytes(data).rstrip(b"\0"))]
    used = offset + len(rest)
    if not rest:
        return Tail(offset, offset)
    following = _frame_after(rest, offset, seed)
    if following is not None:
        return Tail(offset, used, f"changed, for a valid frame follows at byte {following}", next=following)
    if len(rest) < FRAME_HEADER:
        return Tail(offset, used, "a frame's header that was not finished", torn=True)
    size = frame_size(rest)
    if len(rest) < size:
        return Tail(offset, used, f"only {len(rest)} of the {size} bytes of a frame", torn=True)
    first = -offset % _SECTOR
    if any(not any(rest[at : at + _SECTOR]) for at in range(first, len(rest) - _SECTOR + 1, _SECTOR)):
        return Tail(offset, used, "a frame of which some sectors were never written", torn=True)
    return Tail(offset, used, "changed, for it is complete but not what its CRC says")


def _frame_after(data: memoryview, offset: int, seed: int) -> int | None:
    for at in range(1, len(data) - FRAME_EXTRA + 1):
        if frame_size(data[at : at + FRAME_HEADER]) and next(scan(data[at:], offset + at, seed), None) is not None:
            return offset + at
    return None
