"""A recorded run is kept here and must go on to verify: its events give its facts, byte for byte, and its snapshot the
same state.

Where decisions change on purpose, ``python test_golden_run.py`` writes it anew; where only the code does, it must not.
Where a fact gets another field, the journal as it was is kept beside it: what earlier versions wrote must be read.
"""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from first_checks import FirstLimits, FirstLiquidity
from first_honeypot import FirstHoneypot, NoConfig
from recorded_world import World, write
from recorded_world import wiring as wiring_of

from sniper.journal import Reader, snapshots
from sniper.journal import verify as verify_bytes
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.kernel.wiring import Wiring
from sniper.runtime.recovery import Rerun, recover

GOLDEN = Path(__file__).parent / "golden" / "v1"
MANIFEST = b'{"config":{},"core":{"code":"","version":"0.1.0"},"implementation":"","plugins":{},"python":""}'
SEED, STEPS = 2, 150


def wiring() -> Wiring:
    honeypot = FirstHoneypot(config=NoConfig())
    return wiring_of(honeypot=honeypot, limits_of=FirstLimits, liquidity_of=FirstLiquidity)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    directory = tmp_path / "journal"
    shutil.copytree(GOLDEN, directory)
    return directory


def test_the_kept_run_verifies_from_its_beginning(golden: Path) -> None:
    assert verify_bytes(golden).ok
    rerun = Rerun(Kernel(wiring()))
    with Reader(golden) as reader:
        for frame in reader:
            rerun.take(frame)
    assert list(map(str, rerun.mismatches.values())) == []
    assert rerun.inputs > 100
    assert rerun.facts > 100


EARLIER = sorted(path.name for path in GOLDEN.parent.iterdir() if path != GOLDEN)


@pytest.mark.parametrize("name", EARLIER)
def test_what_an_earlier_schema_recorded_is_what_is_decided_now(name: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    shutil.copytree(GOLDEN.parent / name, journal)
    assert verify_bytes(journal).ok
    kernel = Kernel(wiring())
    found = recover(journal, kernel, MANIFEST)
    assert (found.differing, found.halted, found.remarks) == ([], [], [])
    assert min(found.inputs, found.facts) > 100
    with Reader(journal) as old, Reader(GOLDEN) as new:
        before, after = ([record.data for _, record in reader.records()] for reader in (old, new))
    assert before != after, "it has the schema of now, so it shows nothing"


def test_its_snapshot_leads_to_the_same_end(golden: Path) -> None:
    kernel, begun = Kernel(wiring()), Kernel(wiring())
    found = recover(golden, begun, MANIFEST)
    assert (found.snapshot is not None, found.remarks, found.halted) == (True, [], [])
    for path in snapshots.list_snapshots(golden):
        path.unlink()
    assert recover(golden, kernel, MANIFEST).snapshot is None
    assert dump(begun) == dump(kernel)


def write_golden() -> None:
    shutil.rmtree(GOLDEN, ignore_errors=True)
    world = World(Kernel(wiring()), SEED).run(STEPS)
    write(world, GOLDEN, manifest=MANIFEST)
    kernel = Kernel(wiring())
    rerun = Rerun(kernel)
    with Reader(GOLDEN) as reader:
        for frame in reader:
            rerun.take(frame)
            if rerun.inputs > len(world.events) // 2:
                break
    snapshots.write(GOLDEN, rerun.position, dump(kernel))
    (GOLDEN / "lock").unlink()


if __name__ == "__main__":
    write_golden()
