"""What an account decides follows from the market and from what is its own, whoever else trades beside it."""

from dataclasses import replace

import pytest
from recorded_world import World, wiring

from sniper.codec import encode
from sniper.events import Answer, Clock, Command
from sniper.kernel.facts import Fact
from sniper.kernel.kernel import Kernel

HISTORIES = range(10)


def facts_of(name: str, world: World, kernel: Kernel) -> list[bytes]:
    """What one account decides where a kernel hears the market and what is addressed to its accounts."""
    found: list[tuple[str, Fact]] = []
    for event in world.events:
        hears = not isinstance(event, Answer | Command) or event.account in (*kernel.accounts, "*", "")
        kernel.handle(event if hears else Clock(time=event.time))
        found += kernel.facts
        kernel.facts = []
        kernel.asks.clear()
    return [encode(fact) for account, fact in found if account == name]


@pytest.mark.parametrize("seed", HISTORIES)
@pytest.mark.parametrize("max_pools", [2, 8])
def test_an_account_decides_the_same_without_the_others(seed: int, max_pools: int) -> None:
    wired = wiring(max_pools=max_pools)
    world = World(Kernel(wired), seed).run(700)
    for account in wired.accounts:
        alone = Kernel(replace(wired, accounts=(account,)))
        together = [encode(fact) for facts in world.facts for name, fact in facts if name == account.name]
        assert facts_of(account.name, world, alone) == together


def test_histories_hold_what_could_tell_accounts_of_each_other() -> None:
    """Else the test above would prove little."""
    lists = [World(Kernel(wiring(max_pools=2)), seed) for seed in HISTORIES]
    shared = 0
    for world in lists:
        world.run(0)
        for _ in range(700):
            world.step()
            (chain,) = world.kernel.market.chains.values()
            needs = [account.pools() for account in world.kernel.accounts.values()]
            shared += any(sum(pool.id in needed for needed in needs) == 1 for pool in chain.unlisted.values())
    assert shared > 100
