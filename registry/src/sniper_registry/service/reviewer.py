"""The process that runs what a review runs: it takes steps off the list, one after the other.

What looks at a release is a process of its own, which ends in bounded time and in which no code of the release runs
either: that runs in workers of it. Neither has the operator's keys or the database.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

import msgspec

from sniper.index import Release
from sniper.isolation.words import harmless
from sniper_registry.installing.uv import environment
from sniper_registry.review.conformance.behaved import Behaved, findings
from sniper_registry.review.finding import Finding, Weight
from sniper_registry.service.checks import CONFORMANCE, LEASE_S, MOST_TRIES, Checks, Step
from sniper_registry.service.submissions import Staging
from sniper_registry.service.uploads import Uploads

FORMAT: Final = "sniper-checks/1"
WITHIN_S: Final[Mapping[str, float]] = {"conformance": 600, "results": 2 * 3_600}
"""Seconds for each step."""
LARGEST: Final = 1 << 20
"""Bytes of what a step tells."""
_WORD_S: Final = LEASE_S / 4

Command = Callable[[Step, Path, Path], list[str]]
"""What runs a step. Arguments: step, wheel, the directory with the lock of its dependencies, where its publisher
signed one (`LOCK`)."""
LOCK: Final = "lock.txt"


def command(step: Step, wheel: Path, directory: Path) -> list[str]:
    """``sniper registry check`` or ``sniper registry results``."""
    lock = ("--lock", str(directory / LOCK)) if (directory / LOCK).exists() else ()
    words = {
        "conformance": ("check", str(wheel), *lock, "--json"),
        "results": ("results", str(wheel)),
    }
    return [sys.executable, "-m", "sniper", "registry", *words[step.step]]


class Reviewer:
    """``packages``: where the repository keeps published wheels, a directory for each distribution."""

    def __init__(
        self, checks: Checks, uploads: Uploads, staging: Staging, packages: Path, run: Command = command
    ) -> None:
        self._checks, self._uploads, self._staging = checks, uploads, staging
        self._packages, self._command = packages, run

    def work(self, stop: Event) -> bool:
        """Run one step to its end, or until told to stop, where there is one. Whether there was one."""
        step = self._checks.take()
        if step is None:
            return False
        if step.tries >= MOST_TRIES:
            self._failed(step, f"the process that ran it was lost {MOST_TRIES} times")
            return True
        with tempfile.TemporaryDirectory(prefix="sniper-review-") as directory:
            try:
                wheel = self._laid_out(step, Path(directory))
            except OSError:  # decided against meanwhile, and gone
                self._failed(step, "its files are gone")
                return True
            self._run(step, wheel, Path(directory), stop)
        return True

    def _laid_out(self, step: Step, directory: Path) -> Path:
        """Copy what a step needs: the wheel may be moved from the queue to the repository meanwhile."""
        try:
            data = self._staging.wheel(step.key, step.wheel).read_bytes()
            requires = msgspec.json.decode(self._staging.release(step.key), type=Release).requires
            (directory / LOCK).write_text("".join(f"{line}\n" for line in requires))
        except OSError:  # published meanwhile, and its dependencies are resolved anew
            data = (self._packages / step.name / step.wheel).read_bytes()
        (directory / step.wheel).write_bytes(data)
        return directory / step.wheel

    def _run(self, step: Step, wheel: Path, directory: Path, stop: Event) -> None:
        out, said = directory / "out", directory / "said"
        with out.open("xb") as stdout, said.open("xb") as stderr:
            process = subprocess.Popen(
                self._command(step, wheel, directory),
                cwd=directory,
                env=environment(more={"LANG": "C.UTF-8"}),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            try:
                ended = self._ended(step, process, stop)
            finally:
                _kill(process)
        if stop.is_set() and ended != "":
            self._checks.back(step)
            return
        found = _told(out) if not ended else None
        if found is None:
            words = said.read_bytes()[-2_000:].decode(errors="replace").strip().splitlines()[-3:]
            self._failed(step, harmless(ended or " ".join(words) or "it told nothing", 600))
        elif step.step == CONFORMANCE:
            behaved = msgspec.convert(found["behaved"], type=tuple[Behaved, ...])
            self._conformed(step, behaved)
        else:
            self._checks.end(step, "done", found)

    def _ended(self, step: Step, process: "subprocess.Popen[bytes]", stop: Event) -> str:
        """Why it did not come to its end; empty: it did."""
        end, word = monotonic() + WITHIN_S[step.step], monotonic() + _WORD_S
        while process.poll() is None:
            if stop.wait(0.1):
                return "it was stopped"
            if monotonic() > end:
                return f"it took more than {WITHIN_S[step.step]:g} s"
            if monotonic() > word:
                word = monotonic() + _WORD_S
                if not self._checks.alive(step):
                    return "it is wanted no more"
        return ""

    def _conformed(self, step: Step, behaved: tuple[Behaved, ...]) -> None:
        document = {"format": FORMAT, "sha256": step.sha256, "behaved": [each.plain() for each in behaved]}
        self._uploads.found(step.upload, CONFORMANCE, findings(behaved))  # first: who dies here is begun again
        self._checks.end(step, "done", document)

    def _failed(self, step: Step, why: str) -> None:
        what = "conformance is not run" if step.step == CONFORMANCE else "no results were computed"
        self._uploads.found(step.upload, step.step, [Finding(step.step, Weight.LOOK, f"{what}: {why}")])
        self._checks.end(step, "failed", {"why": why})


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _told(file: Path) -> dict[str, Any] | None:  # Any: JSON
    if file.stat().st_size > LARGEST:
        return None
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
