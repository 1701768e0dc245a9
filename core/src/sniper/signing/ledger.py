"""What was spent lately. Survives the signer, so that a restart does not give the limits anew.

A nonce is included once, so a transaction and its replacements count once, with the largest value of them. The file is
a row of fixed records behind one another; those older than a day are left out when it is opened.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sniper.signer import SignerRefused, SignRequest
from sniper.signing.errors import LedgerError
from sniper.signing.rules import DAY, HOUR, ChainRules, Spent, TokenRules

_RECORD = struct.Struct(">QQQ20s20s32sI")
_NS = 10**9

_NATIVE = "0x" + "0" * 40

_Purse = tuple[int, str, str]
"""Chain id, sender, token."""


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
        self._windows: dict[_Purse, tuple[_Window, _Window]] = {}
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

    def spend(
        self,
        request: SignRequest,
        rules: ChainRules,
        now: int,
        tokens: Mapping[str, TokenRules] | None = None,
        spent: Sequence[Spent] = (),
    ) -> None:
        """Count what a request spends: native coin where it is an entry, and tokens that have limits, always.

        All of it is counted or nothing. Raises `SignerRefused` beyond a limit, `LedgerError` where it cannot be kept.
        """
        # A clock that was set back must not make the past older than it is.
        self._latest = now = max(now, self._latest)
        amounts: dict[str, int] = {_NATIVE: request.value} if request.purpose in ("entry", "transfer") else {}
        limits: dict[str, ChainRules | TokenRules] = {_NATIVE: rules, **(tokens or {})}
        for token, amount in spent:
            if token in limits and token != _NATIVE:
                amounts[token] = amounts.get(token, 0) + amount
        for token, amount in amounts.items():
            self._check(request, token, amount, limits[token], now)
        if not amounts:
            return
        self._append(request, amounts, now)
        for token, amount in amounts.items():
            for window in self._of((request.chain_id, request.sender, token)):
                window.add(request.nonce, amount, now)

    def _check(self, request: SignRequest, token: str, amount: int, limits: ChainRules | TokenRules, now: int) -> None:
        if amount > limits.max_value:
            what, where = _named(request, token)
            raise SignerRefused(
                "max-value",
                f"{amount} {what}",
                f"{limits.max_value} {what} per transaction",
                f"spend less, or raise {where}.max_value in the signer's rules",
            )
        hour, day = self._of((request.chain_id, request.sender, token))
        for window, name, limit in (
            (hour, "hour", limits.max_value_per_hour),
            (day, "day", limits.max_value_per_day),
        ):
            total = window.total_with(request.nonce, amount, now)
            if total > limit:
                what, where = _named(request, token)
                raise SignerRefused(
                    f"max-value-per-{name}",
                    f"{total} {what} with this one",
                    f"{limit} {what}",
                    f"wait, or raise {where}.max_value_per_{name} in the signer's rules",
                )

    def close(self) -> None:
        os.close(self._file)

    def _of(self, purse: _Purse) -> tuple[_Window, _Window]:
        windows = self._windows.get(purse)
        if windows is None:
            windows = self._windows[purse] = (_Window(HOUR * _NS), _Window(DAY * _NS))
        return windows

    def _append(self, request: SignRequest, amounts: Mapping[str, int], now: int) -> None:
        # One write. What a crash leaves of it counts, although it was not signed: too much rather than too little.
        body = b"".join(
            _encode(now, request.chain_id, request.nonce, request.sender, token, amount)
            for token, amount in amounts.items()
        )
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
            time, chain_id, nonce, sender, token, value, checksum = _RECORD.unpack(record)
            if zlib.crc32(record[:-4]) != checksum:
                raise LedgerError(
                    f"{self._path} is damaged at byte {position}; move it away to count the limits from nothing"
                )
            if time > now - DAY * _NS:
                self._latest = max(self._latest, time)
                for window in self._of((chain_id, f"0x{sender.hex()}", f"0x{token.hex()}")):
                    window.total_with(nonce, 0, time)
                    window.add(nonce, int.from_bytes(value, "big"), time)
                yield record


def _named(request: SignRequest, token: str) -> tuple[str, str]:
    """What is counted, and where its limits stand in the rules."""
    chain = f"chains.{request.chain_id}"
    return ("wei", chain) if token == _NATIVE else (f"of {token}", f"{chain}.tokens.{token}")


def _encode(time: int, chain_id: int, nonce: int, sender: str, token: str, value: int) -> bytes:
    sender_bytes, token_bytes = bytes.fromhex(sender[2:]), bytes.fromhex(token[2:])
    # An amount beyond 256 bits is of no transaction; limits are in front of this.
    body = _RECORD.pack(time, chain_id, nonce, sender_bytes, token_bytes, value.to_bytes(32, "big"), 0)[:-4]
    return body + zlib.crc32(body).to_bytes(4, "big")
