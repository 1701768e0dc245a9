"""The process behind the run: its snapshots are what recovery needs, its store is what the journal says."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog
from recorded_world import World, record, records, wiring, write

from sniper.codec import encode
from sniper.errors import JournalError
from sniper.journal import Reader, Record, Writer, snapshots
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.runtime.follower import KEPT, Follower, FollowerProcess
from sniper.runtime.recovery import recover
from sniper_store_sqlite.store import Sqlite

MANIFEST = b'{"config":{},"core":{"code":"a","version":"1"},"implementation":"","plugins":{},"python":""}'
LOG = structlog.get_logger("test")


@pytest.fixture(scope="module")
def world() -> World:
    return World(Kernel(wiring()), 1).run(400)


def follower(directory: Path, **how: Any) -> Follower:
    store = Sqlite()
    store.open(directory)
    kernel = how.pop("kernel", None) or Kernel(wiring())
    how = {"every_s": 10**9, "every_records": 10**9, "log": LOG} | how
    return Follower(directory / "journal", kernel, store, **how)


def rows(directory: Path) -> dict[str, Any]:
    store = Sqlite()
    store.open(directory)
    found = {model: store.query(model) for model in ("intents", "orders", "positions", "findings")}
    found["position"] = store.position()
    store.close()
    return found


def positions(directory: Path) -> list[int]:
    return sorted(snapshots.position_of(path) for path in snapshots.list_snapshots(directory / "journal"))


def test_it_follows_a_journal_that_grows_and_feeds_the_store(world: World, tmp_path: Path) -> None:
    entries = records(world)
    with Writer(tmp_path / "journal") as writer:
        writer.begin_epoch(MANIFEST)
        followed = follower(tmp_path)
        for entry in entries[:100]:
            writer.append(entry)
        assert followed.step() == writer.position
        assert followed.step() == 0
        for entry in entries[100:]:
            writer.append(entry)
        followed.step()
        assert followed.store.position() == writer.position
    followed.close()
    intents = sum(isinstance(fact, f.IntentFormed) for facts in world.facts for _, fact in facts)
    assert len(rows(tmp_path)["intents"]) == intents


def test_a_snapshot_is_written_after_so_many_records_and_recovery_begins_with_it(world: World, tmp_path: Path) -> None:
    write(world, tmp_path / "journal", manifest=MANIFEST)
    followed = follower(tmp_path, every_records=200)
    followed.step()
    followed.close()
    found = positions(tmp_path)
    assert len(found) == KEPT
    entries = records(world)
    frames = [sum(map(len, entries[at : at + 3])) for at in range(0, len(entries), 3)]
    most = 200 + max(frames)  # a snapshot stands between two frames
    assert all(200 <= later - earlier < most for earlier, later in pairwise(found))
    kernel = Kernel(wiring())
    assert recover(tmp_path / "journal", kernel, MANIFEST).snapshot == found[-1]
    assert dump(kernel) == dump(world.kernel)


def test_a_snapshot_is_written_after_so_much_time_but_not_of_nothing_new(world: World, tmp_path: Path) -> None:
    write(world, tmp_path / "journal", manifest=MANIFEST)
    clock = [0.0]
    followed = follower(tmp_path, every_s=60, now=lambda: clock[0])
    followed.step()
    assert positions(tmp_path) == []
    clock[0] = 61.0
    followed.step()
    (position,) = positions(tmp_path)
    assert position == followed.store.position()
    clock[0] = 200.0
    followed.step()
    assert positions(tmp_path) == [position]
    followed.close()


def test_snapshots_with_which_epochs_begin_are_kept(world: World, tmp_path: Path) -> None:
    entries = records(world)
    with Writer(tmp_path / "journal") as writer:
        writer.begin_epoch(MANIFEST)
        for entry in entries[:150]:
            writer.append(entry)
        kernel = Kernel(wiring())
        recover(writer.directory, kernel, MANIFEST)
        writer.begin_epoch(MANIFEST.replace(b'"1"', b'"2"'))
        snapshots.write(writer.directory, writer.position, dump(kernel))
        beginning = writer.position
        for entry in entries[150:]:
            writer.append(entry)
    followed = follower(tmp_path, every_records=100)
    followed.step()
    followed.close()
    found = positions(tmp_path)
    assert found[0] == beginning
    assert len(found) == KEPT + 1


def test_started_again_it_goes_on_where_snapshot_and_store_stand(world: World, tmp_path: Path) -> None:
    entries = records(world)
    with Writer(tmp_path / "journal") as writer:
        writer.begin_epoch(MANIFEST)
        for entry in entries[:200]:
            writer.append(entry)
        first = follower(tmp_path, every_records=120)
        first.step()
        first.close()
        assert positions(tmp_path)[-1] < rows(tmp_path)["position"]
        for entry in entries[200:]:
            writer.append(entry)
    second = follower(tmp_path, every_records=120)
    second.step()
    second.close()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "journal").symlink_to(tmp_path / "journal")
    once = follower(fresh)
    once.step()
    once.close()
    assert rows(tmp_path) == rows(fresh)


def test_where_the_re_run_differs_no_snapshot_is_written_and_the_store_goes_on(world: World, tmp_path: Path) -> None:
    entries = records(world)
    with Writer(tmp_path / "journal") as writer:
        writer.begin_epoch(MANIFEST)
        for entry in entries[:200]:
            writer.append(entry)
        differs = writer.position
        writer.append([*entries[200], Record("alice", Kind.FACT, encode(f.KillSet(time=1, level="off", reason="?")))])
        for entry in entries[201:]:
            writer.append(entry)
        end = writer.position
    with structlog.testing.capture_logs() as logs:
        followed = follower(tmp_path, every_records=50, log=structlog.get_logger("captured"))
        followed.step()
    followed.close()
    errors = [line for line in logs if line["log_level"] == "error"]
    assert len(errors) == 1
    assert "account alice" in errors[0]["reason"]
    assert positions(tmp_path)[-1] <= differs
    assert rows(tmp_path)["position"] == end


def test_a_store_that_knows_more_than_the_journal_is_refused(world: World, tmp_path: Path) -> None:
    write(world, tmp_path / "journal", manifest=MANIFEST)
    store = Sqlite()
    store.open(tmp_path)
    with Reader(tmp_path / "journal") as reader:
        end = sum(len(frame.records) for frame in reader)
    store.apply(0, [("", int(Kind.MARK), f.Began(time=n)) for n in range(end + 5)])
    store.close()
    followed = follower(tmp_path)
    with pytest.raises(JournalError, match="Delete the store's file"):
        followed.step()
    followed.close()


# ---- as a process ----


def spawn(run: Path, parent: int = 0) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sniper.runtime.follower", str(run), "--parent", str(parent or os.getpid())]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def wait_for(condition: Any, patience_s: float = 30.0) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_told_to_end_it_catches_up_and_writes_a_last_snapshot(tmp_path: Path) -> None:
    record(tmp_path, 3, 200)
    with Reader(tmp_path / "journal") as reader:
        end = sum(len(frame.records) for frame in reader)
    process = spawn(tmp_path)
    wait_for(lambda: (tmp_path / "store.sqlite").exists())
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    assert positions(tmp_path) == [end]
    assert rows(tmp_path)["position"] == end


def test_it_dies_with_the_run(tmp_path: Path) -> None:
    record(tmp_path, 3, 50)
    program = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'sniper.runtime.follower', sys.argv[1], '--parent', str(os.getpid())]\n"
        "print(subprocess.Popen(command).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert run.stdout is not None
    followed = Path("/proc") / run.stdout.readline().decode().strip()
    wait_for(lambda: (tmp_path / "store.sqlite").exists())
    run.kill()
    run.wait()
    run.stdout.close()
    wait_for(lambda: not followed.exists() or "Z" in (followed / "stat").read_text().rpartition(")")[2].split()[0])


def test_it_says_why_it_ends_when_the_config_is_gone(tmp_path: Path) -> None:
    record(tmp_path, 3, 20)
    (tmp_path / "config.toml").unlink()
    process = spawn(tmp_path)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"the run has kept no config" in errors


async def test_the_run_starts_it_again_when_it_ends_and_ends_it_when_the_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sniper.runtime import follower as module

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110  (a process tells nobody how far it has come)
                await asyncio.sleep(0.01)

    monkeypatch.setattr(module, "FIRST_START_S", 0.01)
    record(tmp_path, 3, 50)
    process = FollowerProcess(tmp_path, LOG, {})
    process.start()
    await until(lambda: process.pid is not None)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: process.pid not in (None, first))
    second = process.pid
    await until((tmp_path / "store.sqlite").exists)
    await process.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(second or 0, 0)
    assert len(positions(tmp_path)) == 1
