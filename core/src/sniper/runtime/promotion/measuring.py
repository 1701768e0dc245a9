"""Measures the stages of a run's strategies in a process of its own, for it reads whole journals.

The process is handed its job as one line of JSON, and prints a line for each measurement that differs from the one
before; the run lets it enter the kernel, where what follows is decided.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from structlog.typing import FilteringBoundLogger

from sniper.errors import SniperError, told
from sniper.events import Event, StageMeasured
from sniper.finding import Finding
from sniper.kernel.facts import Fact, StageMoved, StageProposed
from sniper.runtime.promotion.gates import Runs, hold, rise
from sniper.runtime.promotion.track import Track
from sniper.runtime.surroundings import plain
from sniper.settings.model import Promotion

NICE: Final = 10
LONGEST_PAUSE_S: Final = 60.0


class Measured(msgspec.Struct, frozen=True):
    """What one instance has shown. See `sniper.events.StageMeasured`."""

    account: str
    instance: str
    stage: str
    rise: tuple[Finding, ...]
    hold: tuple[Finding, ...]


class Measuring:
    """Of one run.

    instances  By account, the strategies that it runs.
    """

    def __init__(
        self, data_dir: Path, promotions: Mapping[str, Promotion], instances: Mapping[str, Sequence[str]]
    ) -> None:
        self._promotions = promotions
        self._pairs = [(account, name) for account in instances for name in instances[account] if name in promotions]
        self._accounts = sorted({account for account, _ in self._pairs})
        self._tracks: dict[Path, Track] = {}
        self._live = self._track(data_dir)
        self._runs = {
            name: Runs(
                self._live, self._track(each.paper), self._track(each.shadow) if each.shadow is not None else None
            )
            for name, each in promotions.items()
        }

    def _track(self, data_dir: Path) -> Track:
        return self._tracks.setdefault(data_dir.resolve(), Track(data_dir, self._accounts))

    def measured(self) -> Iterator[Measured]:
        """What each has shown until now, at the stage where the run's own record has it. Raises `JournalError`."""
        for track in self._tracks.values():
            track.read()
        for account, name in self._pairs:
            stage = self._live.shown(account, name).stage
            if stage is not None:
                found = (self._promotions[name], stage.stage, self._runs[name], account, name)
                yield Measured(account, name, stage.stage, rise(*found), hold(*found))

    def close(self) -> None:
        """Let go of the files."""
        for track in self._tracks.values():
            track.close()


# ---- the process ----


def main() -> int:
    """The process. It ends with whoever reads what it prints."""
    job = json.loads(sys.stdin.readline())
    promotions = {name: Promotion.model_validate_json(text) for name, text in job["promotions"].items()}
    os.nice(NICE)
    every = min(promotion.measure_every_s for promotion in promotions.values())
    measuring = Measuring(Path(job["data_dir"]), promotions, job["instances"])
    known: dict[tuple[str, str], object] = {}
    while True:
        try:
            found = list(measuring.measured())
        except (SniperError, OSError) as error:
            print(told(error), file=sys.stderr)
            return 1
        for each in found:
            passed = each.stage, [(f.rule, f.ok) for f in each.rise], [(f.rule, f.ok) for f in each.hold]
            if known.get((each.account, each.instance)) != passed:
                known[each.account, each.instance] = passed
                print(msgspec.json.encode(each).decode())
        try:
            print(flush=True)  # also where nothing is new: nobody reads it any more once the run is gone
        except BrokenPipeError:
            return 0
        time.sleep(every)


def job_of(
    data_dir: Path, promotions: Mapping[str, Promotion], instances: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """What the process is handed. Any: JSON."""
    return {
        "data_dir": str(data_dir),
        "promotions": {name: each.model_dump_json() for name, each in promotions.items()},
        "instances": {account: list(names) for account, names in instances.items()},
    }


class MeasuringProcess:
    """The process, as its run sees it: started again with back-off where it ends."""

    def __init__(
        self,
        job: Mapping[str, Any],
        publish: Callable[[Sequence[Event]], Awaitable[None]],
        clock: Callable[[], int],
        log: FilteringBoundLogger,
    ) -> None:
        """``job``: see `job_of`. Any: JSON."""
        self._job = json.dumps(job).encode() + b"\n"
        self._publish = publish
        self._clock = clock
        self._log = log
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    def start(self) -> None:
        """Begin to look after it."""
        self._task = asyncio.get_running_loop().create_task(self._supervise(), name="measuring")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _supervise(self) -> None:
        pause = 1.0
        while True:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sniper.runtime.promotion.measuring",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=2**20,
                env=plain(),
            )
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(self._job)
            async for line in process.stdout:
                if line.strip():
                    await self._publish([self._event(msgspec.json.decode(line, type=Measured))])
                    pause = 1.0
            code = await process.wait()
            pause = min(LONGEST_PAUSE_S, pause * 2)
            delay = pause * (0.5 + random.random())
            self._log.warning("stages are not measured", exit_code=code, again_in_s=round(delay, 1))
            await asyncio.sleep(delay)

    def _event(self, found: Measured) -> StageMeasured:
        return StageMeasured(
            time=self._clock(),
            account=found.account,
            instance=found.instance,
            stage=found.stage,
            rise=found.rise,
            hold=found.hold,
        )


def teller(log: FilteringBoundLogger) -> Callable[[Event, Sequence[tuple[str, Fact]]], None]:
    """An observer of a run that tells of stages in its log."""

    def told_of(_: Event, facts: Sequence[tuple[str, Fact]]) -> None:
        for account, fact in facts:
            if isinstance(fact, StageMoved):
                what = "a strategy was taken back" if fact.back else "a strategy stands at a stage"
                tell = log.warning if fact.back else log.info
                tell(what, account=account, strategy=fact.instance, stage=fact.stage, reason=fact.reason)
            elif isinstance(fact, StageProposed) and fact.stage:
                log.info("a strategy may be promoted", account=account, strategy=fact.instance, stage=fact.stage)

    return told_of


if __name__ == "__main__":
    sys.exit(main())
