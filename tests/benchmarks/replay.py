"""Replay with verification, and recovery after a crash, of a journal that a live run of the mix would have written."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import mix
from figures import Figure
from world import Player, World, wiring

from sniper.events import Event
from sniper.journal import Reader, Writer, snapshots, verify
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.runtime.collecting import uncollected
from sniper.runtime.records import fact_record, input_record, register_events
from sniper.runtime.recovery import Rerun, recover
from sniper.settings.model import Runtime

EVENTS = 1_000_000
RUNS = 3
BATCH = 256
POSITIONS = 200
MANIFEST = b"{}"


class Journaling(Player):
    """Writes what it handles, a frame for each batch, and keeps the state that a follower would have written last: the
    journal ends just before the next snapshot is due, which is the worst that can happen."""

    def __init__(self, directory: Path, total: int) -> None:
        super().__init__(Kernel(wiring()), World())
        self.writer = Writer(directory)
        self.writer.begin_epoch(MANIFEST)
        self._records = []
        self._due = total - Runtime().snapshot_every_records * 19 // 20
        self.count = 0

    def handle(self, event: Event) -> None:
        kernel = self.kernel
        kernel.handle(event)
        self._records.append(input_record(event))
        if kernel.facts:
            self._records += [fact_record(account, fact) for account, fact in kernel.facts]
            kernel.facts = []
        if kernel.asks:
            self.waiting.extend(kernel.asks)
            kernel.asks = []
        self.count += 1
        if len(self._records) >= BATCH:
            self.flush()
            if self.count >= self._due:
                self._due = 10**18
                snapshots.write(self.writer.directory, self.writer.position, dump(kernel))

    def flush(self) -> None:
        if self._records:
            self.writer.append(self._records)
            self._records = []


def write(directory: Path, total: int) -> int:
    """A journal of ``total`` events; how many records it has."""
    player = Journaling(directory, total)
    player.begin(positions=POSITIONS)
    for event in mix.events(player, total):
        player.handle(event)
    player.flush()
    player.writer.close()
    return player.writer.position


def replayed(directory: Path) -> tuple[float, float]:
    """(records per wall second, per CPU second), each fact compared with the recorded one."""
    rerun = Rerun(Kernel(wiring()))
    register_events()
    began, cpu = perf_counter(), process_time()
    with uncollected(), Reader(directory) as reader:
        for frame in reader:
            rerun.take(frame)
    taken, cpu = perf_counter() - began, process_time() - cpu
    if rerun.mismatches:
        raise AssertionError(f"the replay differs: {rerun.mismatches}")
    return rerun.position / taken, rerun.position / cpu


def figures(quick: bool = False) -> list[Figure]:
    total, runs = (100_000, 2) if quick else (EVENTS, RUNS)
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        directory = Path(name)
        records = write(directory, total)
        rates, recoveries, cpus, proofs = [], [], [], []
        for _ in range(runs):
            rates.append(replayed(directory))
            kernel = Kernel(wiring())
            began, cpu = perf_counter(), process_time()
            with Writer(directory) as writer:  # takes the lock and looks for a torn tail, as a start does
                recovered = recover(writer.directory, kernel, MANIFEST)
            recoveries.append(perf_counter() - began)
            cpus.append(process_time() - cpu)
            if recovered.halted or recovered.differing or (not quick and recovered.snapshot is None):
                raise AssertionError(f"the recovery differs: {recovered}")
            began = perf_counter()
            report = verify(directory)
            proofs.append(records / (perf_counter() - began))
            if report.problems:
                raise AssertionError(report.problems)
    rate = median(cpu for _, cpu in rates)
    return [
        Figure(
            "replay with verification",
            rate,
            "records/CPU s",
            200_000,
            more=True,
            beside={"per wall s": median(wall for wall, _ in rates)},
        ),
        Figure(
            f"recovery of {total:,} events",
            median(recoveries),
            "s",
            2.0,
            beside={"CPU s": median(cpus), "records": records, "run again": recovered.inputs + recovered.facts},
        ),
        Figure("journal verify", median(proofs), "records/s", more=True),
    ]
