"""The bot as a copy of a process that has loaded everything: a start costs no imports, which are most of its time."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from stand.bot import PASSWORD, PATIENCE_S, Bot, Ended

LOADING_S = 120.0


class LoadedBot(Bot):
    """A `Bot` that is `stand.loaded` once it has loaded; that one ends with `close`."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self._loaded: asyncio.subprocess.Process | None = None
        self._pid = 0
        self._code: asyncio.Task[int] | None = None

    @property
    def running(self) -> bool:
        return self._code is not None and not self._code.done()

    @property
    def pid(self) -> int:
        return self._pid

    async def start(
        self,
        config: Path,
        *words: str,
        password: bytes = PASSWORD,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it. The environment is that of the first start; nothing is typed."""
        if self._loaded is None:
            self._loaded = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", str(Path(__file__).with_name("loaded.py"))),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **(environment or {})},
            )
        assert self._loaded.stdin is not None
        self._began = self._log.stat().st_size if self._log.exists() else 0
        asked = [["--config", str(config), "run", *words], str(self._log)]
        self._loaded.stdin.write(f"{json.dumps(asked)}\n".encode())
        async with asyncio.timeout(LOADING_S):
            self._pid = await self._told()
        self._code = asyncio.create_task(self._told())

    async def ended(self) -> Ended:
        assert self._code is not None
        async with asyncio.timeout(PATIENCE_S):
            return Ended(await asyncio.shield(self._code), self.words())

    async def stop(self) -> Ended:
        if self.running:
            os.kill(self._pid, signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        if self.running:
            os.kill(self._pid, signal.SIGKILL)
        await self.ended()

    async def close(self) -> None:
        """End what has loaded, and its copy."""
        if self.running:
            await self.kill()
        if self._loaded is not None:
            assert self._loaded.stdin is not None
            self._loaded.stdin.close()
            await self._loaded.wait()

    async def _told(self) -> int:
        assert self._loaded is not None
        assert self._loaded.stdout is not None
        return int(await self._loaded.stdout.readline())
