"""Liquidity between two ticks against the real contracts: what it takes, what it gives back, and the fees it earns."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sniper.evm.abi import event, function
from sniper_amm_uniswap_v3.liquidity import amounts_for, fees_of_swap, liquidity_for
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.step import price_after_input
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick
from sniper_sdk.devchain import Account, calldata, checksum
from sniper_sdk.zoo import contract

FOREVER = 2**63
FEE, SPACING = 3000, 60
MINTED = event("IncreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)")
REDUCED = event("DecreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)")


class Provider:
    """A pool of two fresh tokens, its AMM, and a wallet that puts liquidity into ranges of it."""

    def __init__(self, chain: Any, ask: Any, send: Any, feed: Any, tick: int) -> None:
        self.chain, self.ask, self.send, self.feed, at = chain, ask, send, feed, chain.addresses
        self.positions, self.router = at.v3_positions, at.v3_router
        self.me = chain.accounts[0].address
        tokens = [chain.deploy(contract("PlainToken"), "T", "T", 2**250) for _ in range(2)]
        receipt = send(at.v3_factory, "createPool(address,address,uint24)", *tokens, FEE)
        creation = event(UniswapV3.created.__sniper_creation__)  # type: ignore[attr-defined]
        log = next(log for log in receipt.logs if log.topics[0] == creation.topic)
        found = UniswapV3.created(UniswapV3Config(), *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert found is not None
        assert found.amm is not None
        self.address, self.coins, self.amm = found.pool, found.coins, found.amm
        for coin in self.coins:
            for spender in (self.positions, self.router):
                send(coin, "approve(address,uint256)", spender, 2**256 - 1)
        self.follow(send(self.address, "initialize(uint160)", sqrt_ratio_at_tick(tick) + 12_345))

    def follow(self, receipt: Any) -> Any:
        self.feed(self.amm, self.address, receipt)
        return receipt

    def mint(self, lower: int, upper: int, most0: int, most1: int) -> tuple[int, int, int, int]:
        signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        position = (*self.coins, FEE, lower, upper, most0, most1, 0, 0, self.me, FOREVER)
        receipt = self.follow(self.send(self.positions, signature, position))
        log = next(log for log in receipt.logs if log.topics[0] == MINTED.topic)
        return MINTED.decode(log.topics, bytes.fromhex(log.data[2:]))

    def swap(self, i: int, amount: int, *, exact_in: bool) -> None:
        name = "exactInputSingle" if exact_in else "exactOutputSingle"
        most = 0 if exact_in else 2**200
        order = (self.coins[i], self.coins[1 - i], FEE, self.me, amount, most, 0)
        signature = f"{name}((address,address,uint24,address,uint256,uint256,uint160))"
        self.follow(self.send(self.router, signature, order))

    def owed(self, position: int) -> tuple[int, int]:
        collect = function("collect((uint256,address,uint128,uint128))(uint256,uint256)")
        data = collect.encode((position, self.me, 2**128 - 1, 2**128 - 1))
        request = {"from": self.me, "to": self.positions, "data": "0x" + data.hex()}
        answer = self.chain.rpc.call("eth_call", request, "latest")
        return collect.decode(bytes.fromhex(answer[2:]))


@pytest.fixture
def provider(chain: Any, ask: Any, send: Any, feed: Any) -> Callable[[int], Provider]:
    return lambda tick: Provider(chain, ask, send, feed, tick)


RANGES = [(-600, 600), (-60, 60), (60, 1200), (-1200, -60), (-887220, 887220)]


@pytest.mark.parametrize("tick", [0, -59, 60, 599])
def test_a_mint_takes_and_a_burn_gives_exactly_what_is_quoted(provider: Any, tick: int) -> None:
    pool = provider(tick)
    for lower, upper in RANGES:
        liquidity = pool.amm.range_liquidity(lower, upper, 10**18 + 7, 3 * 10**17 + 1)
        most = pool.amm.range_amounts(lower, upper, liquidity, up=True)
        liquidity = pool.amm.range_liquidity(lower, upper, *most)
        takes = pool.amm.range_amounts(lower, upper, liquidity, up=True)
        position, made, paid0, paid1 = pool.mint(lower, upper, *most)
        assert (made, paid0, paid1) == (liquidity, *takes)
        gives = pool.amm.range_amounts(lower, upper, liquidity // 3, up=False)
        reduce = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
        receipt = pool.follow(pool.send(pool.positions, reduce, (position, liquidity // 3, 0, 0, FOREVER)))
        log = next(log for log in receipt.logs if log.topics[0] == REDUCED.topic)
        assert REDUCED.decode(log.topics, bytes.fromhex(log.data[2:]))[2:] == gives


@pytest.mark.parametrize("protocol", [0, 5])
def test_fees_are_those_that_the_contract_pays_to_the_unit(provider: Any, protocol: int) -> None:
    pool = provider(-30)
    if protocol:
        owner = Account.named("deployer")
        to = checksum(bytes.fromhex(pool.address[2:]))
        pool.follow(pool.chain.send(owner, to, calldata("setFeeProtocol(uint8,uint8)", protocol, protocol + 1)))
    held = []
    for lower, upper in RANGES:
        position, liquidity, *_ = pool.mint(lower, upper, 10**18, 10**18)
        pool.amm.follow_range(str(position), lower, upper, 0)
        held.append((position, liquidity))
    randomness = random.Random(protocol)
    for _ in range(16):
        i, exact_in = randomness.randrange(2), randomness.random() < 0.6
        most = pool.amm.reserve(1 - i) // 4
        pool.swap(i, randomness.randrange(1, 2 ** randomness.randrange(2, most.bit_length())), exact_in=exact_in)
        for position, liquidity in held:
            assert pool.amm.range_fees(str(position), liquidity) == pool.owed(position)
    assert sum(max(pool.owed(position)) > 0 for position, _ in held) >= 3
    pool.amm.forget_range(str(held[0][0]))
    assert pool.amm.range_fees(str(held[0][0]), 1) is None


TICKS = st.integers(-2000, 2000).map(lambda tick: tick * 60)
AMOUNTS = st.integers(1, 2**90)


@given(TICKS, st.integers(1, 500), TICKS, st.integers(0, 2**64), AMOUNTS, AMOUNTS)
def test_liquidity_takes_no_more_than_there_is_and_gives_no_more_than_it_took(
    lower: int, width: int, tick: int, beyond: int, most0: int, most1: int
) -> None:
    upper = lower + 60 * width
    low, high = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
    price = low + beyond * (high - low - 1) // 2**64
    liquidity = liquidity_for(price, lower, upper, most0, most1)
    takes = amounts_for(price, tick, lower, upper, liquidity, up=True)
    gives = amounts_for(price, tick, lower, upper, liquidity, up=False)
    assert takes[0] <= most0
    assert takes[1] <= most1
    assert all(0 <= took - given <= 1 for took, given in zip(takes, gives, strict=True))


@given(AMOUNTS, st.integers(2**60, 2**100), st.integers(-900, 900), st.booleans())
def test_no_fee_of_a_swap_is_lost_where_its_steps_are_split(
    paid: int, liquidity: int, tick: int, downwards: bool
) -> None:
    price = sqrt_ratio_at_tick(tick)
    after = price_after_input(price, liquidity, paid * (10**6 - FEE) // 10**6, downwards)
    assume(sqrt_ratio_at_tick(-6000) < after < sqrt_ratio_at_tick(6000))
    swap = {"price": price, "tick": tick, "liquidity": liquidity, "spacing": SPACING, "fee": FEE, "after": after}
    ticks = ((-6000, liquidity, liquidity), (6000, liquidity, -liquidity))
    whole = sum(fee for _, _, fee in fees_of_swap(paid, ticks=ticks, **swap))
    split = sum(fee for _, _, fee in fees_of_swap(paid, ticks=ticks, bounds=(-100, 100), **swap))
    assert 0 <= whole <= paid
    assert abs(whole - split) <= 4
