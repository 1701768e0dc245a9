"""Cycles of a run: looked for where somebody wants them, through each pool that changed, and confirmed exactly."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from msgspec.structs import replace as changed
from structlog.testing import capture_logs
from world import CHAIN, ETHER, USD, WETH, Script, Setup, Splitting, World, address, pool_of, twin_of

from sniper.kernel.kernel import Kernel
from sniper.proposal import Leg, Proposal, RouteAsk
from sniper.router import Listed, Router
from sniper.routing import confirmed, worth
from sniper.runtime import routing as module
from sniper.runtime.routing import Routing
from sniper.types import NATIVE

SETUP = Setup(tokens=3, twins=True, venue=Splitting())
DOLLARS = replace(SETUP, quote=USD, rate=True)


class Twins(Router):
    """Knows of each pair of pools of one token, and names the way round that begins with the pool that changed."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.known: dict[str, Listed] = {}
        self.asked: list[str] = []
        self.hops: list[int] = []
        self.through: list[str | None] = []

    def changed(self, pool: Listed) -> None:
        self.known[pool.address] = pool

    def removed(self, address: str) -> None:
        self.known.pop(address, None)

    def cycle(self, pool: Listed, max_hops: int = 3, through: str | None = None) -> tuple[Leg, ...]:
        self.asked.append(pool.address)
        self.through.append(through)
        self.hops.append(max_hops)
        if isinstance(self.config.answer, Exception):
            raise self.config.answer
        if self.config.answer is not None:
            return self.config.answer  # type: ignore[no-any-return]  # what is no cycle is the point
        other = next(each for each in self.known.values() if each.coins == pool.coins and each is not pool)
        money, token = pool.coins
        cheap = pool.impl.price(0, 1) > other.impl.price(0, 1)
        ways = [Leg(pool=pool.address, token_in=money, token_out=token),
                Leg(pool=other.address, token_in=token, token_out=money)]  # fmt: skip
        back = [Leg(pool=pool.address, token_in=token, token_out=money),
                Leg(pool=other.address, token_in=money, token_out=token)]  # fmt: skip
        return tuple(ways if cheap else back)

    async def propose(self, ask: RouteAsk) -> Proposal:
        raise AssertionError("nobody asks it for a route")


def seeking(
    world: World, *coins: str, answer: Any = None, routers: int = 1, hops: int = 3, together: bool = False
) -> tuple[Routing, list[Twins]]:
    """A routing whose market is in step: what changed before is not looked at any more. ``together``: with as many hops
    for each coin, else with one more."""
    made: list[Twins] = []

    def cls(config: Any) -> Twins:
        made.append(Twins(config))
        return made[-1]

    configured: Any = [SimpleNamespace(name="twins", cls=cls, config=SimpleNamespace(answer=answer))] * routers
    sought = {(CHAIN, hops + n): (coin,) for n, coin in enumerate(coins)}
    if together:
        sought = {(CHAIN, hops): coins}
    routing = Routing(world.kernel.market, configured, structlog.get_logger("sniper"), sought)
    routing.cycles(0)
    trading = made[::2]  # the others are for what people ask
    for each in trading:
        each.asked.clear()
        each.hops.clear()
        each.through.clear()
    return routing, trading


def gap(world: World, token: int = 1, amount: int = ETHER // 2) -> None:
    world.mine(trades=((pool_of(token), amount),))


def test_the_cycle_through_a_pool_that_changed_is_found_with_what_it_gains_exactly() -> None:
    world = World(SETUP)
    routing, _ = seeking(world, NATIVE)
    assert routing.cycles(1) == []
    gap(world)
    (found,) = routing.cycles(77)
    assert (found.time, found.chain_id, found.block) == (77, CHAIN, world.chain.head.number)
    assert found.quote == f"{CHAIN}:{NATIVE}"
    assert [(leg.pool, leg.token_in, leg.token_out) for leg in found.legs] == [
        (twin_of(1), WETH, address(1)),
        (pool_of(1), address(1), WETH),
    ]
    x, y = world.chain.ledger.reserves[twin_of(1)]
    bought = found.amount * 997 * y // (x * 1000 + found.amount * 997)
    x, y = world.chain.ledger.reserves[pool_of(1)]
    assert found.gain == bought * 997 * x // (y * 1000 + bought * 997) - found.amount > 0
    assert found.gas == 2 * 120_000


def test_what_is_found_is_what_an_arbitrage_trades() -> None:
    world = World(SETUP)
    routing, _ = seeking(world, NATIVE)
    gap(world)
    (found,) = routing.cycles(1)
    world.tell(changed(found, time=world.tick()))  # type: ignore[type-var]  # a struct at run time
    world.settle()
    assert world.book.profits


def test_a_pool_is_looked_at_once_after_a_batch_and_not_again_before_it_changes() -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, NATIVE)
    gap(world)
    gap(world)
    assert len(routing.cycles(1)) == 1
    assert router.asked == [pool_of(1)]
    assert routing.cycles(2) == []
    assert router.asked == [pool_of(1)]


def test_one_cycle_through_two_pools_that_changed_is_told_once() -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, NATIVE)
    world.mine(trades=((pool_of(1), ETHER // 2), (twin_of(1), -(10**21))))
    assert len(routing.cycles(1)) == 1
    assert sorted(router.asked) == [pool_of(1), twin_of(1)]


def test_pools_that_others_were_told_of_meanwhile_are_looked_at_all_the_same() -> None:
    world = World(SETUP)
    routing, _ = seeking(world, NATIVE)
    gap(world)
    routing.catch_up()
    assert len(routing.cycles(1)) == 1


def test_work_is_bounded_and_what_waits_is_looked_at_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, NATIVE)
    monkeypatch.setattr(module, "MOST_POOLS", 2)
    world.mine(trades=tuple((pool_of(n), ETHER // 2) for n in (1, 2, 3)))
    assert [len(routing.cycles(n)) for n in range(3)] == [2, 1, 0]
    assert router.asked == [pool_of(n) for n in (1, 2, 3)]


def test_what_gains_less_than_its_gas_at_the_base_fee_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, NATIVE)
    for amount, told in ((ETHER // 25, 0), (ETHER // 2, 1)):
        gap(world, amount=amount)
        assert len(routing.cycles(1)) == told
    assert router.asked == [pool_of(1)] * 2
    gain = confirmed(world.kernel.market.chains[CHAIN], router.cycle(router.known[pool_of(1)]), WETH)
    assert gain is not None
    monkeypatch.setattr(world.chain, "base_fee", gain.gain // gain.gas + 1)
    gap(world, amount=1)
    assert routing.cycles(1) == []


def test_gas_is_weighed_in_what_the_cycle_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(DOLLARS)
    routing, _ = seeking(world, NATIVE, USD)
    chain = world.kernel.market.chains[CHAIN]
    world.mine(trades=((pool_of(1), ETHER // 2), (pool_of(2), ETHER // 2)))
    told = routing.cycles(1)
    assert [each.quote for each in told] == [f"{CHAIN}:{USD}"] * 2
    units, wei = worth(chain, WETH, USD)
    assert units != wei
    for pays, fee in ((2, -1), (0, 1)):
        monkeypatch.setattr(world.chain, "base_fee", told[0].gain * wei // (told[0].gas * units) + fee)
        world.mine(trades=((pool_of(1), 1), (pool_of(2), 1)))
        assert len(routing.cycles(1)) == pays


def test_those_that_gain_most_are_told_first() -> None:
    world = World(SETUP)
    routing, _ = seeking(world, NATIVE)
    world.mine(trades=((pool_of(1), ETHER // 4), (pool_of(2), ETHER), (pool_of(3), ETHER // 2)))
    found = routing.cycles(1)
    assert [each.legs[1].pool for each in found] == [pool_of(2), pool_of(3), pool_of(1)]
    assert found[0].gain > found[1].gain > found[2].gain


def test_a_router_is_asked_for_as_many_hops_as_a_strategy_wants() -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, NATIVE, WETH, hops=4)
    gap(world)
    assert [found.quote for found in routing.cycles(1)] == [f"{CHAIN}:{NATIVE}", f"{CHAIN}:{WETH}"]
    assert router.hops == [4, 5]


def test_a_router_is_asked_once_for_each_coin_that_is_paid_with() -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, NATIVE, USD, WETH, together=True)
    gap(world)
    assert [found.quote for found in routing.cycles(1)] == [f"{CHAIN}:{NATIVE}", f"{CHAIN}:{WETH}"]
    assert router.through == [WETH, USD]


def test_where_nobody_seeks_cycles_no_router_is_asked_for_any() -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world)
    gap(world)
    assert routing.cycles(1) == []
    assert router.asked == []


def test_a_cycle_without_the_coin_that_an_account_pays_with_is_not_told() -> None:
    world = World(SETUP)
    routing, (router,) = seeking(world, USD)
    gap(world)
    assert routing.cycles(1) == []
    assert router.asked == [pool_of(1)]


def test_accounts_that_pay_with_the_coin_and_with_its_wrapped_form_are_told_each() -> None:
    world = World(SETUP)
    routing = seeking(world, NATIVE, WETH)[0]
    gap(world)
    assert [found.quote for found in routing.cycles(1)] == [f"{CHAIN}:{NATIVE}", f"{CHAIN}:{WETH}"]


LEG = Leg(pool=pool_of(1), token_in=WETH, token_out=address(1))


@pytest.mark.parametrize(
    "answer",
    [RuntimeError("broken"), (LEG,), (LEG, LEG), ("leg", "leg"), 7, (Leg(pool=1, token_in=WETH, token_out=2),)],  # type: ignore[arg-type]  # the point
)
def test_a_router_that_raises_or_names_nonsense_keeps_no_other_from_its_cycle(answer: Any) -> None:
    world = World(SETUP)
    routing, (bad, good) = seeking(world, NATIVE, routers=2)
    bad.config = SimpleNamespace(answer=answer)
    gap(world)
    with capture_logs() as logs:
        assert len(routing.cycles(1)) == 1
    assert good.asked == bad.asked == [pool_of(1)]
    assert [log["router"] for log in logs] == ["twins"]


def test_a_strategy_that_does_not_say_which_cycles_it_wants_hears_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(SETUP)
    monkeypatch.setattr(Script, "cycle_hops", lambda self: None)
    assert world.kernel.seekers() == {}
    (report,) = world.reports
    assert report.startswith("strategy script does not say which cycles it wants: ")


def test_cycles_are_sought_for_the_coins_of_accounts_whose_strategy_wants_to_hear_of_them() -> None:
    wiring = World(SETUP).kernel.wiring
    (account,) = wiring.accounts
    assert Kernel(replace(wiring, accounts=(replace(account, strategies=()),))).seekers() == {}
    accounts = (
        replace(account, name="idle", strategies=(), quote=WETH),
        account,
        replace(account, name="dollars", quote=USD),
        replace(account, name="more dollars", quote=USD),
    )
    assert Kernel(replace(wiring, accounts=accounts)).seekers() == {(CHAIN, 3): (NATIVE, USD)}
