"""A metapool follows its base pool, and what is traded through both."""

import random
from typing import Any

import pytest
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper_amm_stableswap.curve import Unfollowable
from sniper_amm_stableswap.pool import Stableswap
from sniper_sdk.conformance.drawing import some
from sniper_sdk.devchain import DevChain

from .world import ADMIN_FEE, CONTRACTS, FEE, NOBODY, Pool, World

STEPS = ("add", "remove", "remove unevenly", "remove one", "exchange", "buy", "ramp", "wait", "fee")
ON_BASE = ("base add", "base exchange", "base remove", "base remove one", "base fee", "base ramp")
UNDERLYING = ("underlying in", "underlying out", "underlying within")
histories = st.lists(
    st.tuples(st.sampled_from(STEPS + ON_BASE + UNDERLYING * 2), st.integers(0, 7), st.integers(0, 2**32)),
    min_size=10,
    max_size=10,
)


class Metapool(Pool):
    """``base``: the pool below, with three coins. Whoever sends and who trades hold shares of it."""

    def __init__(self, world: World, decimals: tuple[int, int, int, int], a: int) -> None:
        self.base = world.make("PlainPool", decimals[1:], a)
        first = [unit * (10**12 + k * 10**9) for k, unit in enumerate(self.base.units)]
        world.send(self.base.address, "add_liquidity(uint256[])", first)
        (held,) = world.ask(self.base.address, "balanceOf(address)(uint256)", world.me)
        world.send(self.base.address, "transfer(address,uint256)", world.trader, held // 2)
        coins = [*world.coins(decimals[:1]), self.base.address]
        oracles = [NOBODY, self.base.address]
        address = world.chain.deploy(CONTRACTS["MetaPool"], coins, oracles, a, FEE, ADMIN_FEE)
        super().__init__(world, "MetaPool", address, coins, (decimals[0], 18))
        world.approve(address, coins)
        for coin in self.base.coins:
            world.send(coin, "approve(address,uint256)", address, 2**256 - 1)

    def compare_state(self) -> None:
        super().compare_state()
        base = self.amm.base
        assert base is not None
        ask = self.base.ask
        assert base.balances == tuple(ask("balances(uint256)(uint256)", k) for k in range(3))
        assert base.supply == ask("totalSupply()(uint256)")
        assert self.amm.curve.rates[1] == ask("get_virtual_price()(uint256)")
        self.compared += 1

    async def happen(self, kind: str, i: int, seed: int, reader: Any) -> None:
        randomness = random.Random(seed)
        k, within = i % 3, (i + 1) % 3
        assert self.amm.base is not None
        amount = 1 + randomness.randrange(self.amm.curve.balances[0] * self.base.units[k] // self.units[0])
        held = self.base.ask("balanceOf(address)(uint256)", self.world.me)
        underlying = "exchange_underlying(int128,int128,uint256,uint256)"
        match kind:
            case "underlying in":
                self.transact(underlying, k + 1, 0, amount, 0)
            case "underlying out":
                self.transact(underlying, 0, k + 1, 1 + randomness.randrange(self.amm.curve.balances[0]), 0)
            case "underlying within":
                self.transact(underlying, k + 1, within + 1, amount, 0)
            case "base add":
                amounts = [amount if n == k else randomness.randrange(unit) for n, unit in enumerate(self.base.units)]
                self.transact("add_liquidity(uint256[])", amounts, to=self.base.address)
            case "base exchange":
                self.transact("exchange(int128,int128,uint256,uint256)", k, within, amount, 0, to=self.base.address)
            case "base remove":
                self.transact("remove_liquidity(uint256)", held // 1000, to=self.base.address)
            case "base remove one":
                one = "remove_liquidity_one_coin(uint256,int128,uint256)"
                self.transact(one, held // 1000 + randomness.randrange(held // 1000), k, 0, to=self.base.address)
            case "base fee":
                fee = randomness.randrange(10**7)
                self.transact("new_fee(uint256,uint256)", fee, randomness.randrange(10**10), to=self.base.address)
            case "base ramp":
                until = self.world.chain.timestamp() + randomness.randrange(20, 10**5)
                self.transact("ramp(uint256,uint256)", randomness.randrange(5, 4000), until, to=self.base.address)
            case _:
                await super().happen(kind, i, seed, reader)
        if self.lost:
            assert "coins fit" in self.lost  # the logs do not say which coin was withdrawn
            await self.load(reader)


@pytest.fixture(scope="module")
def world(chain: DevChain, ask: Any, send: Any, feed: Any) -> World:
    return World(chain, ask, send, feed)


async def live(world: World, reader: Any, seed: int, history: list[tuple[str, int, int]], count: int) -> int:
    randomness = random.Random(seed)
    decimals = tuple(randomness.choice([6, 8, 18]) for _ in range(4))
    pool = Metapool(world, (decimals[0], decimals[1], decimals[2], decimals[3]), randomness.choice([20, 200, 2000]))
    await pool.load(reader)
    assert pool.amm.follows() == {"base": pool.base.address.lower()}
    pool.add([unit * 10**6 for unit in pool.units])
    pool.quote_around(0, count)
    for happens, i, step_seed in history:
        await pool.step(happens, i, step_seed, reader)
        pool.quote_around(step_seed, count)
    return pool.compared


async def test_it_follows_both_pools_through_histories(world: World, reader: Any) -> None:
    compared = 0
    for seed, history in some(st.tuples(st.integers(0, 99), histories), 5):
        compared += await live(world, reader, seed, history, count=1)
    assert compared >= 1000


@pytest.mark.long
async def test_it_follows_both_pools_through_many_histories(world: World, reader: Any) -> None:
    compared = 0
    for seed, history in some(st.tuples(st.integers(0, 99), histories), 50):
        compared += await live(world, reader, seed, history, count=4)
    assert compared >= 20_000


async def test_a_trade_through_both_pools_that_it_cannot_account_for_has_it_read_again(
    world: World, reader: Any
) -> None:
    pool = Metapool(world, (18, 18, 18, 18), 200)
    await pool.load(reader)
    pool.add([unit * 10**6 for unit in pool.units])
    with pytest.raises(Unfollowable, match="read again"):
        pool.amm.exchanged_underlying("", 0, 10**18, 1, 5)


async def test_a_base_pool_without_shares_is_refused(world: World, reader: Any) -> None:
    base = world.make("PlainPool", (18, 18, 18), 100)
    coins = [*world.coins((18,)), base.address]
    address = world.chain.deploy(CONTRACTS["MetaPool"], coins, [NOBODY, base.address], 100, FEE, ADMIN_FEE)
    with pytest.raises(NoLiquidity, match="base pool"):
        await Stableswap.load(address, reader, world.config)
