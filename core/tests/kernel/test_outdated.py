"""Pools whose state moves without a log: they are read anew before it is too old, and go on meanwhile."""

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any, NoReturn

import msgspec
import pytest
from world import CHAIN, ETHER, FINALITY, WETH, Drifting, Setup, World, address, pool_of, target, token_of

from sniper.codec import encode_state
from sniper.events import Block, Event, PoolRead
from sniper.kernel import facts as f
from sniper.kernel import market, reading
from sniper.kernel.asks import Ask, ReadPool
from sniper.kernel.pool import Pool
from sniper.kernel.snapshot import dump

TOKEN, POOL = token_of(1), f"{CHAIN}:{pool_of(1)}"
UP, DOWN = ((pool_of(1), ETHER),), ((pool_of(1), -(10**22)),)
SETUP = Setup(tokens=1, strategies=(("script", (target(),)),), amm=Drifting)


def drifting(**change: Any) -> World:
    world = World(replace(SETUP, **change))
    world.mine(drift=1)
    return world


def until_asked(world: World) -> Ask:
    """Blocks pass until the pool's state is outdated."""
    while not (asks := world.asked(ReadPool)):
        world.mine()
    (ask,) = asks
    return ask


def the_pool(world: World) -> Pool:
    pool = world.account.pool(POOL)
    assert isinstance(pool, Pool)
    return pool


def state(world: World) -> Drifting:
    impl = the_pool(world).impl
    assert isinstance(impl, Drifting)
    return impl


def check_logs(world: World) -> None:
    """What logs say is known to the last one, and counted once."""
    head = world.chain.head
    for pool in world.kernel.market.chains[CHAIN].pools.values():
        assert isinstance(pool.impl, Drifting)
        assert pool.impl.reserves == head.ledger.reserves[pool.address]
        assert pool.impl.syncs == world.chain.syncs(pool.address, head.number)


# ---- in time ----


def test_quotes_never_stop_where_readings_are_answered() -> None:
    world = drifting()
    read = []
    for n in range(2, 60):
        world.mine(drift=n, trades=UP if n % 3 else ())
        read += [ask.body.block for ask in world.asked(ReadPool) if isinstance(ask.body, ReadPool)]
        world.answer_all()
        assert state(world).amount_out(0, 1, ETHER)
        assert n - state(world).drift <= Drifting.LASTS // 12 // 2
        check_logs(world)
    assert {later - earlier for earlier, later in pairwise(read)} == {3}, "after half of the time, 12 s a block"
    world.check_replay()


def test_nothing_is_quoted_after_the_time_and_one_answer_is_waited_for() -> None:
    world = drifting()
    asks = set()
    for _ in range(20):
        world.mine()
        asks |= {ask.id for ask in world.asked(ReadPool)}
    assert len(asks) == 1, "no second one while the first is out"
    with pytest.raises(ArithmeticError, match="s ago"):
        state(world).amount_out(0, 1, ETHER)
    world.answer_all()
    with pytest.raises(ArithmeticError, match="s ago"):
        state(world).amount_out(0, 1, ETHER)  # what was read is as old as the question
    world.mine()
    world.answer_all()
    assert state(world).amount_out(0, 1, ETHER)
    check_logs(world)


def test_a_pool_that_is_read_anew_is_the_same_one_and_news_only_as_a_change() -> None:
    world = World(SETUP)
    world.bought()
    pool, guard = the_pool(world), world.account.exits.guards[TOKEN]
    before = (pool.created_at, pool.created_block, pool.coins, pool.token, [*pool.watchers])
    while not (asks := world.asked(ReadPool)):
        world.mine(drift=7)
    chain = world.kernel.market.chains[CHAIN]
    chain.touched = set()
    facts = world.answer(asks[0])
    assert state(world).drift == 7
    assert the_pool(world) is pool is guard.pool
    assert (pool.created_at, pool.created_block, pool.coins, pool.token, [*pool.watchers]) == before
    assert chain.tokens[address(1)].pools == (pool,)
    assert chain.touched == {pool_of(1)}, "whoever keeps a mirror sees it"
    assert not facts
    assert not world.of(f.Unguarded)


def test_exits_judge_by_what_was_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Drifting, "amount_out", lambda self, i, j, amount: 10**17 * (100 - self.drift) // 100)
    world = World(replace(SETUP, strategies=(("script", (target(stop=9_000),)),)))
    world.bought()
    while not (asks := world.asked(ReadPool)):
        world.mine(drift=50)
    world.answer(asks[0])
    assert [fact.reason for fact in world.of(f.IntentFormed) if fact.side == "reduce"] == ["target: stop"]


# ---- what is logged meanwhile, and reorgs ----


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("depth", range(1, FINALITY))
def test_logs_since_are_in_it_and_a_reorg_puts_back_what_was_before_each_block(
    depth: int, restarts: bool, busy: bool
) -> None:
    """``busy``: it changed in the block that was read, and in those before."""
    world = drifting()
    while not (asks := world.asked(ReadPool)):
        world.mine(drift=2, trades=UP if busy else ())
    asked_at = world.chain.head.number
    answer = world.make(asks[0])
    world.mine(drift=3, trades=UP)
    world.mine()
    world.mine(trades=DOWN)
    world.tell(answer)
    assert state(world).drift == 2
    check_logs(world)
    world.mine(trades=UP)
    check_logs(world)
    if restarts:
        world.restart()
    world.chain.reorg(depth)
    ancestor = world.chain.head.number
    world.mine(drift=4)
    check_logs(world)
    assert state(world).drift == (2 if ancestor >= asked_at else 0)
    for trades in (UP, DOWN, UP):
        world.mine(trades=trades)
        check_logs(world)
    world.answer_all()
    assert state(world).drift == 4
    check_logs(world)
    world.check_replay()


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_answer_about_a_block_that_is_gone_does_not_count(depth: int) -> None:
    world = drifting()
    ask = until_asked(world)
    answer = world.make(ask)
    world.mine(drift=2, trades=UP)
    asked_at = ask.body.block if isinstance(ask.body, ReadPool) else 0
    world.chain.reorg(depth)
    gone = world.chain.head.number < asked_at
    world.mine(drift=3, trades=DOWN)
    world.tell(answer)
    assert state(world).drift == (0 if gone else 1)
    check_logs(world)
    for _ in range(3):
        world.mine()
        world.answer_all()
    assert state(world).drift == 3
    check_logs(world)
    world.check_replay()


def test_one_reorg_after_another_takes_no_log_for_known() -> None:
    world = drifting()
    for _ in range(FINALITY):
        world.mine()
        world.answer_all()
    world.answer(until_asked(world))
    world.chain.reorg(1)
    world.mine()
    world.chain.reorg(2)
    for _ in range(4):
        world.mine(trades=UP)
        check_logs(world)


def test_the_state_that_was_read_is_as_old_as_its_block_and_logs_since_have_the_times_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, heard = drifting(), []
    ask = until_asked(world)
    assert isinstance(ask.body, ReadPool)
    answer = world.make(ask)
    for trades in (UP, DOWN, ()):
        world.mine(trades=trades)
    times = {header.number: header.timestamp for header in world.kernel.market.chains[CHAIN].headers}
    monkeypatch.setattr(Drifting, "sync", lambda self, x, y: heard.append(self.now))
    world.tell(answer)
    assert heard == [times[ask.body.block + 1], times[ask.body.block + 2]]
    assert state(world).since == times[ask.body.block]
    assert state(world).now == world.kernel.market.chains[CHAIN].timestamp


# ---- failures ----


def test_a_reading_that_fails_is_repeated_ever_later_and_never_given_up() -> None:
    world, asked = drifting(), []
    for _ in range(6 * reading.MOST_PATIENCE):
        for ask in world.asked(ReadPool):
            asked.append(world.chain.head.number)
            world.answer(ask, how="late")
        world.mine()
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert len(gaps) > reading.MOST_TRIES
    assert gaps[-1] == reading.MOST_PATIENCE
    world.mine(drift=9)
    for _ in range(reading.MOST_PATIENCE):
        world.answer_all()
        world.mine()
    assert state(world).drift == 9
    assert state(world).amount_out(0, 1, ETHER)


@pytest.mark.parametrize("event", ["crash", "restart"])
def test_a_reading_that_is_out_is_asked_again_after_a_crash(event: str) -> None:
    world = drifting()
    ask = until_asked(world)
    old = world.make(ask)
    world.mine(drift=2, trades=UP)
    if event == "crash":
        world.crash()
        world.tell(old)
        assert state(world).drift == 0, "an answer to a question of the process before"
        world.deliver()
        world.answer_all()
        assert state(world).drift == 2
    else:
        world.restart()
        world.tell(old)
        assert state(world).drift == 1
    check_logs(world)
    world.check_replay()


def another(world: World, answer: PoolRead, **fields: Any) -> PoolRead:
    impl = Drifting(config=the_pool(world).config, reserves=(1, 1), drift=99)
    return msgspec.structs.replace(answer, state=encode_state(impl), **fields)  # type: ignore[type-var]


def broken(*_: Any) -> NoReturn:
    raise ZeroDivisionError("a defect")


def garbled(world: World, answer: PoolRead, patch: pytest.MonkeyPatch) -> PoolRead:
    return msgspec.structs.replace(answer, state=b"\xc1")  # type: ignore[type-var]


def of_other_coins(world: World, answer: PoolRead, patch: pytest.MonkeyPatch) -> PoolRead:
    return another(world, answer, coins=(WETH, address(2)))


def following_others(world: World, answer: PoolRead, patch: pytest.MonkeyPatch) -> PoolRead:
    patch.setattr(Drifting, "follows", lambda self: {"base": address(5)})
    return answer


def failing_on_a_log_since(world: World, answer: PoolRead, patch: pytest.MonkeyPatch) -> PoolRead:
    patch.setattr(Drifting, "sync", broken)
    return answer


@pytest.mark.parametrize("wrong", [garbled, of_other_coins, following_others, failing_on_a_log_since])
def test_what_cannot_take_its_place_leaves_a_pool_as_it_was(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = drifting()
    answer = world.make(until_asked(world))
    world.mine(drift=2, trades=UP)
    assert isinstance(answer, PoolRead)
    answer = wrong(world, answer, monkeypatch)
    before = dump(world.kernel)
    world.tell(answer)
    monkeypatch.undo()
    (report,) = world.reports
    assert "in vain" in report
    assert state(world).drift == 0
    check_logs(world)
    assert len(dump(world.kernel)) > len(before) // 2
    for _ in range(3):
        world.mine()
        world.answer_all()
    assert state(world).drift == 2, "it is read again, later"
    check_logs(world)


def test_an_amm_that_fails_to_say_whether_it_is_outdated_loses_its_pool_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = drifting(tokens=2)
    state(world).drift = 66

    def says(self: Drifting) -> bool:
        return broken() if self.drift == 66 else False

    monkeypatch.setattr(Drifting, "outdated", says)
    world.mine()
    assert world.kernel.market.pool(POOL) is None
    assert world.kernel.market.pool(f"{CHAIN}:{pool_of(2)}") is not None
    (report,) = world.reports
    assert "does not say whether" in report


# ---- how many ----


def test_many_pools_are_read_in_turn_and_not_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "MOST_ANEW", 2)
    world = drifting(tokens=9)
    read: dict[str, list[int]] = {}
    for _ in range(60):
        world.mine()
        asks = world.asked(ReadPool)
        assert len(asks) <= 2
        for ask in asks:
            assert isinstance(ask.body, ReadPool)
            read.setdefault(ask.body.pool, []).append(ask.body.block)
        world.answer_all()
    assert len(read) == 9
    waited = [later - earlier for blocks in read.values() for earlier, later in pairwise(blocks)]
    assert max(waited) == 5, "two in each block: whoever waits longest comes first"


# ---- eviction ----


def test_an_evicted_pool_does_not_come_back_because_it_is_outdated() -> None:
    world = drifting(max_pools=1)
    answer = world.make(until_asked(world))
    world.chain.launch()
    world.deliver()
    world.tell(answer)
    for _ in range(8):
        world.mine()
        world.answer_all()
    chain = world.kernel.market.chains[CHAIN]
    assert (list(chain.pools), chain.unlisted) == ([pool_of(2)], {})
    assert not any(pool_of(1) in ask for ask in world.asks)


@pytest.mark.parametrize("restarts", [False, True])
def test_an_evicted_pool_is_read_anew_for_the_accounts_that_need_it(restarts: bool) -> None:
    world = World(replace(SETUP, max_pools=1))
    world.bought()
    world.chain.launch()
    world.deliver()
    for n in range(20):
        world.mine(drift=10 + n, trades=UP)
        if restarts:
            world.restart()
        world.answer_all()
        assert 10 + n - state(world).drift <= 4 or n < 4
        assert state(world).reserves == world.chain.ledger.reserves[pool_of(1)]
        assert world.kernel.market.pool(POOL) is None, "nobody else knows it"
    assert not world.of(f.Unguarded)
    world.close()
    world.settle()
    assert not world.book.positions
    world.check_against_chain()
    world.check_replay()


# ---- any order ----


@pytest.mark.parametrize("seed", range(40))
def test_in_any_order_logs_are_complete_and_what_has_no_log_is_of_a_block_that_stands(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drift has another value in each block of each branch, so a state of a block that is gone shows."""
    chance = random.Random(seed)
    world = World(replace(SETUP, tokens=3))
    world.bought(2)
    for _ in range(FINALITY):
        world.mine()
    tell = world.tell

    def early(event: Event) -> list[f.Fact]:
        """An answer may arrive before the logs of the newest block."""
        facts = tell(event)
        if isinstance(event, Block) and world.held and chance.random() < 0.5:
            world.release()
        return facts

    monkeypatch.setattr(world, "tell", early)
    chain = world.kernel.market.chains[CHAIN]
    for drift in range(1, 151):
        match chance.choice(["mine", "mine", "mine", "answer", "answer", "hold", "release", "late", "other"]):
            case "mine":
                trades = [(pool_of(chance.randint(1, 3)), chance.choice([1, -1]) * 10**17) for _ in range(2)]
                world.mine(drift=drift, trades=tuple(trades[: chance.randint(0, 2)]))
            case "answer":
                world.answer_all()
            case "hold" if asks := world.asked(ReadPool):
                world.hold(chance.choice(asks))
            case "release" if world.held:
                world.release(chance.randrange(len(world.held)))
            case "late" if asks := world.asked(ReadPool):
                world.answer(chance.choice(asks), how="late")
            case "other":
                match chance.choice(["reorg", "reorg", "restart", "crash"]):
                    case "reorg":
                        world.chain.reorg(chance.randint(1, len(chain.undo)))
                        world.mine(drift=drift, most=0)
                    case "restart":
                        world.restart()
                    case "crash":
                        world.crash()
                        world.deliver()
        standing = {block.ledger.drift for block in world.chain.blocks}
        chain = world.kernel.market.chains[CHAIN]
        assert len(chain.pools) == 3
        for pool in chain.pools.values():
            assert isinstance(pool.impl, Drifting)
            assert pool.impl.drift in standing
        check_logs(world)
        assert not world.reports
    readings = [event for event in world.inputs if isinstance(event, PoolRead)]
    assert len(readings) > 5
    world.check_replay()
