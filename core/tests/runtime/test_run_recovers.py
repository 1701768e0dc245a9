"""A real run, its follower, its end and its next start."""

import asyncio
import json
from pathlib import Path

import pytest
from running import ASSET, CHAIN, running

from sniper.cli import main
from sniper.journal import Reader, snapshots, verify
from sniper.runtime import follower
from sniper.runtime.kept import CONFIG
from sniper_store_sqlite.store import Sqlite


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FIRST_START_S", 0.01)


def end_of(journal: Path) -> int:
    with Reader(journal) as reader:
        return sum(len(frame.records) for frame in reader)


async def test_what_a_run_did_is_followed_kept_and_verified(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.reaches(lambda: stage.run.follower.pid is not None)
        await stage.launch()
        journal = stage.run.writer.directory
        async with asyncio.timeout(20):
            while not (stage.run.directory / "store.sqlite").exists():  # noqa: ASYNC110  (another process makes it)
                await asyncio.sleep(0.01)
    store = Sqlite()
    store.open(stage.run.directory)
    assert store.position() == end_of(journal)
    assert [row["token"] for row in store.query("positions")] == [ASSET]
    store.close()
    newest, skipped = snapshots.newest(journal)
    assert newest is not None
    assert (newest.position, skipped) == (end_of(journal), [])
    assert (stage.run.directory / CONFIG).stat().st_mode & 0o777 == 0o600
    assert verify(journal).ok
    assert main(["replay", str(stage.run.directory), "--verify"]) == 0


async def test_another_endpoint_decides_nothing_and_opens_no_epoch(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.block()
    async with running(tmp_path) as again:  # the node is on another port
        assert again.run.recovered.inputs > 0
        assert again.run.writer.epoch == 1


async def test_another_config_goes_on_where_the_last_run_ended_in_an_epoch_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path) as stage:
        for _ in range(5):
            await stage.block()
        cash = stage.run.kernel.accounts["main"].book.cash
    async with running(tmp_path, finality=32) as again:
        assert again.run.recovered.inputs > 5
        assert again.run.kernel.market.chains[CHAIN].number == 5
        assert again.run.kernel.accounts["main"].book.cash == cash
        assert again.run.writer.epoch == 2
        begins = min(map(snapshots.position_of, snapshots.list_snapshots(again.run.writer.directory)))
        again.number = stage.number
        await again.block()
    capsys.readouterr()
    assert main(["replay", str(again.run.directory), "--verify", "--epoch", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["first_record"]) == (True, begins)
    assert main(["replay", str(again.run.directory), "--verify"]) == 3
    assert "config chain.local.finality was 64" in capsys.readouterr().err
