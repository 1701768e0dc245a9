"""What is read from the chain, and what is refused there."""

from typing import Any

import pytest

from sniper.amm import NoLiquidity, Unpriced
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.pool import Stableswap
from sniper_sdk.devchain import DevChain

from .world import ADMIN_FEE, CONTRACTS, FEE, NOBODY, OFFPEG, Pool, World


@pytest.fixture(scope="module")
def world(chain: DevChain, ask: Any, send: Any, feed: Any) -> World:
    return World(chain, ask, send, feed)


def with_oracle(world: World, kind: str) -> tuple[Pool, str]:
    coins, oracle = world.coins((18, 6)), world.chain.deploy(CONTRACTS["Oracle"])
    last = OFFPEG if kind == "NgPool" else ADMIN_FEE
    address = world.chain.deploy(CONTRACTS[kind], coins, [oracle, NOBODY], 100, FEE, last)
    world.approve(address, coins)
    world.send(oracle, "set(uint256)", 11 * 10**17)
    world.send(address, "add_liquidity(uint256[])", [10**24, 10**12])
    return Pool(world, kind, address, coins, (18, 6)), oracle


async def test_a_rate_that_moves_is_believed_for_a_while_and_until_a_trade_contradicts_it(
    world: World, reader: Any
) -> None:
    pool, oracle = with_oracle(world, "NgPool")
    world.send(world.factory, "set_types(address,uint8[])", pool.address, [1, 0])
    await pool.load(reader)
    assert pool.amm.moving
    assert pool.amm.curve.rates == (11 * 10**17, 10**30)
    pool.quote_around(1, 2)
    pool.exchange(0, 1, 10**20)
    pool.pass_time(world.config.rate_seconds + 1)
    with pytest.raises(NoLiquidity, match="move without a log"):
        pool.amm.amount_out(0, 1, 10**18)
    with pytest.raises(NoLiquidity, match="move without a log"):
        pool.amm.amount_in(0, 1, 10**6)
    with pytest.raises(NoLiquidity, match="move without a log"):
        pool.amm.price(0, 1)
    await pool.load(reader)
    pool.quote_around(2, 2)

    world.send(oracle, "set(uint256)", 12 * 10**17)
    assert not pool.amm.outdated()
    for i, amount in ((0, 10**20), (1, 10**8)):  # what comes after a contradiction cannot be followed either
        receipt = world.send(world.trader, "trade(address,int128,int128,uint256)", pool.address, i, 1 - i, amount)
        world.feed(pool.amm, pool.address, receipt)
    assert pool.amm.outdated()
    with pytest.raises(Unpriced, match="a log since has shown"):
        pool.amm.amount_out(0, 1, 10**18)
    await pool.load(reader)
    pool.quote_around(3, 2)


async def test_moving_rates_are_to_be_read_anew_after_half_of_the_time_for_which_they_are_believed(
    world: World, reader: Any
) -> None:
    pool, _ = with_oracle(world, "NgPool")
    world.send(world.factory, "set_types(address,uint8[])", pool.address, [1, 0])
    await pool.load(reader)
    begun, seconds = world.chain.timestamp(), world.config.rate_seconds
    times = (0, seconds // 2 - 1, seconds // 2, seconds, seconds + 1)
    found = []
    for time in times:
        pool.amm.on_block(begun + time)
        found.append((pool.amm.outdated(), pool.quoted(0, 1, 10**18) is not None))
    assert found == [(False, True), (False, True), (True, True), (True, True), (True, False)]


async def test_rates_that_do_not_move_are_never_outdated(world: World, reader: Any) -> None:
    pool = world.make("NgPool", (18, 6), 100)
    await pool.load(reader)
    pool.add([10**24, 10**12])
    pool.amm.on_block(world.chain.timestamp() + 10**6)
    assert not pool.amm.outdated()
    assert pool.quoted(0, 1, 10**18)


@pytest.mark.parametrize(("types", "reason"), [([0, 2], "rebasing"), ([], "no factory")])
async def test_an_ng_pool_whose_coins_rebase_or_are_of_unknown_type_is_refused(
    world: World, reader: Any, types: list[int], reason: str
) -> None:
    pool = world.make("NgPool", (18, 6), 100)
    world.send(world.factory, "set_types(address,uint8[])", pool.address, types)
    with pytest.raises(NoLiquidity, match=reason):
        await pool.load(reader)


async def test_a_pool_that_quotes_otherwise_than_every_known_version_is_refused(world: World, reader: Any) -> None:
    pool, _ = with_oracle(world, "PlainPool")  # a rate of which its kind does not speak
    with pytest.raises(NoLiquidity, match="quotes otherwise"):
        await pool.load(reader)


async def test_what_is_no_pool_is_refused(world: World, reader: Any) -> None:
    with pytest.raises(NoLiquidity, match="names 0 coins"):
        await Stableswap.load(world.factory, reader, world.config)


async def test_shares_that_are_another_contract_are_counted_there(world: World, reader: Any) -> None:
    pool = world.make("FirstPool", (18, 18), 100)
    other = world.make("FirstPool", (18, 18), 100)
    world.send(other.address, "add_liquidity(uint256[])", [10**20, 10**20])
    config = StableswapConfig(shares={pool.address: other.address})
    found = await Stableswap.load(pool.address, reader, config)
    assert found.amm is not None
    assert found.amm.curve.supply == other.ask("totalSupply()(uint256)")


async def test_how_a_pool_rounds_its_invariant_is_told_by_the_log_of_a_deposit(world: World, reader: Any) -> None:
    pool = world.make("OptimizedPool", (18, 18), 2)
    pool.kind = "PlainPool"  # nobody says that it is another
    await pool.load(reader)
    pool.add([10**20, 10**20])
    assert not pool.amm.curve.divide_last
    versions = [pool.amm.curve.at_rest(divide_last=last) for last in (False, True)]
    telling = (
        [n * 10**17 + 7919, n * n * 10**15 + 1]
        for n in range(1, 1000)
        if len({v.with_balances([10**20 + n * 10**17 + 7919, 10**20 + n * n * 10**15 + 1], 1).d for v in versions}) > 1
    )
    pool.add(next(telling))
    assert pool.amm.curve.divide_last
    pool.quote_around(5, 5)


async def test_a_withdrawal_in_one_coin_that_fits_several_has_the_pool_read_again(world: World, reader: Any) -> None:
    pool = world.make("PlainPool", (18, 18, 18), 100)
    await pool.load(reader)
    pool.add([10**20] * 3)
    pool.remove_one(1, 10**18)
    assert "3 coins fit" in pool.lost
    await pool.load(reader)
    pool.quote_around(7, 3)
    pool.remove_one(1, 10**18)
    assert not pool.lost
