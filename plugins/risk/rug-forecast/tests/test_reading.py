import tarfile
from pathlib import Path

import pytest
from msgspec import structs
from stories import TOPIC, logs_of, story, times_of, write_files

from sniper_risk_rug_forecast.chainlogs import BlockTime, PairLog, actions_of, from_the_start
from sniper_risk_rug_forecast.errors import TrainingDataError
from sniper_risk_rug_forecast.eventfiles import EventFolder, PoolFile, read_actions, read_labels, read_pools, unpacked

POOL = PoolFile(pool="0x" + "ab" * 20, token0="0x1", token1="0x2", block=1, created=1)
SIDES = pytest.mark.parametrize("token", [0, 1])


@SIDES
@pytest.mark.parametrize("number", range(4))
def test_logs_tell_what_happened(token: int, number: int) -> None:
    actions = list(story(number))
    assert actions_of(logs_of(actions, token=token), times_of(actions), token=token) == actions


@SIDES
@pytest.mark.parametrize("number", range(4))
def test_event_files_tell_the_same_though_they_say_no_order_within_a_block(
    token: int, number: int, tmp_path: Path
) -> None:
    actions = list(story(number))
    write_files(tmp_path, "0x" + "AB" * 20, actions, token=token)
    assert read_actions(EventFolder(tmp_path), POOL, quote=1 - token) == actions


def test_reserves_that_were_set_without_a_trade_are_an_action_of_their_own() -> None:
    actions = list(story())[:3]
    donated = structs.replace(
        actions[-1], kind="sync", sender="", to="", quote_in=0, quote_out=0, token_in=0, token_out=0
    )
    told = [*actions, donated, *actions[-1:]]
    assert actions_of(logs_of(told, token=0), times_of(actions), token=0) == told


def test_what_comes_before_the_first_reserves_is_left_out() -> None:
    actions = list(story())
    logs = logs_of(actions, token=0)
    assert actions_of(logs[1:], times_of(actions), token=0) == actions[1:]
    assert actions_of([log for log in logs if log.topics[0] != TOPIC["sync"]], times_of(actions), token=0) == []


def test_blocks_between_known_times_are_evenly_spaced() -> None:
    logs = logs_of([structs.replace(each, block=100 + i) for i, each in enumerate(story()[:11])], token=0)
    times = (BlockTime(block=100, time=1000), BlockTime(block=105, time=1100), BlockTime(block=110, time=1110))
    assert [each.time for each in actions_of(logs, times, token=0)] == [
        1000, 1020, 1040, 1060, 1080, 1100, 1102, 1104, 1106, 1108, 1110,
    ]  # fmt: skip


def test_the_first_liquidity_is_known_by_what_it_adds() -> None:
    logs = logs_of(story(), token=0)
    assert from_the_start(logs)
    assert not from_the_start(logs[2:])
    assert not from_the_start(logs[:1])


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (PairLog(block=1, topics=(), data=b""), "none of a pair's"),
        (PairLog(block=1, topics=("0x" + "0" * 64,), data=bytes(64)), "none of a pair's"),
        (PairLog(block=1, topics=(TOPIC["mint"],), data=bytes(64)), "none of a pair's"),
        (PairLog(block=1, topics=(TOPIC["sync"],), data=bytes(63)), "63 bytes"),
        (PairLog(block=1, topics=(TOPIC["sync"],), data=b"\xff" * 64), "no pair can hold"),
    ],
)
def test_a_log_that_no_pair_writes_is_refused(log: PairLog, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        actions_of([log], [BlockTime(block=1, time=1)], token=0)


def test_pools_are_read_oldest_first(tmp_path: Path) -> None:
    file = tmp_path / "pools.csv"
    file.write_text("pair,token0,token1,block_number,timestamp\n0xB,0x1,0x2,9,90\n0xA,0x1,0x3,8,80\n")
    assert [(pool.pool, pool.created) for pool in read_pools(file)] == [("0xa", 80), ("0xb", 90)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pools.csv", "pair,token0,token1\n", "no column block_number, timestamp"),
        ("pools.csv", "pair,token0,token1,block_number,timestamp\n0xb,0x1,0x2,x,1\n", "line 2"),
        ("labels.csv", "token,bad\n", "no column malicious"),
        ("labels.csv", "token,malicious\n0xa,2\n", "line 2"),
        ("labels.csv", "malicious\n1\n", "line 2"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(TrainingDataError, match=said):
        (read_pools if name == "pools.csv" else read_labels)(file)


def test_a_folder_that_is_not_complete_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no folder mint"):
        EventFolder(tmp_path)
    write_files(tmp_path, "0xother", story(), token=0)
    with pytest.raises(TrainingDataError, match="header alone"):
        read_actions(EventFolder(tmp_path), POOL, quote=0)


def test_a_tar_is_as_good_as_its_folder(tmp_path: Path) -> None:
    actions = list(story())
    write_files(tmp_path / "events", POOL.pool, actions, token=0)
    packed = tmp_path / "events.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tmp_path / "events", arcname=".")
    with unpacked(packed) as folder:
        assert read_actions(EventFolder(folder), POOL, quote=1) == actions
    assert not folder.exists()
    with unpacked(tmp_path) as folder:
        assert folder == tmp_path
    packed.write_bytes(b"\x28\xb5\x2f\xfd")
    with pytest.raises(TrainingDataError, match="zstd"), unpacked(packed):
        pass


def test_an_amount_that_is_no_number_says_its_line(tmp_path: Path) -> None:
    write_files(tmp_path, POOL.pool, story(), token=0)
    file = tmp_path / "sync" / f"{POOL.pool}.csv"
    file.write_text(file.read_text().replace("\n", "\nx", 1))
    with pytest.raises(TrainingDataError, match=r"sync.*line 2.*whole numbers"):
        read_actions(EventFolder(tmp_path), POOL, quote=0)
