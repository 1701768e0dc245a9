"""A kernel that was restored from a snapshot goes on like one that was never stopped."""

import random
from dataclasses import replace

import pytest
from recorded_world import CHAIN, World, replayed, wiring

from sniper.codec import encode
from sniper.errors import CodecError
from sniper.events import FeedStale
from sniper.kernel.kernel import Kernel
from sniper.kernel.pool import Pool
from sniper.kernel.snapshot import books, dump, restore
from sniper.strategy import Strategy

HISTORIES = [0, 1, 2, 3, 5, 8, 13, 21]


def restored(state: bytes) -> Kernel:
    kernel = Kernel(wiring())
    assert restore(kernel, state) == ()
    return kernel


@pytest.mark.parametrize("seed", HISTORIES)
def test_a_restored_kernel_decides_what_the_one_that_went_on_decides(seed: int) -> None:
    world = World(Kernel(wiring()), seed).run(500)
    kernel = Kernel(wiring())
    begin = 0
    for at in sorted(random.Random(seed).sample(range(1, len(world.events)), 12)):
        assert replayed(kernel, world.events[begin:at]) == world.facts[begin:at]
        state = dump(kernel)
        kernel, begin = restored(state), at
        assert dump(kernel) == state
    assert replayed(kernel, world.events[begin:]) == world.facts[begin:]
    assert dump(kernel) == dump(world.kernel)


def test_histories_hold_what_a_snapshot_must_keep() -> None:
    """Else the test above would prove little."""
    seen: set[str] = set()
    for seed in HISTORIES:
        world = World(Kernel(wiring()), seed)
        for step in range(500):
            if step == 0:
                world.run(0)
            world.step()
            chain = world.kernel.market.chains[CHAIN]
            guards = [g for a in world.kernel.accounts.values() for g in a.exits.guards.values()]
            seen |= {
                name
                for name, found in {
                    "undo": any(impl is not None for _, kept in chain.undo for impl in kept.values()),
                    "eviction": len(world.pools) > len(chain.pools) == 8,
                    "shared pool": any(len(pool.watchers) > 1 for pool in chain.pools.values()),
                    "unlisted pool": any(pool.watchers for pool in chain.unlisted.values()),
                    "guard without a pool": any(g.pool is None for g in guards),
                    "reading": any(reading.ask for reading in chain.readings.open.values()),
                    "remembered log": bool(chain.readings.logs),
                    "pending sale": any(g.pending is not None for g in guards),
                    "retired guard": any(a.exits.retired for a in world.kernel.accounts.values()),
                    "timers": len(world.kernel.timers.dump()) > 3,
                    "open probe": any(a.book.pending for a in world.kernel.accounts.values()),
                    "in flight": any(a.book.orders for a in world.kernel.accounts.values()),
                    "configured": any("patience_s" in i.parameters for a in world.kernel.accounts.values()
                                      for i in a.book.instances.values()),
                }.items()
                if found
            }  # fmt: skip
    assert seen == {
        "undo", "eviction", "shared pool", "unlisted pool", "guard without a pool", "pending sale", "retired guard",
        "timers", "open probe", "in flight", "configured", "reading", "remembered log",
    }  # fmt: skip


def test_the_books_in_a_snapshot_can_be_had_without_a_kernel() -> None:
    world = World(Kernel(wiring()), 1).run(300)
    found = books(dump(world.kernel))
    assert {name: encode(book) for name, book in found.items()} == {
        name: encode(account.book) for name, account in world.kernel.accounts.items()
    }


def test_a_feed_that_was_stale_still_is() -> None:
    world = World(Kernel(wiring()), 1).run(20)
    world.say(FeedStale(time=world.time, feed="logs", chain_id=CHAIN, stale=True))
    assert restored(dump(world.kernel)).market.chains[CHAIN].stale == {"logs"}


def test_bytes_of_another_version_change_nothing() -> None:
    kernel = Kernel(wiring())
    before = dump(kernel)
    with pytest.raises(CodecError):
        restore(kernel, b"\x93\xa1x\x01\x02")
    assert dump(kernel) == before


def test_what_the_config_has_no_place_for_any_more_is_left_out_and_said() -> None:
    world = World(Kernel(wiring()), 1).run(400)
    old = wiring()
    bob = old.accounts[1]
    smaller = replace(
        old,
        chains=(replace(old.chains[0], amms=()),),
        accounts=(replace(bob, strategies=bob.strategies[:1]),),
    )
    kernel = Kernel(smaller)
    said = restore(kernel, dump(world.kernel))
    assert any("account alice is not configured" in line for line in said)
    assert any("strategy second of bob is not configured" in line for line in said)
    assert any("no [amm.constant-product]" in line for line in said)
    assert encode(kernel.accounts["bob"].book) == encode(world.kernel.accounts["bob"].book)


class Grown(Strategy):
    """Has no field in common with what the snapshot holds of its namesake."""

    config: object
    only_here: list[int] = []


def test_a_strategy_that_cannot_read_its_state_begins_anew_and_the_rest_is_restored() -> None:
    world = World(Kernel(wiring()), 2).run(300)
    old = wiring()
    bob = old.accounts[1]
    changed = replace(bob, strategies=(replace(bob.strategies[0], strategy=Grown), bob.strategies[1]))
    kernel = Kernel(replace(old, accounts=(old.accounts[0], changed)))
    said = restore(kernel, dump(world.kernel))
    assert len(said) == 1
    assert "strategy early of bob begins anew" in said[0]
    assert (
        kernel.accounts["bob"].instances["second"].strategy == world.kernel.accounts["bob"].instances["second"].strategy
    )


def test_every_attribute_of_a_pool_is_restored() -> None:
    """A new one that a snapshot does not know would be lost without any other test noticing. ``changes`` counts anew,
    for nothing that was computed in the former process is left."""
    world = World(Kernel(wiring()), 3).run(300)
    kernel = restored(dump(world.kernel))
    before, after = world.kernel.market.chains[CHAIN].pools, kernel.market.chains[CHAIN].pools
    assert list(before) == list(after)
    for address, pool in before.items():
        for name in set(Pool.__slots__) - {"changes", "impl", "watchers"}:
            assert getattr(after[address], name) == getattr(pool, name), name
