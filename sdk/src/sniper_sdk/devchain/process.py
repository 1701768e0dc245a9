"""One anvil process: started on a free port, ended with its parent, and by its own id only."""

import ctypes
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sniper.errors import SniperError
from sniper_sdk.npm import Progress, anvil

_PR_SET_PDEATHSIG = 1
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


class ChainStartFailed(SniperError, RuntimeError):
    """anvil ended, or did not listen, instead of starting."""

    code = "devchain-start"


class AnvilProcess:
    """anvil with the given arguments, listening on ``port`` of the loopback interface.

    The kernel ends it when the thread that created it ends: create it in one that lives as long as it is needed.
    """

    def __init__(self, arguments: list[str], progress: Progress | None = None, patience: float = 30.0) -> None:
        binary = anvil(progress)
        self._directory = tempfile.TemporaryDirectory(prefix="sniper-anvil-")
        log = Path(self._directory.name) / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                # states of past blocks go where `end` finds them: anvil itself leaves them behind
                [str(binary), "--host", "127.0.0.1", "--port", "0", "--cache-path", self._directory.name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._directory.name,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 — one prctl, no locks
            )
        try:
            self.port = self._wait_until_listening(log, patience)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a crash would, and wait. `end` has still to clean up."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End the process and wait for it. May be called twice."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._directory.cleanup()

    def _wait_until_listening(self, log: Path, patience: float) -> int:
        deadline = time.monotonic() + patience
        while True:
            text = log.read_text(errors="replace")
            if found := _LISTENING.search(text):
                return int(found[1])
            if (status := self._process.poll()) is not None:
                raise ChainStartFailed(f"anvil ended with status {status} instead of starting: {text.strip()[-400:]}")
            if time.monotonic() > deadline:
                raise ChainStartFailed(f"anvil did not listen within {patience:.0f} s: {text.strip()[-400:]}")
            time.sleep(0.005)


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before the fork: the child must not import


def _end_with_parent() -> None:
    assert _libc is not None
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
