"""Disks that are full, files that were changed, torn or locked: the run ends with a clear word, and nothing is lost."""

import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from stand import Ended, Stand
from stand.harm import small_disk

from sniper.cli import exit_codes
from sniper.kernel import facts as f
from sniper.kernel.asks import Probe, Send, Sign

REMEDY = "Free space or repair the disk, then start again"


async def goes_on_and_reconciles(stand: Stand) -> None:
    """Started again it buys what it wanted, once, sells it, and the books are those of the chain."""
    stand.forget()
    await stand.start()
    await stand.mine_until(lambda record: record.entries_of() and not record.books["main"].orders)
    assert list(stand.record.entries_of().values()) == [1]


def fill_disk(stand: Stand, room: int) -> None:
    """From now on the bot's files may not grow: ``room`` more bytes fit behind what the journal holds."""
    most = stand.written + room
    resource.prlimit(stand.bot.pid, resource.RLIMIT_FSIZE, (most, most))


def assert_it_ended_for_the_disk(stand: Stand, ended: Ended) -> None:
    assert ended.code == exit_codes.JOURNAL
    for word in (str(stand.journal), os.strerror(27), "everything before it is whole", REMEDY):
        assert word in ended.words
    assert "Traceback" not in ended.words


async def test_a_disk_that_fills_up_while_a_probe_is_out_lets_no_order_leave(stand: Stand) -> None:
    await stand.start()
    simulated = stand.node.hold("eth_simulateV1")
    launch = stand.market.launch()
    await simulated.wait()
    await stand.until(lambda record: record.asks(Probe))
    fill_disk(stand, room=10)
    stand.node.release("eth_simulateV1")
    assert_it_ended_for_the_disk(stand, await stand.bot.ended())
    assert stand.nonce() == 0
    await goes_on_and_reconciles(stand)
    await stand.sell(launch)
    assert stand.differences() == []


async def test_a_signature_that_cannot_be_recorded_is_never_sent(stand: Stand) -> None:
    await stand.start()
    os.kill(stand.bot.signer_pid, signal.SIGSTOP)
    signer = stand.bot.signer_pid
    launch = stand.market.launch()
    await stand.until(lambda record: record.asks(Sign))
    fill_disk(stand, room=200)  # less than a signed transaction needs: the frame begins and is torn
    os.kill(signer, signal.SIGCONT)
    assert_it_ended_for_the_disk(stand, await stand.bot.ended())
    assert stand.nonce() == 0
    assert "eth_sendRawTransaction" not in {method for method, _ in stand.node.asked}
    await goes_on_and_reconciles(stand)
    await stand.sell(launch)
    assert stand.differences() == []


async def test_what_was_sent_before_the_disk_filled_up_is_found_again(stand: Stand) -> None:
    await stand.start()
    sent = stand.node.hold("eth_sendRawTransaction")
    launch = stand.market.launch()
    await sent.wait()
    await stand.until(lambda record: record.asks(Send))
    fill_disk(stand, room=10)
    stand.node.release("eth_sendRawTransaction")
    assert_it_ended_for_the_disk(stand, await stand.bot.ended())
    assert stand.nonce() == 1
    await goes_on_and_reconciles(stand)
    sends = [ask.body.submission.raw for ask in stand.record.asks(Send) if isinstance(ask.body, Send)]
    assert sends.count(sends[0]) == 2  # the same bytes, before and after
    await stand.sell(launch)
    assert stand.differences() == []


@pytest.fixture
def megabyte(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    with small_disk(tmp_path / "small", "1m"):
        yield tmp_path / "small"


async def test_a_disk_without_room_for_the_journal_is_refused_at_the_start(stand: Stand, megabyte: Path) -> None:
    stand.document["data_dir"] = str(megabyte)
    await stand.bot.start(stand.write())
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.JOURNAL
    for word in (str(megabyte / "journal"), "No space left on device", REMEDY):
        assert word in ended.words
    assert stand.nonce() == 0
    assert not list((megabyte / "journal").glob("*.seg"))
    stand.document["data_dir"] = "data"
    await stand.start()


async def test_a_changed_byte_in_the_journal_is_refused_with_its_place(stand: Stand) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    await stand.bot.stop()
    right = stand.segment.read_bytes()
    at = len(right) // 2
    stand.segment.write_bytes(right[:at] + bytes([right[at] ^ 0xFF]) + right[at + 1 :])
    changed = stand.segment.read_bytes()
    await stand.bot.start(stand.config)
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.JOURNAL
    for word in (stand.segment.name, "byte ", "changed", "nothing was cut", "backup"):
        assert word in ended.words
    said = int(ended.words.split(f"{stand.segment.name}: byte ")[1].split(":")[0])
    assert said <= at  # the start of the frame that holds it
    assert stand.segment.read_bytes() == changed
    stand.segment.write_bytes(right)
    await stand.start()
    await stand.sell(launch)
    assert stand.differences() == []


async def test_a_torn_tail_is_cut_off_and_the_blocks_in_it_are_read_again(stand: Stand) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    await stand.mine()
    await stand.bot.kill()
    whole = stand.written
    with stand.segment.open("r+b") as file:  # the end of the last frame never reached the disk
        file.seek(whole - 20)
        file.write(bytes(20))
    stand.forget()
    await stand.start()
    assert "torn tail was cut off" in stand.bot.words()
    await stand.sell(launch)
    assert stand.differences() == []
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1}


async def test_a_locked_store_is_said_while_trading_goes_on_and_it_catches_up_later(stand: Stand) -> None:
    stand.data.mkdir()
    path = stand.data / "store.sqlite"
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE mine (x)")
        other.execute("BEGIN IMMEDIATE")
        await stand.start()
        launch = await stand.hold_a_launch()
        await stand.until(lambda _: "follower ended" in stand.bot.words())
        said = stand.bot.words()
        for word in (str(path), "is locked by another process", "stop the other run"):
            assert word in said
        await stand.sell(launch)
        assert stand.differences() == []
        other.execute("ROLLBACK")
    other.close()
    last = len(stand.record.entries)
    await stand.until(lambda _: _stored(path) >= last)
    assert (await stand.bot.stop()).code == exit_codes.OK
    with sqlite3.connect(path) as store:
        (orders,) = store.execute("SELECT count(*) FROM orders").fetchone()
    store.close()
    assert orders == len(stand.record.all(f.OrderPlaced)) == 2


def _stored(path: Path) -> int:
    """The first record that the store does not hold yet."""
    store = sqlite3.connect(path)
    try:
        return int(store.execute("SELECT position FROM follower").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # its tables are not made yet
    finally:
        store.close()
