"""``sniper replay`` and ``sniper journal``: what a run recorded is proved, or what differs is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from recorded_world import CONFIG, World, record, records

from sniper.cli import main
from sniper.codec import decode, encode
from sniper.journal import Kind, Record, Writer, snapshots
from sniper.journal.reader import manifest as recorded_manifest
from sniper.journal.segments import list_segments, segment_path
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.runtime.kept import kept, locate
from sniper.runtime.recovery import recover
from sniper.runtime.wire import signs, wire


@pytest.fixture
def world(tmp_path: Path) -> World:
    return record(tmp_path / "run", 7, 300)


@pytest.fixture
def run(world: World, tmp_path: Path) -> Path:
    return tmp_path / "run"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main([*words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def altered(run: Path, world: World) -> int:
    """Write the journal again with one other reason in it; the number of that record."""
    manifest = recorded_manifest(run / "journal", 1)
    for path in (run / "journal").iterdir():
        path.unlink()
    found = 0
    with Writer(run / "journal") as writer:
        writer.begin_epoch(manifest)
        for entry in records(world):
            for at, each in enumerate(entry):
                fact = decode(each.data)
                if not found and isinstance(fact, f.IntentFormed):
                    found = writer.position + at
                    entry[at] = Record(each.stream, Kind.FACT, encode(msgspec.structs.replace(fact, reason="other")))
            writer.append(entry)
    return found


def test_an_honest_journal_verifies(world: World, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "replay", str(run), "--verify", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["ok"], found["inputs"]) == (True, len(world.events))
    assert found["facts"] == sum(map(len, world.facts)) > 300
    assert (found["mismatches"], found["redecided"], found["differing"]) == ([], [], {})
    code, out, _ = said(capsys, "replay", str(run / "journal"), "--verify")
    assert code == 0
    assert "every decision is what was recorded" in out


def test_another_decision_is_found_with_its_position(
    world: World, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    position = altered(run, world)
    code, out, _ = said(capsys, "replay", str(run), "--verify", "--json")
    found = json.loads(out)
    assert code == 4
    assert found["mismatches"][0]["position"] == position
    assert "other" in found["mismatches"][0]["recorded"]
    code, out, _ = said(capsys, "replay", str(run), "--verify")
    assert f"record {position} says" in out
    assert said(capsys, "replay", str(run))[0] == 0


def test_another_config_is_refused_with_what_differs_and_what_to_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(CONFIG.replace("max_positions = 6", "max_positions = 1"))
    code, _, err = said(capsys, "--config", str(other), "replay", str(run), "--verify")
    assert code == 3
    assert "max_positions was 6 and is 1" in err
    assert "--allow-different" in err
    code, out, _ = said(capsys, "--config", str(other), "replay", str(run), "--verify", "--allow-different", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["mismatches"] == []
    assert found["redecided"]
    assert any("max_positions" in line for line in found["differing"]["1"])


def test_a_run_without_its_config_says_how_to_name_one(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept_one = run / "config.toml"
    elsewhere = kept_one.rename(run.parent / "elsewhere.toml")
    code, _, err = said(capsys, "replay", str(run))
    assert code == 3
    assert "--config FILE" in err
    assert said(capsys, "--config", str(elsewhere), "replay", str(run), "--verify")[0] == 0


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "replay", str(tmp_path))
    assert code == 4
    assert "there is no journal here" in err


def second_epoch(run: Path, world: World) -> None:
    """The run stopped, its config changed, and it started again."""
    (run / "config.toml").write_text(CONFIG.replace("max_positions = 6", "max_positions = 1"))
    from sniper.runtime.manifest import manifest

    resolved, catalogue, _ = kept(run)
    present = manifest(resolved, catalogue)
    kernel = Kernel(wire(resolved, signs=signs(resolved)))
    recover(run / "journal", kernel, present)
    world.kernel, world.events, world.facts = kernel, [], []
    with Writer(run / "journal") as writer:
        writer.begin_epoch(present)
        snapshots.write(run / "journal", writer.position, dump(kernel))
        for _ in range(100):
            world.step()
        for entry in records(world):
            writer.append(entry)


def test_each_epoch_is_held_to_its_own_manifest(world: World, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second_epoch(run, world)
    code, _, err = said(capsys, "replay", str(run), "--verify")
    assert code == 3
    assert "epoch 1: config account.alice.risk.limits.max_positions was 6 and is 1" in err
    assert "--epoch 2" in err
    code, out, _ = said(capsys, "replay", str(run), "--verify", "--epoch", "2", "--json")
    assert code == 0
    assert json.loads(out)["epochs"] == [2]
    first = run.parent / "first.toml"
    first.write_text(CONFIG)
    assert said(capsys, "--config", str(first), "replay", str(run), "--verify", "--epoch", "1")[0] == 0
    code, _, err = said(capsys, "replay", str(run), "--epoch", "3")
    assert code == 4
    assert "there is no epoch 3; there are 1, 2" in err


def test_a_pruned_journal_is_verified_from_its_snapshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    world = record(run, 7, 400, segment_size=30_000)
    resolved, _, _ = kept(run)
    kernel = Kernel(wire(resolved, signs=signs(resolved)))
    from sniper.journal import Reader
    from sniper.runtime.recovery import Rerun

    with Reader(run / "journal") as reader:
        rerun = Rerun(kernel)
        for frame in reader:
            rerun.take(frame)
            if rerun.inputs > len(world.events) // 2:
                break
    snapshots.write(run / "journal", rerun.position, dump(kernel))
    code, out, _ = said(capsys, "journal", "prune", str(run), "--yes", "--json")
    assert code == 0
    assert len(json.loads(out)["removed"]) > 1
    code, out, _ = said(capsys, "replay", str(run), "--verify", "--json")
    found = json.loads(out)
    assert (code, found["first_record"]) == (0, rerun.position)
    assert found["inputs"] == len(world.events) - rerun.inputs
    code, out, _ = said(capsys, "journal", "verify", str(run), "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_every_hash_seed_decides_alike(world: World, run: Path) -> None:
    program = Path(__file__).with_name("recorded_world.py")
    found = set()
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-m", "sniper", "replay", str(run), "--verify", "--json"], env=environment, check=False
        )
        assert done.returncode == 0
        again = subprocess.run(
            [sys.executable, str(program), "7", "300"], env=environment, check=True, capture_output=True, text=True
        )
        found.add(again.stdout)
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


# ---- sniper journal ----


def test_an_honest_journal_is_in_order_and_a_changed_byte_is_named(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "--config", str(run / "config.toml"), "journal", "verify")
    assert code == 0
    assert "in order" in out
    path = segment_path(run / "journal", list_segments(run / "journal")[0])
    data = bytearray(path.read_bytes())
    data[5_000] ^= 1
    path.write_bytes(data)
    code, out, _ = said(capsys, "journal", "verify", str(run))
    assert code == 4
    assert "damaged 00000001.seg, byte " in out


def test_an_export_holds_every_record(run: Path, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "journal", "export", str(run))
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(lines) == 1 + len(world.events) + sum(map(len, world.facts))
    assert [line["record"] for line in lines] == list(range(len(lines)))
    assert [line for line in lines[1:] if "data" not in line] == []
    target = run.parent / "out.jsonl"
    assert said(capsys, "journal", "export", str(run), "--from", "5", "--out", str(target))[0] == 0
    assert len(target.read_text().splitlines()) == len(lines) - 5


def test_nothing_is_pruned_without_a_snapshot_or_without_a_yes(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "journal", "prune", str(run), "--yes")
    assert code == 4
    assert "there is no valid snapshot" in err
    assert said(capsys, "journal", "prune", str(run))[0] == 2
    assert list_segments(run / "journal") == [1]


def test_a_run_is_found_by_its_directory_or_its_journal(run: Path) -> None:
    assert locate(run) == locate(run / "journal") == run
