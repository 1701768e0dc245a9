"""The bot as a process of its own: ``sniper run``, just as a trader starts it."""

import asyncio
import signal
import sys
from pathlib import Path

PASSWORD = b"for one demo on one chain"
STOP_S = 20.0


class Bot:
    """Starts, kills and stops ``sniper run``. The password goes through its standard input."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self, config: Path) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sniper",
                "--config",
                str(config),
                "run",
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(PASSWORD)
        self._process.stdin.close()

    async def kill(self) -> None:
        """SIGKILL, as a crash or the out-of-memory killer would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            return await self._process.wait()

    def words(self) -> str:
        """The end of what it logged, for an error message."""
        return self._log.read_text(errors="replace")[-2_000:] if self._log.exists() else ""
