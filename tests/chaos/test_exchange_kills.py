"""SIGKILL of the bot at seeded moments, with brackets, TWAPs, stops and plain orders open at an exchange: spot, and a
perpetual with leverage, funding and orders that only reduce.

The long tests make two hundred kills of each in series of twenty, each of which ends in an audit.
"""

import asyncio
import random
from pathlib import Path

import pytest
from stand.contract_floor import ContractFloor
from stand.floor import SYMBOL, Floor

from sniper.events import Event, Submitted
from sniper.kernel import facts as f
from sniper_sdk.exchange import ExchangeFault, Fault

SERIES = 20
STARTS_S = 2.0
MOMENTS: tuple[type[f.Fact | Event], ...] = (
    f.ExchangeOrderPlaced,
    f.ExchangeOrderPlaced,
    Submitted,
    f.ExchangeFilled,
    f.ExchangeCancelled,
)
"""It is killed with one of the first ``MOST`` of these, or up to so many seconds later: ``PAUSE_S``."""
MOST = 4
PAUSE_S = 0.5
SLOW = Fault(ExchangeFault.LATE, {"order.place", "order.cancel", "algoOrder.place"}, percent=40, seconds=0.4)
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
            await floor.does(rng.choice(MOMENTS), rng.randint(1, MOST))
            await asyncio.sleep(rng.random() * PAUSE_S)
        await floor.bot.kill()
        floor.record.read()
        print(f"seed {seed}: kill {n}, {floor.seen()}", flush=True)
    floor.calm()
    await floor.start()
    await floor.does(f.Began)
    await floor.settle()
    assert floor.audit() == []
    assert floor.server.engine.own_orders(floor.account, SYMBOL)
    assert await floor.replayed() == 0


async def test_kills_with_plans_open_at_an_exchange(tmp_path: Path) -> None:
    async with Floor(tmp_path, 1) as floor:
        await killed(floor, 1, 6)


@pytest.mark.long
async def test_kills_with_plans_open_on_a_contract(tmp_path: Path) -> None:
    async with ContractFloor(tmp_path, 1) as floor:
        await killed(floor, 1, 4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(400, 410))
async def test_two_hundred_kills_in_ten_runs(tmp_path: Path, seed: int) -> None:
    async with Floor(tmp_path, seed) as floor:
        await killed(floor, seed, SERIES)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(600, 610))
async def test_two_hundred_kills_in_ten_runs_on_a_contract(tmp_path: Path, seed: int) -> None:
    async with ContractFloor(tmp_path, seed) as floor:
        await killed(floor, seed, SERIES)
