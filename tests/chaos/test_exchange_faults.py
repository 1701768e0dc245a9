"""All that an exchange can do wrong, to requests and to its streams, while brackets, TWAPs and stops are open there:
spot, and a perpetual with leverage, funding and orders that only reduce."""

import asyncio
from pathlib import Path

import pytest
from stand.contract_floor import ContractFloor
from stand.floor import Floor

from sniper.kernel import facts as f
from sniper.types import SECOND
from sniper_sdk.exchange import DEPTH, MARKET, USER, ExchangeFault, Fault
from sniper_sdk.exchange.faults import EVENTS

PLACE, CANCEL = {"order.place", "algoOrder.place"}, {"order.cancel", "algoOrder.cancel"}
ASKED = {"order.status", "openOrders.status", "account.status", "myTrades"}
ASKED |= {"algoOrder.status", "openAlgoOrders", "positionRisk", "income"}
"""What is asked where an answer or an event is missing; the latter of contracts."""
SKEWS_S = (60, -60, 3, -3, 0)
"""How far its clock is off, one after the other, while all of that happens."""
SKEWED_S = 3.0
PATIENCE_S = 90.0
"""Within which each fault must have met something, on a busy machine."""


def faults(times: int) -> list[Fault]:
    """Every fault, on everything that it can meet."""
    of_requests = [kind for kind in ExchangeFault if kind is not ExchangeFault.TWICE]
    of_answers = [kind for kind in of_requests if kind not in (ExchangeFault.PARTIAL, ExchangeFault.REJECT)]
    return [
        *(Fault(kind, PLACE, percent=8, times=times, seconds=1.0) for kind in of_requests),
        *(Fault(kind, CANCEL, percent=8, times=times, seconds=1.0) for kind in (*of_answers, ExchangeFault.REJECT)),
        *(Fault(kind, ASKED, percent=10, times=times, seconds=1.0) for kind in of_answers),
        *(
            Fault(kind, {stream}, percent=2, times=times, seconds=0.5)
            for kind in sorted(EVENTS)
            for stream in (USER, MARKET, DEPTH)
        ),
    ]


async def skew(floor: Floor, times: int) -> None:
    """Let the clock of the exchange be ahead and behind."""
    for seconds in SKEWS_S * times:
        floor.server.clock.skew_ns = seconds * SECOND
        await asyncio.sleep(SKEWED_S)


async def goes_through(floor: Floor, times: int) -> None:
    """Trade until each fault happened as often as it may, and the clock was wrong as often; then the audit."""
    await floor.start()
    await floor.does(f.ExchangeOrderPlaced)
    planned = faults(times)
    floor.server.faults.add(*planned)
    skewing = asyncio.create_task(skew(floor, times))
    await floor.until(lambda _: len(floor.server.faults.fired) >= times * len(planned), within_s=times * PATIENCE_S)
    await skewing
    floor.server.faults.clear()
    print(f"{len(floor.server.faults.fired)} faults; {floor.seen()}", flush=True)
    await floor.bot.stop()
    floor.calm()
    await floor.start()
    await floor.does(f.Began)
    await floor.settle()
    assert floor.audit() == []
    assert await floor.replayed() == 0


@pytest.mark.long  # the same faults as with contracts, which are in the daily run
async def test_every_fault_of_an_exchange_in_a_busy_run(tmp_path: Path) -> None:
    async with Floor(tmp_path, 1) as floor:
        await goes_through(floor, 1)


async def test_every_fault_of_an_exchange_of_contracts_in_a_busy_run(tmp_path: Path) -> None:
    async with ContractFloor(tmp_path, 1) as floor:
        await goes_through(floor, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(500, 504))
async def test_every_fault_of_an_exchange_again_and_again(tmp_path: Path, seed: int) -> None:
    async with Floor(tmp_path, seed) as floor:
        await goes_through(floor, 4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(700, 704))
async def test_every_fault_of_an_exchange_of_contracts_again_and_again(tmp_path: Path, seed: int) -> None:
    async with ContractFloor(tmp_path, seed) as floor:
        await goes_through(floor, 4)
