"""Small files beside the segments that are written whole or not at all: snapshots and the pruned marker.

``magic`` (8 bytes), length (u64, little-endian), CRC-32 of what is before and behind it (u32), payload.
"""

import os
import struct
import zlib
from pathlib import Path

from sniper.errors import JournalCorrupt

__all__ = ["read_sealed", "sync_directory", "write_sealed"]

_HEAD = struct.Struct("<8sQ")
_SIZE = _HEAD.size + 4


def write_sealed(path: Path, magic: bytes, payload: bytes) -> None:
    """Replaces ``path``. After a crash it is there as it was before, or whole. Raises ``OSError``."""
    head = _HEAD.pack(magic, len(payload))
    unfinished = path.with_name(path.name + ".new")
    try:
        with unfinished.open("wb") as file:
            file.write(head + zlib.crc32(payload, zlib.crc32(head)).to_bytes(4, "little"))
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read_sealed(path: Path, magic: bytes) -> bytes:
    """The payload. Raises `JournalCorrupt`."""
    data = path.read_bytes()
    head, payload = data[: _HEAD.size], data[_SIZE:]
    whole = len(data) >= _SIZE and _HEAD.unpack(head) == (magic, len(payload))
    if not whole or zlib.crc32(payload, zlib.crc32(head)).to_bytes(4, "little") != data[_HEAD.size : _SIZE]:
        raise JournalCorrupt(f"{path.name}: byte 0: these {len(data)} bytes are not what was written")
    return payload


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
