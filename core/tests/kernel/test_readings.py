"""Pools that are read from the chain again: at a block, with what was logged since, on the branch that stands."""

from itertools import pairwise

import pytest
from test_eviction import POOL, TOKEN
from world import CHAIN, ETHER, FINALITY, SYNC, Setup, World, pool_of, target, token_of

from sniper.events import Log, PoolRead, Resume
from sniper.kernel import facts as f
from sniper.kernel import reading
from sniper.kernel.asks import Ask, ReadPool

CRASH = ((pool_of(1), -(10**23)),)
UP = ((pool_of(1), ETHER),)


def held(**config: int) -> World:
    world = World(Setup(tokens=3, strategies=(("script", (target(**config),)),)))
    world.bought()
    return world


def fault(world: World) -> Ask:
    """The pool is forgotten; the ask to read it."""
    world.chain.garble(pool_of(1))
    world.deliver()
    (ask,) = world.asked(ReadPool)
    return ask


def reserves(world: World) -> tuple[int, int] | None:
    pool = world.account.pool(POOL)
    return pool.impl.reserves if pool else None


def on_chain(world: World) -> tuple[int, int]:
    return world.chain.ledger.reserves[pool_of(1)]


def sales(world: World) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.side == "reduce"]


def test_a_needed_pool_is_read_again_and_guards_its_position_again() -> None:
    world = held(stop=9_000)
    ask = fault(world)
    assert ask.body == ReadPool(
        chain_id=CHAIN, pool=pool_of(1), amm="pairs", block=world.chain.head.number, listed=False
    )
    assert [type(fact) for fact in world.answer(ask)] == [f.Unguarded]
    assert reserves(world) == on_chain(world)
    assert world.kernel.market.pool(POOL) is None, "nobody else knows it"
    world.mine(trades=CRASH)
    world.settle()
    assert len(sales(world)) == 1
    assert not world.book.positions
    world.check_against_chain()
    world.check_replay()


def test_what_nobody_needs_is_not_read() -> None:
    world = World()
    world.chain.garble(pool_of(1))
    world.deliver()
    assert not world.asked(ReadPool)


@pytest.mark.parametrize("restarts", [False, True])
def test_what_is_logged_while_it_is_read_is_not_lost_and_can_be_undone(restarts: bool) -> None:
    world = held()
    ask = fault(world)
    answer = world.make(ask)
    states = []
    for _ in range(3):
        world.mine(trades=UP)
        states.append(on_chain(world))
    if restarts:
        world.restart()
    world.tell(answer)
    assert reserves(world) == states[2]
    assert world.kernel.market.chains[CHAIN].readings.logs == []
    world.chain.reorg(2)
    world.mine(most=0)
    assert reserves(world) == states[0] == on_chain(world)
    world.mine(trades=UP)
    assert reserves(world) == on_chain(world)
    world.check_replay()


def test_a_log_of_the_block_that_was_read_is_known_already() -> None:
    world = held()
    world.answer(fault(world))
    head = world.chain.head.number
    for block, expected in ((head, on_chain(world)), (head + 1, (ETHER, ETHER))):
        data = ETHER.to_bytes(32, "big") * 2
        log = Log(
            time=world.tick(),
            chain_id=CHAIN,
            block=block,
            tx_hash="0x",
            index=99,
            address=pool_of(1),
            topics=(SYNC.topic,),
            data=data,
        )
        world.tell(log)
        assert reserves(world) == expected


@pytest.mark.parametrize("answered", ["before", "after"])
def test_a_reorg_below_the_block_that_was_read_reads_another_one(answered: str) -> None:
    world = held()
    world.mine(trades=UP)
    ask = fault(world)
    answer = world.make(ask)
    if answered == "before":
        world.tell(answer)
        assert reserves(world) is not None
    world.chain.reorg(2)
    world.mine(most=0)
    if answered == "after":
        world.tell(answer)
    assert reserves(world) is None, "that state is of a block that is gone"
    world.mine(trades=UP)
    (again,) = world.asked(ReadPool)
    assert again.id != ask.id
    world.answer(again)
    assert reserves(world) == on_chain(world)
    assert not world.book.positions[TOKEN].unguarded
    world.mine(trades=UP)
    assert reserves(world) == on_chain(world)
    world.check_replay()


def test_a_reading_that_fails_is_repeated_ever_later() -> None:
    world = held()
    world.answer(fault(world), how="late")
    asked = []
    for _ in range(200):
        for ask in world.asked(ReadPool):
            asked.append(world.chain.head.number)
            world.answer(ask, how="late")
        world.mine()
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == reading.MOST_PATIENCE
    for _ in range(reading.MOST_PATIENCE):
        world.mine()
        world.answer_all()
    assert reserves(world) == on_chain(world)


def test_an_amm_that_fails_again_and_again_does_not_read_without_end() -> None:
    world = held()
    for _ in range(100):
        world.chain.garble(pool_of(1))
        world.deliver()
        world.answer_all()
    reads = [event for event in world.inputs if isinstance(event, PoolRead)]
    assert 2 < len(reads) < 12


@pytest.mark.parametrize("how", ["crash", "restart"])
def test_a_reading_that_is_out_outlives_the_process(how: str) -> None:
    world = held()
    fault(world)
    if how == "crash":
        world.crash()
    else:
        world.restart()
    world.answer_all()
    assert reserves(world) == on_chain(world)
    assert not world.book.positions[TOKEN].unguarded


def test_what_is_remembered_meanwhile_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LOGS", 5)
    world = held()
    answer = world.make(fault(world))
    for _ in range(6):
        world.mine(trades=UP)
    readings = world.kernel.market.chains[CHAIN].readings
    assert len(readings.logs) <= 5
    world.tell(answer)
    assert reserves(world) is None, "some of what came since is not remembered any more"
    world.mine()
    world.answer_all(ReadPool)
    assert reserves(world) == on_chain(world)


def test_a_reading_ends_with_the_need_for_it() -> None:
    world = held()
    world.readable = False
    fault(world)
    world.answer_all()
    world.close()
    world.settle()
    for _ in range(2 * FINALITY):
        world.mine()
        world.answer_all()
    assert not world.book.positions
    chain = world.kernel.market.chains[CHAIN]
    assert (chain.readings.open, chain.readings.logs, chain.unlisted) == ({}, [], {})


# ---- reorgs that are too deep ----


def too_deep(world: World, depth: int = FINALITY + 1) -> None:
    world.chain.reorg(depth)
    for _ in range(depth + 1):
        world.chain.mine(most=0)
    world.deliver()


def test_a_reorg_too_deep_forgets_what_changed_since_and_keeps_the_rest() -> None:
    world = World(Setup(tokens=3))
    world.mine()
    world.mine(trades=((pool_of(2), ETHER),))
    for _ in range(FINALITY):
        world.mine()
    world.mine(trades=((pool_of(3), ETHER),))
    too_deep(world, FINALITY + 2)
    market = world.kernel.market
    assert [market.pool(f"{CHAIN}:{pool_of(n)}") is not None for n in (1, 2, 3)] == [True, False, False]
    assert market.pool(POOL).impl.reserves == world.chain.ledger.reserves[pool_of(1)]
    chain = market.chains[CHAIN]
    assert chain.number == world.chain.head.number
    assert [header.hash for header in chain.headers] == [b.hash for b in world.chain.blocks[-len(chain.headers) :]]


def test_a_position_goes_on_after_a_reorg_too_deep_once_people_have_looked() -> None:
    world = held(stop=9_000)
    for _ in range(FINALITY - 2):
        world.mine()
    world.mine(trades=UP)
    for _ in range(2):
        world.mine()
    too_deep(world, FINALITY)
    world.mine()
    assert not world.book.halted, "as deep as finality"
    for _ in range(FINALITY):
        world.mine()
    too_deep(world, FINALITY + 1)
    assert "sniper resume" in world.book.halted
    world.answer_all(ReadPool)
    assert not world.book.positions[TOKEN].unguarded
    assert reserves(world) == on_chain(world)
    world.mine(trades=CRASH)
    assert not sales(world), "nothing is sent while it is halted"
    world.tell(Resume(time=world.tick(), account="main"))
    world.settle(12)
    for _ in range(3):
        world.mine()
        world.answer_all()
    assert not world.book.positions
    world.open(2)
    world.settle()
    assert world.book.positions[token_of(2)].amount
    world.check_against_chain()
    world.check_replay()


def test_after_a_reorg_too_deep_a_position_is_unguarded_until_its_pool_is_read() -> None:
    world = held(stop=9_000)
    for _ in range(3):
        world.mine()
    world.mine(trades=UP)
    for _ in range(FINALITY):
        world.mine()
    too_deep(world, FINALITY + 1)
    assert "deeper than finality" in world.book.positions[TOKEN].unguarded
    assert world.kernel.market.pool(POOL) is None
    (ask,) = world.asked(ReadPool)
    world.answer(ask)
    assert not world.book.positions[TOKEN].unguarded
    assert reserves(world) == on_chain(world)


def test_one_reorg_too_deep_after_another_is_too_deep_as_well() -> None:
    world = World(Setup(tokens=2))
    for _ in range(3 * FINALITY):
        world.mine()
    world.chain.reorg(FINALITY + 1)
    world.chain.mine(most=0)
    world.deliver(most=0)
    assert world.book.halted
    world.tell(Resume(time=world.tick(), account="main"))
    assert not world.book.halted
    world.chain.reorg(2)
    world.chain.mine(most=0)
    world.deliver(most=0)
    assert world.book.halted
