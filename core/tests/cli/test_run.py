"""``sniper run``: how it ends."""

import asyncio
import os
import signal
from typing import Any

import click
import pytest

from sniper.cli.run import _trade


class Waits:
    """A run whose start waits for ever, as for a password, and is interrupted meanwhile."""

    ended = False

    def __init__(self, *_: Any, **options: object) -> None: ...

    async def start(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            Waits.ended = True


async def test_a_start_that_waits_for_a_password_is_ended_by_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper.runtime.run.Run", Waits)
    nothing: Any = None
    async with asyncio.timeout(20):
        with pytest.raises(click.Abort):
            await _trade(nothing, nothing, standby=False)
    assert Waits.ended, "what was started was given the time to put the terminal back"
