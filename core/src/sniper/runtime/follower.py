"""Follows the journal in a process of its own: writes snapshots, and feeds the store.

It runs every record through a kernel of its own, as recovery would, so each snapshot is of a state that was verified.
Where the re-run decides otherwise, that is logged and no snapshot is written any more; the store goes on.

``python -m sniper.runtime.follower DIRECTORY`` is started and ended by the run. SIGTERM: catch up, write a last
snapshot, end. It dies with its parent.
"""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from sniper.errors import JournalError, SniperError, told
from sniper.journal import snapshots
from sniper.journal.cut import read_cut
from sniper.journal.reader import Frame, Reader
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.plugin import Frozen
from sniper.runtime import logs
from sniper.runtime.collecting import uncollected
from sniper.runtime.kept import JOURNAL, kept
from sniper.runtime.manifest import epochs, explain, manifest
from sniper.runtime.records import read_records, register_events
from sniper.runtime.recovery import Recovered, Rerun, begin
from sniper.runtime.wire import signs, wire
from sniper.store import Store

POLL_S = 0.2
KEPT = 3
"""Snapshots that are kept, apart from those with which epochs begin."""
BATCH = 2_000
"""Records that the store is given at once while there are more."""
NICE = 5
FIRST_START_S = 1.0
LONGEST_PAUSE_S = 60.0
PATIENCE_S = 20.0
"""How long a follower may take to catch up when it is told to end."""

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Follower:
    """One journal, followed. ``kernel`` None: the code or config here is not the journal's, so only the store is fed.

    every_s, every_records  When the next snapshot is due, whichever comes first.
    """

    def __init__(
        self,
        directory: Path,
        kernel: Kernel | None,
        store: Store,
        *,
        every_s: float,
        every_records: int,
        log: FilteringBoundLogger,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self.store = store
        self._every_s = every_s
        self._every_records = every_records
        self._log = log
        self._now = now
        self._told: set[str] = set()
        self._pending: list[tuple[str, int, Frozen]] = []
        register_events()
        started = Recovered()
        self._rerun = None
        if kernel is not None:
            begin(directory, kernel, started)
            self._rerun = Rerun(kernel, started.snapshot or 0)
            for remark in started.remarks:
                log.warning("recovery", what=remark)
        self._applied = self._stored()
        self._snapshot_at = started.snapshot or 0
        self._snapshot_time = now()
        first = self._applied if self._rerun is None else min(self._applied, self._rerun.position)
        self._reader = Reader(directory, first)

    def step(self) -> int:
        """Take all whole frames that are there; how many records they held."""
        count = 0
        with uncollected():
            for frame in self._reader:
                count += len(frame.records)
                self._take(frame)
                if len(self._pending) >= BATCH:
                    self._apply()
                if self._since() >= self._every_records:
                    self._write_snapshot()
        self._apply()
        if self._applied > self._reader.position:
            raise JournalError(
                f"the store has applied the records before {self._applied}, but the journal ends before "
                f"{self._reader.position}: a power failure took some that it had seen. Delete the store's file; it is "
                "filled again from the journal"
            )
        if self._since() and self._now() - self._snapshot_time >= self._every_s:
            self._write_snapshot()
        return count

    def follow(self, stop: threading.Event) -> None:
        """`step` until told to stop; then catch up and write a last snapshot."""
        while not stop.is_set():
            if not self.step():
                stop.wait(POLL_S)
        self.step()
        if self._since():
            self._write_snapshot()

    def close(self) -> None:
        """Let go of the files."""
        self._reader.close()
        self.store.close()

    def _stored(self) -> int:
        """The first record that the store wants."""
        position = self.store.position()
        if position:
            return position
        cut = read_cut(self.directory)
        return cut.first if cut else 0

    def _take(self, frame: Frame) -> None:
        rerun = self._rerun
        if rerun is not None and frame.first >= rerun.position:
            structs = rerun.take(frame)
            for account in rerun.mismatches.keys() - self._told:
                self._told.add(account)
                self._log.error("the re-run differs: no more snapshots", reason=str(rerun.mismatches[account]))
        else:
            structs = read_records(frame.first, frame.records)
        end = frame.first + len(frame.records)
        if end > self._applied + len(self._pending):
            skip = max(0, self._applied + len(self._pending) - frame.first)
            rows = zip(frame.records, structs, strict=True)
            self._pending += [(record.stream, record.kind, struct) for record, struct in rows][skip:]

    def _apply(self) -> None:
        if self._pending:
            self.store.apply(self._applied, self._pending)
            self._applied += len(self._pending)
            self._pending = []

    def _since(self) -> int:
        """Records since the last snapshot; 0 where none may be written."""
        rerun = self._rerun
        return 0 if rerun is None or rerun.mismatches else max(0, rerun.position - self._snapshot_at)

    def _write_snapshot(self) -> None:
        rerun = self._rerun
        assert rerun is not None
        path = snapshots.write(self.directory, rerun.position, dump(rerun.kernel))
        self._snapshot_at, self._snapshot_time = rerun.position, self._now()
        self._log.debug("snapshot", file=path.name, bytes=path.stat().st_size)
        beginnings = {epoch.first + 1 for epoch in epochs(self.directory)}
        others = [p for p in snapshots.list_snapshots(self.directory) if snapshots.position_of(p) not in beginnings]
        for old in others[KEPT:]:
            old.unlink(missing_ok=True)  # the follower of an earlier run may have been at it


# ---- the process ----


def main() -> int:
    """The process. Its exit code is 0 after SIGTERM, else 1, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m sniper.runtime.follower")
    parser.add_argument("directory", type=Path, help="data_dir of the run")
    parser.add_argument("--fences", type=json.loads, default={}, help="tokens of the run's leases by account, as JSON")
    parser.add_argument("--parent", type=int, default=0, help="process id of the run; ends with it")
    arguments = parser.parse_args()
    _die_with(arguments.parent)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.nice(NICE)
    logs.configure("info", "auto")
    log: FilteringBoundLogger = structlog.get_logger("sniper.follower")
    try:
        _run(arguments.directory, arguments.fences, stop, log)
    except (SniperError, OSError) as error:
        log.error("the follower ends", reason=told(error))
        return 1
    return 0


def _run(directory: Path, fences: dict[str, int], stop: threading.Event, log: FilteringBoundLogger) -> None:
    resolved, catalogue, recorded = kept(directory)
    store: Store = resolved.store.made()
    store.open(directory)
    store.claim(fences)  # from here on the follower of an earlier run, which may still be there, writes nothing
    logs.configure(resolved.settings.logging.level, resolved.settings.logging.format)
    differing = explain(recorded[-1].manifest, manifest(resolved, catalogue))
    kernel = None
    if differing:
        log.error("no snapshots: what is installed is not what runs", what=differing)
    else:
        kernel = Kernel(wire(resolved, signs=signs(resolved)), lambda what, error: log.debug(what, error=str(error)))
    runtime = resolved.runtime
    follower = Follower(
        directory / JOURNAL,
        kernel,
        store,
        every_s=runtime.snapshot_every_s,
        every_records=runtime.snapshot_every_records,
        log=log,
    )
    gc.freeze()
    with contextlib.closing(follower):
        follower.follow(stop)


def _die_with(parent: int) -> None:
    """Linux kills this process when the thread that started it ends."""
    if sys.platform == "linux" and parent:
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            raise JournalError(f"prctl(PR_SET_PDEATHSIG): {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent:
            sys.exit(1)  # it died before this line


class FollowerProcess:
    """The follower of a run, as the run sees it: started a little later, and again with back-off where it ends."""

    def __init__(self, directory: Path, log: FilteringBoundLogger, fences: Mapping[str, int]) -> None:
        """``fences``: by account, the token under which it writes to the store."""
        self._directory = directory
        self._fences = dict(fences)
        self._log = log
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs; None where none does."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Begin to look after it."""
        self._task = asyncio.get_running_loop().create_task(self._supervise(), name="follower")

    async def stop(self) -> None:
        """Let it catch up, and end it. Call this once nothing is journaled any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        except TimeoutError:
            self._log.warning("the follower did not catch up in time", patience_s=PATIENCE_S)
            process.kill()
            await process.wait()

    async def _supervise(self) -> None:
        pause = FIRST_START_S
        await asyncio.sleep(pause)
        while True:
            began = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sniper.runtime.follower",
                str(self._directory),
                "--fences",
                json.dumps(self._fences),
                "--parent",
                str(os.getpid()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
            )
            code = await self._process.wait()
            pause = FIRST_START_S if time.monotonic() - began > LONGEST_PAUSE_S else min(LONGEST_PAUSE_S, pause * 2)
            delay = pause * (0.5 + random.random())
            self._log.warning("the follower ended", exit_code=code, again_in_s=round(delay, 1))
            await asyncio.sleep(delay)


if __name__ == "__main__":
    sys.exit(main())
