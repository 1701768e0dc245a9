"""The demo's bot is killed at random moments and started again: the books reconcile, and nothing is bought twice."""

import asyncio
import random
from pathlib import Path

import pytest

from sniper_sdk.demo.play import Demo
from sniper_sdk.demo.summary import Row, Summary
from sniper_sdk.devchain import DevChain

BLOCK_S = 0.5
MAX_AGE_S = 30
"""Wall time passes while the bot is down; no position may grow old before the scenario has done with it."""


class Killer:
    """Kills the bot at a random moment after some of the blocks, and starts it again. The blocks wait for it."""

    def __init__(self, demo: Demo, rng: random.Random, kills: int) -> None:
        self._demo = demo
        self._rng = rng
        self._at = set(rng.sample(range(demo.scenario.length), kills))
        self._block = 0
        self.kills = 0

    async def __call__(self) -> None:
        self._block += 1
        if self._block - 1 not in self._at:
            return
        # mostly within what the bot does about a block, sometimes after it
        await asyncio.sleep(self._rng.random() ** 2 * BLOCK_S)
        await self._demo.bot.kill()
        self.kills += 1
        await self._demo.start_bot()


async def killed(directory: Path, seed: int, kills: int) -> tuple[Summary, int]:
    """One demo with so many kills."""
    with DevChain(automine=False) as chain:
        demo = Demo(chain, directory, seed, block_s=BLOCK_S, max_age_s=MAX_AGE_S)
        killer = Killer(demo, random.Random(seed), kills)
        try:
            await demo.prepare()
            summary = await demo.play(between=killer)
        finally:
            if demo.bot.running:
                await demo.bot.kill()
        assert all(told.entries <= 1 for told in demo.story.tokens.values())
        return summary, killer.kills


def unexpected(summary: Summary) -> list[Row]:
    """Launches that ended otherwise than declared; which exit sold depends on how long the bot was down."""
    return [row for row in summary.rows if row.got != row.expected.partition(" by ")[0]]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_the_books_reconcile_after_every_kill(tmp_path: Path, seed: int) -> None:
    summary, killed_times = await killed(tmp_path, seed, 6)
    assert killed_times == 6
    assert summary.reconciliation.differences == ()
    assert unexpected(summary) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 20))
async def test_fifty_kills_in_ten_demos(tmp_path: Path, seed: int) -> None:
    summary, killed_times = await killed(tmp_path, seed, 5)
    assert killed_times == 5
    assert summary.reconciliation.differences == ()
    assert unexpected(summary) == []
