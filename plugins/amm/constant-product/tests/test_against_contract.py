"""The AMM follows the real pair by its logs and prices as the real router, through seeded histories."""

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted
from sniper.evm.abi import event
from sniper_amm_constant_product.pool import MAX_RESERVE, ConstantProduct, ConstantProductConfig
from sniper_sdk.devchain import DevChain, Receipt
from sniper_sdk.zoo import contract

FOREVER = 2**63
SUPPLY = 2**160


class Pair:
    """A pair of two fresh tokens on the dev chain, the AMM that follows it, and a count of what was compared."""

    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
        self.chain, self.ask, self.send, self.feed = chain, ask, send, feed
        self.me = chain.accounts[0].address
        self.router = chain.addresses.v2_router
        pair = [chain.deploy(contract("PlainToken"), "T", "T", SUPPLY) for _ in range(2)]
        receipt = send(chain.addresses.v2_factory, "createPair(address,address)", *pair)
        creation = event(ConstantProduct.created.__sniper_creation__)  # type: ignore[attr-defined]
        log = next(log for log in receipt.logs if log.topics[0] == creation.topic)
        config = ConstantProductConfig(factories=(chain.addresses.v2_factory,))
        created = ConstantProduct.created(config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert created is not None
        self.address, self.coins, self.amm = created.pool, created.coins, created.amm
        for coin in self.coins:
            send(coin, "approve(address,uint256)", self.router, 2**256 - 1)
        send(self.address, "approve(address,uint256)", self.router, 2**256 - 1)
        self.compared = 0

    def follow(self, receipt: Receipt) -> list[str]:
        changes = [change for change in self.feed(self.amm, self.address, receipt) if change]
        assert self.amm.reserves == self.ask(self.address, "getReserves()(uint112,uint112,uint32)")[:2]
        self.compared += 1
        return changes

    def add(self, amounts: tuple[int, int]) -> list[str]:
        signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        return self.follow(self.send(self.router, signature, *self.coins, *amounts, 0, 0, self.me, FOREVER))

    def remove(self, shares: int) -> list[str]:
        signature = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
        return self.follow(self.send(self.router, signature, *self.coins, shares, 0, 0, self.me, FOREVER))

    def donate(self, i: int, amount: int) -> None:
        self.send(self.coins[i], "transfer(address,uint256)", self.address, amount)

    def swap(self, i: int, amount: int) -> None:
        """Really swap, and receive exactly what was quoted; where the AMM refuses, the pair reverts."""
        signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        path = (self.coins[i], self.coins[1 - i])
        before = self.chain.token_balance(path[1], self.me)
        self.compared += 1
        try:
            quoted = self.amm.amount_out(i, 1 - i, amount)
        except NoLiquidity:
            with pytest.raises(CallReverted):
                self.send(self.router, signature, amount, 0, path, self.me, FOREVER)
            return
        self.follow(self.send(self.router, signature, amount, quoted, path, self.me, FOREVER))
        assert self.chain.token_balance(path[1], self.me) - before == quoted

    def compare_quotes(self, i: int, amount: int) -> None:
        for quote, signature in (
            (self.amm.amount_out, "getAmountsOut(uint256,address[])(uint256[])"),
            (self.amm.amount_in, "getAmountsIn(uint256,address[])(uint256[])"),
        ):
            path = (self.coins[i], self.coins[1 - i])
            try:
                (amounts,) = self.ask(self.router, signature, amount, path)
                paid, received = amounts
                # The library does not know what the pair refuses: nothing out, or a balance above 112 bits.
                expected = amounts[1 if paid == amount else 0] if quote == self.amm.amount_out else paid
                if not received or self.amm.reserves[i] + paid > MAX_RESERVE:
                    expected = None
            except CallReverted:
                expected = None
            assert or_none(quote, i, amount) == expected
            self.compared += 1


def or_none(quote: Callable[[int, int, int], int], i: int, amount: int) -> int | None:
    try:
        return quote(i, 1 - i, amount)
    except NoLiquidity:
        return None


def amounts_around(reserves: tuple[int, int], randomness: random.Random) -> list[int]:
    """From dust to more than there is."""
    largest = max(*reserves, 2)
    return [1, *(randomness.randrange(1, 1 + largest * scale // 1000) for scale in (1, 30, 1000, 3000))]


@pytest.fixture
def pair(chain: DevChain, ask: Any, send: Any, feed: Any) -> Pair:
    return Pair(chain, ask, send, feed)


SIZES = (10**4, 10**20, 10**33)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_state_and_quotes_equal_the_contract_through_a_history(pair: Pair, seed: int) -> None:
    follow_a_history(pair, seed, SIZES[seed - 1])
    assert pair.compared >= 290  # 3 histories: 870 comparisons


@pytest.mark.long
def test_twenty_thousand_comparisons_through_histories(chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
    compared = 0
    for seed in range(72):
        pair = Pair(chain, ask, send, feed)
        follow_a_history(pair, seed, SIZES[seed % 3])
        compared += pair.compared
    assert compared >= 20_000


def follow_a_history(pair: Pair, seed: int, size: int) -> None:
    randomness = random.Random(seed)
    pair.compare_quotes(0, 1000)
    assert [
        min(change) > 0
        for change in pair.add((randomness.randrange(size // 2, size), randomness.randrange(size // 2, size)))
    ] == [True]
    for _ in range(14):
        i = randomness.randrange(2)
        fresh = randomness.randrange(1, 1 + pair.amm.reserves[i] // 5)
        match randomness.choice(["add", "remove", "swap", "swap", "donate and sync", "donate and skim", "donate"]):
            case "add":
                assert [min(change) > 0 for change in pair.add((size // 3, size // 3))] == [True]
            case "remove":
                (held,) = pair.ask(pair.address, "balanceOf(address)(uint256)", pair.me)
                assert [
                    max(change) < 0 for change in pair.remove(randomness.randrange(held // 10 + 1, held // 3 + 2))
                ] == [True]
            case "swap":
                pair.swap(i, fresh)
            case "donate and sync":
                pair.donate(i, fresh)
                assert pair.follow(pair.send(pair.address, "sync()")) == []
            case "donate and skim":
                pair.donate(i, fresh)
                pair.follow(pair.send(pair.address, "skim(address)", pair.me))
            case "donate":
                pair.donate(i, fresh)
        for amount, direction in product(amounts_around(pair.amm.reserves, randomness), (0, 1)):
            pair.compare_quotes(direction, amount)


def test_a_swap_that_would_lift_a_reserve_above_112_bits_is_refused_as_the_pair_refuses_it(pair: Pair) -> None:
    pair.add((MAX_RESERVE - 5000, 10**30))
    pair.swap(0, 5001)
    with pytest.raises(NoLiquidity):
        pair.amm.amount_out(0, 1, 5001)
    with pytest.raises(NoLiquidity):
        pair.amm.amount_in(0, 1, 10**29)
    assert pair.amm.amount_out(1, 0, 10**25) > 0
    pair.swap(1, 10**25)
    room = MAX_RESERVE - pair.amm.reserves[0]
    pair.swap(0, room + 1)
    pair.swap(0, room)
    assert pair.amm.reserves[0] == MAX_RESERVE


def test_an_amount_that_buys_nothing_is_refused_as_the_pair_refuses_it(pair: Pair) -> None:
    pair.add((10**9, 10**6))
    pair.swap(0, 1)
    with pytest.raises(NoLiquidity):
        pair.amm.amount_out(0, 1, 1)
    pair.swap(0, 1100)


@pytest.mark.parametrize("seed", range(3))
def test_the_pair_gives_what_is_quoted_and_not_one_unit_more(pair: Pair, seed: int) -> None:
    randomness = random.Random(seed)
    pair.add((10**12, 10**12 * randomness.randrange(1, 9)))
    i, amount = randomness.randrange(2), randomness.randrange(10**9, 10**12)
    out = pair.amm.amount_out(i, 1 - i, amount)
    pair.donate(i, amount)
    outs = [(out + extra, 0)[:: 1 if i == 1 else -1] for extra in (1, 0)]
    with pytest.raises(CallReverted, match="UniswapV2: K"):
        pair.send(pair.address, "swap(uint256,uint256,address,bytes)", *outs[0], pair.me, b"")
    pair.follow(pair.send(pair.address, "swap(uint256,uint256,address,bytes)", *outs[1], pair.me, b""))


async def test_a_loaded_pair_equals_the_followed_one(pair: Pair, reader: Any) -> None:
    pair.add((10**20, 10**18))
    pair.swap(0, 10**18)
    config = ConstantProductConfig(factories=(pair.chain.addresses.v2_factory,))
    found = await ConstantProduct.load(pair.address, reader, config)
    assert (found.amm, found.coins) == (pair.amm, pair.coins)
