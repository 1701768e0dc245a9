"""The market forgets pools by what the chain says alone; an account goes on with those that it needs."""

import pytest
from world import CHAIN, ETHER, FACTORY, FINALITY, PAIR_CREATED, WETH, Setup, World, address, pool_of, target, token_of

from sniper.codec import encode_state
from sniper.events import Log, PoolRead
from sniper.kernel import facts as f
from sniper.kernel.asks import Send, Sign
from sniper_amm_constant_product.pool import ConstantProduct

TOKEN, POOL = token_of(1), f"{CHAIN}:{pool_of(1)}"
CRASH = ((pool_of(1), -(10**23)),)
"""Somebody sells so much that a stop-loss fires."""


def crowded(**config: int) -> World:
    """A market that lists one pool."""
    return World(Setup(tokens=1, max_pools=1, strategies=(("script", (target(**config),)),)))


def launch(world: World, count: int = 1) -> None:
    for _ in range(count):
        world.chain.launch()
        world.deliver()


def sales(world: World) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.side == "reduce"]


def evicted(world: World) -> bool:
    return world.kernel.market.pool(POOL) is None and world.account.view.pools_of(TOKEN) == ()


def in_flight() -> World:
    world = crowded(stop=9_000)
    world.open()
    world.answer_all(Sign, Send)
    return world


@pytest.mark.parametrize("restarts", [(), (0,), (1,), (2,), (0, 1, 2)])
def test_a_pool_that_is_evicted_while_an_entry_is_on_its_way_still_guards_what_is_bought(
    restarts: tuple[int, ...],
) -> None:
    world = in_flight()
    launch(world, 2)
    assert evicted(world)
    for step, act in enumerate((world.settle, lambda: world.mine(trades=CRASH), world.settle)):
        if step in restarts:
            world.restart()
        act()
        if step == 0:
            assert world.book.positions[TOKEN].amount
            assert world.account.exits.guards[TOKEN].pool is not None
            assert evicted(world)
        if step == 1:
            assert world.of(f.IntentFormed)[-1].reason == "target: stop"
    assert len(sales(world)) == 1
    assert not world.book.positions
    world.check()
    world.check_against_chain()
    world.check_replay()


def test_a_position_is_valued_by_what_its_pool_logs_after_it_was_evicted() -> None:
    world = crowded(take=12_000)
    world.bought()
    launch(world)
    assert evicted(world)
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    assert sales(world)[0].expected_out > ETHER // 10
    world.settle()
    assert not world.book.positions
    world.check_against_chain()


def test_what_happens_in_an_evicted_pool_is_news_for_its_exits() -> None:
    world = crowded()
    world.bought()
    launch(world)
    world.chain.burn(pool_of(1), 5_000)
    world.deliver()
    assert world.of(f.IntentFormed)[-1].reason == "target: liquidity leaves"


def test_nothing_is_bought_in_a_pool_that_the_market_does_not_list_any_more() -> None:
    world = crowded()
    world.bought()
    launch(world)
    world.open()
    assert world.of(f.Verdict)[-1].rule == "kernel.route"
    assert world.account.view.pool(POOL) is not None, "it is still this account's"


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_reorg_takes_back_what_an_evicted_pool_became(depth: int) -> None:
    world = crowded(stop=9_000)
    world.mine()
    world.bought()
    launch(world)
    pool = world.account.exits.guards[TOKEN].pool
    before = pool.impl.reserves
    world.mine(trades=((pool_of(1), ETHER),))
    assert pool.impl.reserves != before
    world.restart()
    world.chain.reorg(depth)
    world.mine(most=0)
    pool = world.account.pool(POOL)
    assert pool.impl.reserves == world.chain.ledger.reserves[pool_of(1)]
    for _ in range(6):
        world.answer_all()
        world.mine()
    assert world.account.exits.guards[TOKEN].pool is pool
    world.mine(trades=CRASH)
    world.settle()
    assert len(sales(world)) == 1
    assert not world.book.positions
    world.check_against_chain()
    world.check_replay()


def test_a_sale_that_a_reorg_takes_back_finds_its_evicted_pool_again() -> None:
    world = crowded()
    world.bought()
    launch(world)
    world.close()
    world.settle()
    assert not world.book.positions
    world.chain.reorg(1, keep=False)
    world.mine(most=0)
    assert world.account.exits.guards[TOKEN].pool is world.account.pool(POOL) is not None
    world.settle(12)
    assert not world.book.positions
    world.check_against_chain()


def test_what_nobody_needs_any_more_is_forgotten() -> None:
    finality = 4 * FINALITY
    world = World(Setup(tokens=1, max_pools=1, finality=finality))
    chain = world.kernel.market.chains[CHAIN]
    seen = 0
    for token in range(1, 40, 3):
        world.bought(token)
        launch(world, 3)
        world.close(token)
        world.settle()
        world.mine()
        assert {pool.id for pool in chain.unlisted.values()} <= world.account.pools()
        assert chain.unlisted_tokens.keys() == {token for p in chain.unlisted.values() for token in p.coins} - {WETH}
        seen = max(seen, len(chain.unlisted))
    assert 1 < seen <= finality, "as many as a reorg could bring back"
    for _ in range(finality + 1):
        world.mine()
        world.answer_all()
    assert (chain.unlisted, chain.unlisted_tokens, len(chain.pools)) == ({}, {}, 1)
    assert not any(impl for _, kept in chain.undo for impl in kept.values())


def again_by_its_factory(world: World) -> None:
    topics = (PAIR_CREATED.topic, *("0x" + coin[2:].rjust(64, "0") for coin in (WETH, address(1))))
    data = bytes.fromhex(pool_of(1)[2:].rjust(64, "0")) + bytes(32)
    log = {"chain_id": CHAIN, "block": world.chain.head.number, "tx_hash": "0x", "index": 99, "address": FACTORY}
    world.tell(Log(time=world.tick(), topics=topics, data=data, **log))


def again_by_a_reading(world: World) -> None:
    config = world.kernel.market.chains[CHAIN].amms["pairs"].config
    impl = ConstantProduct(config=config, reserves=(5 * ETHER, 10**24))
    world.tell(
        PoolRead(
            time=world.tick(),
            chain_id=CHAIN,
            pool=pool_of(1),
            amm="pairs",
            block=world.chain.head.number,
            coins=(WETH, address(1)),
            state=encode_state(impl),
        )
    )


@pytest.mark.parametrize("listed_again", [again_by_its_factory, again_by_a_reading])
def test_a_pool_that_is_listed_again_is_the_only_truth(listed_again: object) -> None:
    world = crowded(stop=9_000)
    world.bought()
    launch(world)
    listed_again(world)  # type: ignore[operator]
    guard = world.account.exits.guards[TOKEN]
    assert guard.pool is world.kernel.market.pool(POOL) is not None
    assert guard.pool.watchers == [guard]
    assert not world.kernel.market.chains[CHAIN].unlisted.get(pool_of(1))
    world.mine(trades=CRASH)
    world.restart()
    world.mine()
    assert sales(world)[0].expected_out < ETHER * 9 // 100, "by what its pool says now"
