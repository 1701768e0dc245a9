"""Harm that must come from within the bot's process: death at one frame of its journal, a clock that jumps, segments
that are soon full. And a disk that is.

Python imports ``sitecustomize`` before anything else; what is installed here does nothing unless told to.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

DIES = "STAND_DIES"
CLOCK = "STAND_CLOCK"
SEGMENT = "STAND_SEGMENT"

Where = Literal["before", "torn", "written", "synced"]
"""Before a frame is written, when what the last one asked has left; in its middle; behind it, when its queries may have
left and nothing of it is synced; after the sync of what holds a command, before that leaves."""

SITECUSTOMIZE = """
import os
import signal
import time

if os.environ.get("STAND_CLOCK"):
    _real, _file = time.time_ns, os.environ["STAND_CLOCK"]

    def _time_ns():
        with open(_file) as offset:
            return _real() + int(offset.read())

    time.time_ns = _time_ns
    time.time = lambda: _time_ns() / 1e9

if os.environ.get("STAND_SEGMENT"):
    import sniper.journal.writer as _writer

    _writer.Writer.__init__.__defaults__ = (int(os.environ["STAND_SEGMENT"]), None)

if os.environ.get("STAND_DIES"):
    import sniper.journal.writer as _writer

    _nth, _where = os.environ["STAND_DIES"].split()
    _left = [int(_nth)]

    def _die():
        os.kill(os.getpid(), signal.SIGKILL)

    def _half(fd, data, offset):
        os.pwrite(fd, data[: len(data) // 2], offset)
        _die()

    def _dying(method):
        def dying(self, *values):
            _left[0] -= 1
            if not _left[0] and _where == "before":
                _die()
            if not _left[0] and _where == "torn":
                _writer._write_all = _half
            first = method(self, *values)
            if not _left[0]:
                _die()
            return first

        return dying

    for _name in ("sync",) if _where == "synced" else ("append", "begin_epoch"):
        setattr(_writer.Writer, _name, _dying(getattr(_writer.Writer, _name)))
"""


def dies(site: Path, nth: int, where: Where) -> dict[str, str]:
    """Environment of a process that dies at its nth frame, or sync. ``site``: a directory to install it in."""
    return {DIES: f"{nth} {where}", **_installed(site)}


def small_segments(site: Path, size: int) -> dict[str, str]:
    """Environment of a process whose journal has segments of ``size`` bytes. ``site``: as for `dies`."""
    return {SEGMENT: str(size), **_installed(site)}


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[None]:
    """Mount a file system of this size (``"1m"``) at ``path``. Skips the test where that is not allowed."""
    path.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    mounted = subprocess.run(mounting, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


class JumpingClock:
    """The clock of a process that runs in ``environment``."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "clock"
        self.set(0)
        self.environment: Mapping[str, str] = {CLOCK: str(self._file), **_installed(directory / "site")}

    def set(self, ns: int) -> None:
        """So far it is ahead of the machine's from now on."""
        draft = self._file.with_suffix(".new")
        draft.write_text(str(ns))
        draft.replace(self._file)


def _installed(site: Path) -> dict[str, str]:
    site.mkdir(parents=True, exist_ok=True)
    (site / "sitecustomize.py").write_text(SITECUSTOMIZE.lstrip())
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))}
