"""The disk is full while a run trades: it goes on in the segment that it has, ends where it needs the next one, and a
start goes on from there once there is room.

The disk is a real one that is small, and so are the segments; where nothing can be mounted the tests are skipped.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from stand import Stand
from stand.audit import audit, reconciled
from stand.harm import small_disk, small_segments

from sniper.cli import exit_codes
from sniper.kernel import facts as f
from sniper_sdk.faults import FaultProxy

SEGMENT = 200_000
"""Bytes: a few trades."""
MOST_LAUNCHES = 12


@pytest.fixture
def disk(stand: Stand[FaultProxy]) -> Iterator[Path]:
    """All that the bot writes is on it."""
    with small_disk(stand.data, "4m"):
        yield stand.data


def fill(disk: Path) -> Path:
    """Leave no byte free; the file that takes them."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017  (what a full disk is)
    return ballast


def shown(disk: Path) -> int:
    """How many orders the read models show."""
    with closing(sqlite3.connect(disk / "store.sqlite")) as store:
        try:
            return int(store.execute("SELECT count(*) FROM orders").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # there was no room for its tables yet


async def test_a_disk_that_fills_up_while_trades_are_under_way(
    stand: Stand[FaultProxy], disk: Path, tmp_path: Path
) -> None:
    stand.environment = small_segments(tmp_path / "site", SEGMENT)
    await stand.start()
    await stand.hold_a_launch()
    ballast = fill(disk)
    await stand.hold_a_launch()  # the segment has its room already
    for _ in range(MOST_LAUNCHES):
        if not stand.bot.running:
            break
        stand.market.launch()
        stand.chain.mine()
        head = stand.chain.block_number()
        await stand.record.until(
            lambda record, head=head: not stand.bot.running or (record.head >= head and record.quiet)
        )
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.JOURNAL
    assert os.strerror(errno.ENOSPC) in ended.words
    assert "Free space or repair the disk, then start again" in ended.words
    assert "Traceback" not in ended.words

    await stand.bot.start(stand.write(), environment=stand.environment)
    again = await stand.bot.ended()
    assert again.code != exit_codes.OK
    assert "disk is full" in again.words  # the leases' file is looked at first
    assert "Traceback" not in again.words

    ballast.unlink()
    await stand.start()
    await stand.mine()
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert await audit(stand) == []
    await stand.until(lambda record: shown(disk) == len(record.all(f.OrderPlaced)))
    assert await reconciled(stand)
    assert await stand.replayed() == 0
