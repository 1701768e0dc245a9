"""The bot as a process of its own: ``python -m sniper --config FILE run``."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PASSWORD = b"a password that tests use"
PATIENCE_S = 40.0


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code and all that it printed."""

    code: int
    words: str


class Bot:
    """Started, watched and ended by its own process id. What it prints goes to ``log``."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._began = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def signer_pid(self) -> int:
        """The process of the signer that it started."""
        children = [
            int(child)
            for listed in Path(f"/proc/{self.pid}/task").glob("*/children")
            for child in listed.read_text().split()
        ]
        (signer,) = [child for child in children if b"sniper_signer_keystore" in _command(child)]
        return signer

    async def start(
        self,
        config: Path,
        *words: str,
        password: bytes = PASSWORD,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it. The password goes through its standard input."""
        self._began = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "sniper", "--config", str(config), "run", *words),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        assert self._process.stdin is not None
        self._process.stdin.write(password)
        self._process.stdin.close()

    async def ended(self) -> Ended:
        """Wait until it ends by itself."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_S):
            code = await self._process.wait()
        return Ended(code, self.words())

    async def stop(self) -> Ended:
        """Ask it to end, and wait."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """SIGKILL, as a crash or the out-of-memory killer would; its signer ends with it."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def words(self) -> str:
        """What it has printed since it was started."""
        return self._log.read_bytes()[self._began :].decode(errors="replace") if self._log.exists() else ""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
