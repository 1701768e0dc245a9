"""Folded states beside the record, so that recovery need not begin at record 0.

A follower writes them, never the process of the kernel: folding ten thousand pools takes longer than a decision may.
A snapshot is only a shortcut: a broken one, or one whose position the journal no longer has, is skipped.
"""

import re
from pathlib import Path
from typing import Final

import msgspec

from sniper.errors import JournalCorrupt, JournalError
from sniper.journal.reader import chain_at
from sniper.journal.sealed import read_sealed, write_sealed

__all__ = ["Snapshot", "list_snapshots", "load", "newest", "write"]

_MAGIC: Final = b"SNIPERS\x01"
_NAME = re.compile(r"snapshot-(\d+)\.snap")


class Snapshot(msgspec.Struct, array_like=True, frozen=True):
    """``state``: what folding all records before ``position`` gives. ``chain``: the journal's hash there."""

    position: int
    chain: bytes
    state: bytes


def write(directory: Path, position: int, state: bytes) -> Path:
    """Writes the state before the record at ``position``, the first of a frame or the end of the journal.

    Raises `JournalError` where the journal has no such position, and ``OSError`` where the disk refuses; then nothing
    is left behind.
    """
    snapshot = Snapshot(position, chain_at(directory, position), state)
    path = directory / f"snapshot-{position}.snap"
    write_sealed(path, _MAGIC, msgspec.msgpack.encode(snapshot))
    return path


def newest(directory: Path) -> tuple[Snapshot | None, list[str]]:
    """The newest snapshot that is whole and belongs to this journal, and why newer ones were skipped."""
    skipped: list[str] = []
    for path in list_snapshots(directory):
        try:
            snapshot = load(path)
            if chain_at(directory, snapshot.position) == snapshot.chain:
                return snapshot, skipped
            skipped.append(f"{path.name}: skipped: it belongs to another history of this journal")
        except JournalError as error:
            skipped.append(f"{path.name}: skipped: {error}")
    return None, skipped


def load(path: Path) -> Snapshot:
    """Raises `JournalCorrupt`."""
    snapshot = msgspec.msgpack.decode(read_sealed(path, _MAGIC), type=Snapshot)
    if position_of(path) != snapshot.position:
        raise JournalCorrupt(f"{path.name}: byte 0: it is the snapshot before record {snapshot.position}; rename it")
    return snapshot


def list_snapshots(directory: Path) -> list[Path]:
    """Newest first."""
    found = [path for path in directory.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=position_of, reverse=True)


def position_of(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise JournalError(f"{path.name}: a snapshot is called snapshot-<record number>.snap")
    return int(match[1])
