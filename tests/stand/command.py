"""The command line, beside a bot that runs."""

import asyncio
import sys

from stand.stand import Stand


async def sniper(stand: Stand, *words: str) -> tuple[int, str]:
    """Run ``sniper`` with these words on the stand's config: exit code, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sniper", "--config", str(stand.config), *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()
