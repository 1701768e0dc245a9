"""SIGKILL of the bot at seeded moments, with brackets, TWAPs, stops and plain orders open at an exchange.

The long tests make two hundred kills in series of ten, each of which ends in an audit.
"""

import asyncio
import random
from pathlib import Path

import pytest
from stand.floor import Floor, trading

from sniper_sdk.exchange import ExchangeFault, Fault

SERIES = 10
STARTS_S = 6.0
TRADES_S = 2.5
SLOW = Fault(ExchangeFault.LATE, {"order.place", "order.cancel"}, percent=40, seconds=0.4)
"""An exchange on this machine answers within a millisecond: so more deaths come before an answer."""


async def killed(floor: Floor, seed: int, kills: int) -> None:
    """So many kills, then the audit."""
    rng = random.Random(seed)
    floor.server.faults.add(SLOW)
    for n in range(1, kills + 1):
        await floor.start()
        if rng.random() < 0.2:  # while it starts, mostly
            await asyncio.sleep(rng.random() * STARTS_S)
        else:
            await floor.trades()
            await asyncio.sleep(rng.random() * TRADES_S)
        await floor.bot.kill()
        floor.record.read()
        print(f"seed {seed}: kill {n}, {floor.seen()}", flush=True)
    await floor.start()
    await floor.began()
    await floor.settle()
    assert floor.audit() == []
    assert floor.server.engine.own_orders(floor.account, "BTCUSDT")
    assert await floor.replayed() == 0


async def test_kills_with_plans_open_at_an_exchange(tmp_path: Path) -> None:
    async with trading(tmp_path, 1) as floor:
        await killed(floor, 1, 6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(400, 420))
async def test_two_hundred_kills_in_twenty_runs(tmp_path: Path, seed: int) -> None:
    async with trading(tmp_path, seed) as floor:
        await killed(floor, seed, SERIES)
