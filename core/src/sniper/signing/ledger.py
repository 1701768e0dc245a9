"""What entries have spent lately. Survives the signer, so that a restart does not give the limits anew.

A nonce is included once, so a transaction and its replacements count once, with the largest value of them. The file is
a row of fixed records behind one another; those older than a day are left out when it is opened.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from sniper.signer import SignerRefused, SignRequest
from sniper.signing.errors import LedgerError
from sniper.signing.rules import DAY, HOUR, ChainRules

_RECORD = struct.Struct(">QQQ20s32sI")
_NS = 10**9

_Sender = tuple[int, str]


class _Window:
    """Values by nonce within the last ``span`` nanoseconds, and their sum."""

    def __init__(self, span: int) -> None:
        self._span = span
        self._entries: dict[int, tuple[int, int]] = {}
        self._total = 0

    def total_with(self, nonce: int, value: int, now: int) -> int:
        """What the sum would be if ``nonce`` carried ``value``, too."""
        while self._entries:
            oldest, (time, spent) = next(iter(self._entries.items()))
            if time > now - self._span:
                break
            del self._entries[oldest]
            self._total -= spent
        already = self._entries[nonce][1] if nonce in self._entries else 0
        return self._total - already + max(already, value)

    def add(self, nonce: int, value: int, now: int) -> None:
        """Count it; a nonce that is signed again stays in the window from now on."""
        _, already = self._entries.pop(nonce, (0, 0))
        self._entries[nonce] = (now, max(already, value))
        self._total += max(already, value) - already


class Ledger:
    """The file, and its sums. One process at a time may have it open; its caller sees to that."""

    def __init__(self, path: Path, now: int) -> None:
        """``now``: ns UTC. Raises `LedgerError`."""
        self._path = path
        self._windows: dict[_Sender, tuple[_Window, _Window]] = {}
        self._latest = now
        try:
            content = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise LedgerError(f"{path} cannot be read: {error.strerror}; check the directory and its disk") from error
        kept = b"".join(self._replay(content, now))
        try:
            fresh = path.with_suffix(f"{path.suffix}.new")
            fresh.write_bytes(kept)
            fresh.replace(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise LedgerError(
                f"{path} cannot be written: {error.strerror}; check the directory and its disk"
            ) from error

    def spend(self, request: SignRequest, limits: ChainRules, now: int) -> None:
        """Count an entry. Raises `SignerRefused` beyond a limit, `LedgerError` where it cannot be kept."""
        # A clock that was set back must not make the past older than it is.
        self._latest = now = max(now, self._latest)
        if request.value > limits.max_value:
            raise SignerRefused(
                "max-value",
                f"{request.value} wei",
                f"{limits.max_value} wei per transaction",
                f"spend less, or raise chains.{request.chain_id}.max_value in the signer's rules",
            )
        hour, day = self._of((request.chain_id, request.sender))
        for window, name, limit in (
            (hour, "hour", limits.max_value_per_hour),
            (day, "day", limits.max_value_per_day),
        ):
            total = window.total_with(request.nonce, request.value, now)
            if total > limit:
                raise SignerRefused(
                    f"max-value-per-{name}",
                    f"{total} wei with this one",
                    f"{limit} wei",
                    f"wait, or raise chains.{request.chain_id}.max_value_per_{name} in the signer's rules",
                )
        self._append(request, now)
        hour.add(request.nonce, request.value, now)
        day.add(request.nonce, request.value, now)

    def close(self) -> None:
        os.close(self._file)

    def _of(self, sender: _Sender) -> tuple[_Window, _Window]:
        windows = self._windows.get(sender)
        if windows is None:
            windows = self._windows[sender] = (_Window(HOUR * _NS), _Window(DAY * _NS))
        return windows

    def _append(self, request: SignRequest, now: int) -> None:
        body = _encode(now, request.chain_id, request.nonce, bytes.fromhex(request.sender[2:]), request.value)
        try:
            # Not synced: this is to outlive the process, and a machine that fails takes its queue of entries with it.
            written = os.write(self._file, body)
        except OSError as error:
            raise LedgerError(
                f"{self._path} cannot be written: {error.strerror}; make room, exits are still signed"
            ) from error
        if written != len(body):
            raise LedgerError(f"{self._path} took {written} of {len(body)} bytes; make room, exits are still signed")

    def _replay(self, content: bytes, now: int) -> Iterator[bytes]:
        # A record that was cut off by a crash was never acted upon: the signature follows it.
        for position in range(0, len(content) - len(content) % _RECORD.size, _RECORD.size):
            record = content[position : position + _RECORD.size]
            time, chain_id, nonce, sender, value, checksum = _RECORD.unpack(record)
            if zlib.crc32(record[:-4]) != checksum:
                raise LedgerError(
                    f"{self._path} is damaged at byte {position}; move it away to count the limits from nothing"
                )
            if time > now - DAY * _NS:
                self._latest = max(self._latest, time)
                for window in self._of((chain_id, f"0x{sender.hex()}")):
                    window.total_with(nonce, 0, time)
                    window.add(nonce, int.from_bytes(value, "big"), time)
                yield record


def _encode(time: int, chain_id: int, nonce: int, sender: bytes, value: int) -> bytes:
    body = _RECORD.pack(time, chain_id, nonce, sender, value.to_bytes(32, "big"), 0)[:-4]
    return body + zlib.crc32(body).to_bytes(4, "big")
