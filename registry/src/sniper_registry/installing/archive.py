"""The zip file that a wheel is, read as if an attacker had made it. Nothing is unpacked to disk here."""

import hashlib
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from sniper_registry.installing.refused import WheelRefused

MOST_FILES: Final = 5_000
LARGEST: Final = 256 << 20
"""Bytes of all files together, unpacked."""
MOST_TIMES: Final = 200
"""How many times its compressed size a file of more than a mebibyte may be. Deflate ends at 1,032."""
_SMALL: Final = 1 << 20
_PIECE: Final = 1 << 20
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f\\:]+")
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
"""The last record of an archive without a comment."""
_UTF8: Final = 0x800
_ENCRYPTED: Final = 0x1


class File(NamedTuple):
    """sha256: hex. ``begins``: the first bytes, which tell native code."""

    sha256: str
    size: int
    begins: bytes


class Archive:
    """A zip file, all of whose names are plain relative paths and all of whose contents were read once.

    files  By path. Directories are left out.
    """

    def __init__(self, path: Path) -> None:
        """Raises `WheelRefused`."""
        self.path = path
        try:
            with zipfile.ZipFile(path) as opened:
                self.files: Mapping[str, File] = MappingProxyType(_read(opened, path))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
            raise WheelRefused(
                f"{path.name}: is no sound zip file: {error}; get it again, or tell its author"
            ) from error
        except OSError as error:
            raise WheelRefused(f"{path}: cannot be read: {error.strerror or error}; check the path") from error

    def read(self, name: str, most: int = 1 << 20) -> bytes:
        """A small file. Raises `WheelRefused` where there is none, or it is larger than ``most``."""
        if name not in self.files:
            raise WheelRefused(f"{self.path.name}: there is no {name} in it; it was not built as a wheel")
        if self.files[name].size > most:
            raise WheelRefused(f"{self.path.name}: {name} has {self.files[name].size:,} bytes, more than {most:,}")
        with zipfile.ZipFile(self.path) as opened:
            return opened.read(name)


def _read(opened: zipfile.ZipFile, path: Path) -> dict[str, File]:
    entries = opened.infolist()
    if len(entries) > MOST_FILES:
        raise WheelRefused(f"{path.name}: holds {len(entries):,} files, more than {MOST_FILES:,}")
    # Readers differ on where an archive begins and ends, so two of them could unpack two different ones.
    with path.open("rb") as file:
        file.seek(-min(_END_SIZE, path.stat().st_size), os.SEEK_END)
        ends = file.read().startswith(_END)
    if not ends or min((entry.header_offset for entry in entries), default=0):
        raise WheelRefused(f"{path.name}: holds bytes before or behind the archive, which is all that a wheel is")
    seen: dict[str, str] = {}
    for entry in entries:
        _check(entry, path)
        name = entry.filename.rstrip("/")
        other = seen.setdefault(name.casefold(), name)
        if other is not name:
            raise WheelRefused(f"{path.name}: {name!r} and {other!r} are one file on some disks; it may hold each once")
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST:
        raise WheelRefused(f"{path.name}: is {total:,} bytes unpacked, more than {LARGEST:,}: a zip bomb, or no plugin")
    # Entries that share their compressed bytes unpack to many times the archive, each of them small.
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise WheelRefused(f"{path.name}: its files overlap within the archive: a zip bomb")
    return {entry.filename: _digest(opened, entry, path) for entry in entries if not entry.is_dir()}


def _check(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.filename
    # zipfile cuts names at a zero byte and turns backslashes round, other readers do not.
    if entry.orig_filename != name or not _PLAIN.fullmatch(name):
        raise WheelRefused(f"{path.name}: {entry.orig_filename!r} is no plain path")
    if not entry.flag_bits & _UTF8 and not name.isascii():
        raise WheelRefused(f"{path.name}: {name!r} is not marked as UTF-8, so readers would not agree on the name")
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or not all(parts) or {".", ".."} & set(parts):
        raise WheelRefused(f"{path.name}: {name!r} leads out of the directory that it is unpacked into")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if stat.S_ISLNK(kind):
        raise WheelRefused(f"{path.name}: {name!r} is a symbolic link; a wheel holds files alone")
    if kind and not (stat.S_ISDIR(kind) if entry.is_dir() else stat.S_ISREG(kind)):
        raise WheelRefused(f"{path.name}: {name!r} is a special file; a wheel holds plain files alone")
    if entry.flag_bits & _ENCRYPTED:
        raise WheelRefused(f"{path.name}: {name!r} is encrypted")
    if entry.compress_type not in _METHODS:
        raise WheelRefused(f"{path.name}: {name!r} is compressed by method {entry.compress_type}; wheels are deflated")
    if entry.file_size > max(_SMALL, MOST_TIMES * entry.compress_size):
        raise WheelRefused(
            f"{path.name}: {name!r} unpacks to {entry.file_size:,} bytes out of {entry.compress_size:,}: a zip bomb"
        )


def _digest(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> File:
    digest, size, begins = hashlib.sha256(), 0, b""
    # zipfile itself stops after file_size bytes, and compares the checksum.
    with opened.open(entry) as stream:
        while piece := stream.read(_PIECE):
            begins = begins or piece[:8]
            size += len(piece)
            digest.update(piece)
    if size != entry.file_size:
        raise WheelRefused(f"{path.name}: {entry.filename!r} has {size:,} bytes and says {entry.file_size:,}")
    return File(digest.hexdigest(), size, begins)
