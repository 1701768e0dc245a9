"""Read the event files of pools: what training and evaluation learn from. The format stands in the README."""

import csv
import tarfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sniper_risk_rug_forecast.actions import Action, Kind
from sniper_risk_rug_forecast.errors import TrainingDataError

COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "mint": ("timestamps", "block_number", "sender", "amount0", "amount1"),
    "burn": ("timestamps", "block_number", "sender", "to", "amount0", "amount1"),
    "swap": ("timestamps", "block_number", "sender", "to", "amount0In", "amount1In", "amount0Out", "amount1Out"),
    "sync": ("timestamps", "block_number", "reserve0", "reserve1"),
}
MISSPELT: Final = {"reseve0": "reserve0"}
"""The published files have it so."""


@dataclass(frozen=True)
class PoolFile:
    """A row of ``pools.csv``: lower-case addresses, and when the pool was created (Unix seconds)."""

    pool: str
    token0: str
    token1: str
    block: int
    created: int


@dataclass
class _Raw:
    """A row of one of the four files, coin 0 first; ``after`` for syncs, amounts in and out for the rest."""

    time: int
    block: int
    sender: str
    to: str
    amounts: tuple[int, int, int, int]

    @property
    def change(self) -> tuple[int, int]:
        in0, in1, out0, out1 = self.amounts
        return in0 - out0, in1 - out1


def read_pools(path: Path) -> list[PoolFile]:
    """The pools of a file with the columns pair, token0, token1, block_number, timestamp, oldest first.

    Raises `TrainingDataError` where one is missing or is no number.
    """
    columns = ("pair", "token0", "token1", "block_number", "timestamp")
    pools = []
    for line, row in _rows(path, columns):
        try:
            pools.append(
                PoolFile(
                    pool=row["pair"].lower(),
                    token0=row["token0"].lower(),
                    token1=row["token1"].lower(),
                    block=int(row["block_number"]),
                    created=int(row["timestamp"]),
                )
            )
        except ValueError as cause:
            raise TrainingDataError(f"{path}, line {line}: {cause}; write block and time as whole numbers") from None
    return sorted(pools, key=lambda each: (each.created, each.pool))


class EventFolder:
    """The folder with ``mint``, ``burn``, ``swap`` and ``sync``, and in each one file per pool.

    Raises `TrainingDataError` where one of the four is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[Kind, dict[str, Path]] = {}
        for kind in COLUMNS:
            if not (path / kind).is_dir():
                raise TrainingDataError(f"{path} has no folder {kind}; it needs {', '.join(COLUMNS)} and pools.csv")
            self._files[kind] = {file.stem.lower(): file for file in (path / kind).glob("*.csv")}

    def rows(self, kind: Kind, pool: str) -> Iterator[_Raw]:
        if pool not in self._files[kind]:
            raise TrainingDataError(
                f"{self.path / kind} has no {pool}.csv; a pool without such events has a file with a header alone"
            )
        return _read(self._files[kind][pool], kind)


@contextmanager
def unpacked(events: Path) -> Iterator[Path]:
    """The folder of event files: this one, or that of a tar archive (also .gz, .bz2, .xz) as long as it is used.

    Raises `TrainingDataError` where it is neither.
    """
    if events.is_dir():
        yield events
        return
    with TemporaryDirectory() as folder:
        try:
            with tarfile.open(events) as archive:
                archive.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as cause:
            raise TrainingDataError(
                f"{events} is neither a folder nor a tar archive that Python reads ({cause}); unpack it (.tar.zst: "
                "zstd -dc FILE | tar -x) and give the folder"
            ) from None
        yield Path(folder)


def read_actions(folder: EventFolder, pool: PoolFile, *, quote: int) -> list[Action]:
    """What happened to a pool, in its order, seen with coin ``quote`` (0 or 1) as what is paid with.

    The four files say no order within a block. A pair writes its new reserves beside each mint, burn and swap
    (`_update` in UniswapV2Pair.sol), so the one whose amounts make the step between reserves is the one that came with
    it.

    Raises `TrainingDataError` where a row cannot be read.
    """
    waiting: dict[Kind, deque[_Raw]] = {}
    for kind in ("mint", "burn", "swap"):
        waiting[kind] = deque(folder.rows(kind, pool.pool))
    actions = []
    reserves = 0, 0
    for sync in folder.rows("sync", pool.pool):
        after = sync.amounts[0], sync.amounts[1]
        step = after[0] - reserves[0], after[1] - reserves[1]
        kind, raw = _beside(sync, step, waiting)
        in0, in1, out0, out1 = raw.amounts if kind != "sync" else (0, 0, 0, 0)
        at_quote, at_token = (0, 1) if quote == 0 else (1, 0)
        taken, given = (in0, in1), (out0, out1)
        actions.append(
            Action(
                time=sync.time,
                block=sync.block,
                kind=kind,
                sender=raw.sender,
                to=raw.to,
                quote_in=taken[at_quote],
                quote_out=given[at_quote],
                token_in=taken[at_token],
                token_out=given[at_token],
                quote_reserve=after[at_quote],
                token_reserve=after[at_token],
            )
        )
        reserves = after
    return actions


def _beside(sync: _Raw, step: tuple[int, int], waiting: dict[Kind, deque[_Raw]]) -> tuple[Kind, _Raw]:
    """The action that set these reserves: exactly where one fits, else the first swap of its block."""
    first: tuple[Kind, _Raw] | None = None
    for kind in sorted(waiting):
        queue = waiting[kind]
        while queue and queue[0].block < sync.block:
            queue.popleft()
        if queue and queue[0].block == sync.block:
            if queue[0].change == step:
                return kind, queue.popleft()
            first = first or (kind, queue[0])
    if first is None:
        return "sync", sync
    # A donation before it, or a token that changed the pool's balance by itself.
    kind, raw = first
    waiting[kind].popleft()
    return kind, raw


def _read(path: Path, kind: Kind) -> Iterator[_Raw]:
    for line, row in _rows(path, COLUMNS[kind]):
        try:
            sender, to = row.get("sender", "").lower(), row.get("to", "").lower()
            if kind == "swap":
                amounts = (int(row["amount0In"]), int(row["amount1In"]), int(row["amount0Out"]), int(row["amount1Out"]))
            elif kind == "sync":
                amounts = (int(row["reserve0"]), int(row["reserve1"]), 0, 0)
            elif kind == "mint":
                amounts = (int(row["amount0"]), int(row["amount1"]), 0, 0)
            else:
                amounts = (0, 0, int(row["amount0"]), int(row["amount1"]))
            raw = _Raw(int(row["timestamps"]), int(row["block_number"]), sender, to, amounts)
        except (ValueError, TypeError) as cause:
            raise TrainingDataError(
                f"{path}, line {line}: {cause}; amounts, times and blocks are whole numbers"
            ) from None
        yield raw


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="") as text:
            reader = csv.reader(text)
            header = [MISSPELT.get(name, name) for name in next(reader, [])]
            if missing := [name for name in columns if name not in header]:
                raise TrainingDataError(f"{path} has no column {', '.join(missing)}; it has {', '.join(header)}")
            for line, fields in enumerate(reader, start=2):
                yield line, dict(zip(header, fields, strict=False))
    except OSError as cause:
        raise TrainingDataError(
            f"{path} cannot be read: {cause.strerror}; give a folder as the README describes it"
        ) from None


def read_labels(path: Path) -> dict[str, int]:
    """1 for malicious and 0 for not, by the address of a pool or a token, lower case.

    Raises `TrainingDataError` where a column is missing or a label is neither.
    """
    labels = {}
    for line, row in _rows(path, ("malicious",)):
        address = row.get("pool") or row.get("token")
        if not address or row["malicious"] not in {"0", "1"}:
            raise TrainingDataError(
                f"{path}, line {line}: {row}; write the columns pool or token, and malicious, which is 0 or 1"
            )
        labels[address.lower()] = int(row["malicious"])
    return labels
