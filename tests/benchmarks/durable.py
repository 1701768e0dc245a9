"""Orders that are durable before they leave: group commit with 16 outstanding, and an open loop at 5,000 a second."""

import os
import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, perf_counter_ns, sleep

from figures import Figure, collected, percentile

from sniper.journal import Kind, Record, Writer

OUTSTANDING = 16
RATE = 5_000
SECONDS = 4.0
ORDER = bytes(700)
"""As long as an `OrderPlaced` is."""


def group_commit(directory: Path, seconds: float, outstanding: int = OUTSTANDING) -> float:
    """Orders a second: as many as are outstanding stand in one frame, one sync makes them durable."""
    writer = Writer(directory)
    writer.begin_epoch(b"{}")
    batch = [Record("main", Kind.FACT, ORDER)] * outstanding
    done, began = 0, perf_counter()
    with collected():
        while (now := perf_counter()) - began < seconds:
            writer.append(batch)
            writer.sync()
            done += outstanding
    rate = done / (now - began)
    writer.close()
    return rate


def bare_sync(directory: Path, seconds: float) -> float:
    """What the disk alone allows: the same bytes by bare write and fdatasync, in orders a second."""
    path = directory / "bare"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, 2**26)
    os.fsync(descriptor)
    data = ORDER * OUTSTANDING
    done, began = 0, perf_counter()
    while (now := perf_counter()) - began < seconds:
        os.pwrite(descriptor, data, done % 5_000 * len(ORDER))
        os.fdatasync(descriptor)
        done += OUTSTANDING
    os.close(descriptor)
    return done / (now - began)


def journaled(directory: Path, seconds: float) -> list[int]:
    """`open_loop` through the journal."""
    record = Record("main", Kind.FACT, ORDER)

    def commit(count: int) -> None:
        writer.append([record] * count)
        writer.sync()

    with Writer(directory) as writer:
        writer.begin_epoch(b"{}")
        return open_loop(commit, seconds)


def bare(directory: Path, seconds: float) -> list[int]:
    """`open_loop` through bare write and fdatasync of the same bytes."""
    descriptor = os.open(directory / "bare", os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, 2**26)
    os.fsync(descriptor)
    end = 0

    def commit(count: int) -> None:
        nonlocal end
        end += os.pwrite(descriptor, ORDER * count, end)
        os.fdatasync(descriptor)

    taken = open_loop(commit, seconds)
    os.close(descriptor)
    return taken


def open_loop(commit: Callable[[int], None], seconds: float, rate: int = RATE) -> list[int]:
    """ns from when each order arrives to when it may leave. Orders arrive at fixed times, whatever became of those
    before: one that has to wait counts its waiting. ``commit``: makes so many orders durable."""
    step = 10**9 // rate
    start = perf_counter_ns() + 10_000_000
    end = start + int(seconds * 1e9)
    due, taken = start, []
    waiting: deque[int] = deque()
    with collected():
        while due < end:
            now = perf_counter_ns()
            while due <= now and due < end:
                waiting.append(due)
                due += step
            if not waiting:
                if due - now > 200_000:
                    sleep((due - now - 100_000) / 1e9)
                continue
            commit(len(waiting))
            now = perf_counter_ns()
            taken += [now - arrived for arrived in waiting]
            waiting.clear()
    return taken


def sqlite_commit(directory: Path, seconds: float) -> float:
    """What a program without a journal of its own would do: one transaction for each batch, WAL, FULL."""
    database = sqlite3.connect(directory / "orders.sqlite", isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table orders (id integer primary key, body blob)")
    done, began = 0, perf_counter()
    rows = [(ORDER,)] * OUTSTANDING
    while (now := perf_counter()) - began < seconds:
        database.execute("begin")
        database.executemany("insert into orders (body) values (?)", rows)
        database.execute("commit")
        done += OUTSTANDING
    rate = done / (now - began)
    database.close()
    return rate


def figures(quick: bool = False) -> list[Figure]:
    seconds = 1.0 if quick else SECONDS
    rates, peers, disk, single = [], [], [], 0.0
    with tempfile.TemporaryDirectory(prefix="sniper-bench-", dir=Path.cwd()) as name:
        # Not in a file system of memory, where a sync means nothing.
        for n in range(3):
            for each in (f"j{n}", f"s{n}", f"o{n}"):
                (Path(name) / each).mkdir()
            rates.append(group_commit(Path(name) / f"j{n}", seconds / 2))
            peers.append(sqlite_commit(Path(name) / f"s{n}", seconds / 2))
            disk.append(bare_sync(Path(name) / f"s{n}", seconds / 2))
        single = group_commit(Path(name) / "o0", seconds / 2, 1)
        released = [each / 1e6 for each in journaled(Path(name) / "o1", seconds)]
        alone = [each / 1e6 for each in bare(Path(name) / "o2", seconds)]
    return [
        Figure(
            "durable orders, 16 outstanding",
            sorted(rates)[1],
            "orders/s",
            50_000,
            more=True,
            beside={
                "SQLite WAL FULL": sorted(peers)[1],
                "bare fdatasync": sorted(disk)[1],
                "best": max(rates),
                "1 outstanding": single,
            },
        ),
        Figure(
            "release at 5,000 orders/s, p99",
            percentile(released, 0.99),
            "ms",
            1.0,
            beside={
                "p50": percentile(released, 0.5),
                "p99.9": percentile(released, 0.999),
                "bare fdatasync, p99": percentile(alone, 0.99),
            },
        ),
    ]
