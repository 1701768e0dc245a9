"""The pruned marker: where a journal begins after its oldest segments were removed."""

from pathlib import Path
from typing import Final

import msgspec

from sniper.journal.sealed import read_sealed, write_sealed

__all__ = ["Cut", "read_cut", "write_cut"]

NAME: Final = "pruned"
_MAGIC: Final = b"SNIPERP\x01"


class Cut(msgspec.Struct, array_like=True, frozen=True):
    """The first segment that was kept, its first record, epoch, and chain hash; and the manifest of that epoch, which
    may have stood in a segment that is gone."""

    segment: int
    first: int
    epoch: int
    chain: bytes
    manifest: bytes


def read_cut(directory: Path) -> Cut | None:
    """None where nothing was ever pruned. Raises `JournalCorrupt`."""
    path = directory / NAME
    return msgspec.msgpack.decode(read_sealed(path, _MAGIC), type=Cut) if path.exists() else None


def write_cut(directory: Path, cut: Cut) -> None:
    write_sealed(directory / NAME, _MAGIC, msgspec.msgpack.encode(cut))
