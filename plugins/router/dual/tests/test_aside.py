"""What takes long is done in another thread, and the market goes on in the caller's."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sniper.config import Config
from sniper.router import RouteAsk
from sniper_router_dual import engine as module
from sniper_router_dual.router import Dual, DualConfig
from sniper_sdk.conformance.router import Pool, Product

ASK = RouteAsk(chain_id=1, token_in="a", token_out="b", amount=10**20, max_legs=8)


def pool(address: str, *coins: str, depth: int = 10**21) -> Pool:
    return Pool(address, coins, Product(config=Config(), reserves=(depth,) * len(coins), plain=True))


class Gate:
    """Stands before the optimiser in its thread; ``reached`` once something waits there."""

    def __init__(self, solve: Any) -> None:
        self._solve = solve
        self._reached, self._open = threading.Event(), threading.Event()
        self.threads: set[str] = set()

    def __call__(self, *args: Any) -> Any:
        self.threads.add(threading.current_thread().name)
        self._reached.set()
        assert self._open.wait(30)
        return self._solve(*args)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, 30)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(module.solve)
    monkeypatch.setattr(module, "solve", made)
    monkeypatch.setattr(module, "_LITTLE", 0)
    yield made
    made.open()


@pytest.fixture
def router() -> Dual:
    made = Dual(DualConfig())
    for each in (pool("p1", "a", "b"), pool("p2", "a", "b"), pool("p3", "a", "c"), pool("p4", "c", "b")):
        made.changed(each)
    return made


async def test_pools_change_come_and_go_while_the_optimiser_is_at_work(router: Dual, gate: Gate) -> None:
    found = asyncio.create_task(router.propose(ASK))
    await gate.reached()
    router.changed(pool("p1", "a", "b", depth=10**20))
    router.removed("p2")
    for n in range(1_000):  # more than the arrays have room for
        router.changed(pool(f"new{n}", f"coin{n}", "b"))
        assert router.cycle(pool("p3", "a", "c")) == ()
    assert not found.done()
    gate.open()
    legs = (await found).legs
    assert {leg.pool for leg in legs} == {"p1", "p2", "p3", "p4"}
    assert not gate.threads & {threading.main_thread().name}
    assert "p2" not in {leg.pool for leg in (await router.propose(ASK)).legs}


async def test_one_that_nobody_waits_for_any_more_keeps_the_next_waiting_until_it_ended(
    router: Dual, gate: Gate
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await router.propose(ASK)
    given_up = asyncio.create_task(router.propose(ASK))
    await gate.reached()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    router.removed("p1")
    following = asyncio.create_task(router.propose(ASK))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not following.done()
    assert "p1" in router._engine.mirror.places  # the arrays are as they were
    gate.open()
    assert {leg.pool for leg in (await following).legs} == {"p2", "p3", "p4"}


async def test_many_pools_are_read_some_at_a_time_and_all_of_them_as_they_are_at_the_end(router: Dual) -> None:
    for n in range(1_000):
        router.changed(pool(f"more{n}", "a", f"coin{n}"))
    found = asyncio.create_task(router.propose(ASK))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = router._engine.mirror.waiting
    assert 0 < waiting < 1_000
    router.changed(pool("p1", "a", "b", depth=1))
    proposal = await found
    assert "p1" not in {leg.pool for leg in proposal.legs}
    assert router._engine.mirror.waiting == 0
