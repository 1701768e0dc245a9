"""Signatures that were given, so that equal requests give equal bytes: KMS draws another nonce each time.

They outlive the process, not a machine that fails: what was sent is in the journal by then, and is sent again from
there.
"""

import os
import zlib
from pathlib import Path
from typing import Final

from sniper.signing.errors import LedgerError

_DIGEST, _SIGNATURE = 32, 65
_SIZE: Final = _DIGEST + _SIGNATURE + 4
MOST: Final = 10_000
"""Signatures that are remembered: far more than can wait for a block."""


class Signatures:
    """The last of one key, in a file of fixed records."""

    def __init__(self, path: Path) -> None:
        """Raises `LedgerError`."""
        self._path = path
        self._known: dict[bytes, bytes] = {}
        try:
            content = path.read_bytes() if path.exists() else b""
            for at in range(0, len(content) - _SIZE + 1, _SIZE):
                record = content[at : at + _SIZE]
                if zlib.crc32(record[:-4]).to_bytes(4, "big") == record[-4:]:  # else it was cut off: it left nobody
                    self._remember(record[:_DIGEST], record[_DIGEST:-4])
            fresh = path.with_name(f"{path.name}.new")
            fresh.write_bytes(b"".join(_record(*each) for each in self._known.items()))
            fresh.replace(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise LedgerError(f"{path} cannot be used: {error.strerror}; check the directory and its disk") from error

    def of(self, digest: bytes) -> bytes | None:
        return self._known.get(digest)

    def add(self, digest: bytes, signature: bytes) -> None:
        """Raises `LedgerError`; the signature must not leave then."""
        record = _record(digest, signature)
        try:
            written = os.write(self._file, record)
        except OSError as error:
            raise LedgerError(f"{self._path} cannot be written: {error.strerror}; make room") from error
        if written != len(record):
            raise LedgerError(f"{self._path} took {written} of {len(record)} bytes; make room")
        self._remember(digest, signature)

    def close(self) -> None:
        os.close(self._file)

    def _remember(self, digest: bytes, signature: bytes) -> None:
        self._known[digest] = signature
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]


def _record(digest: bytes, signature: bytes) -> bytes:
    body = digest + signature
    return body + zlib.crc32(body).to_bytes(4, "big")
