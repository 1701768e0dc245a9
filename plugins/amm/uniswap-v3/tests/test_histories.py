"""Uniswap V3, Pancake V3 and Algebra: the AMM follows the real pool by its logs and prices as it swaps."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper.evm.abi import event, function
from sniper.evm.keccak import keccak256
from sniper.evm.rlp import encode as rlp
from sniper_amm_uniswap_v3.algebra import Algebra, AlgebraConfig
from sniper_amm_uniswap_v3.followed import Followed
from sniper_amm_uniswap_v3.pancake import PancakeV3, PancakeV3Config
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from sniper_sdk.conformance.drawing import some
from sniper_sdk.devchain import DevChain, Receipt, checksum
from sniper_sdk.npm import artifact
from sniper_sdk.solidity import compiled
from sniper_sdk.zoo import contract

CONTRACTS = compiled(Path(__file__).parent / "contracts")
SUPPLY = 2**250
QUOTES = function("quotes(address,(bool,int256)[])((bool,int256,int256)[])")

KINDS = ("add", "add", "add", "remove", "swap", "swap", "swap", "buy", "drain", "poke", "fee")
steps = st.tuples(st.sampled_from(KINDS), st.integers(0, 1), st.integers(0, 2**32))
beginnings = st.tuples(
    st.sampled_from([0, -74_959, 201_234]) | st.integers(-500_000, 500_000), st.sampled_from([20, 100, 400])
)


class Market:
    """The factory of one protocol, and somebody who trades, on the dev chain."""

    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
        self.chain, self.ask, self.send, self.feed = chain, ask, send, feed
        self.trader = chain.deploy(CONTRACTS["Trader"])

    def coins(self) -> list[str]:
        made = [self.chain.deploy(contract("PlainToken"), "T", "T", 2 * SUPPLY) for _ in range(2)]
        for coin in made:
            self.send(coin, "transfer(address,uint256)", self.trader, SUPPLY)
        return sorted(made, key=str.lower)

    def new_pool(self, kind: int) -> tuple[Followed, str]:
        """A pool of one of the ``kinds`` that there are, not initialised, and its address."""
        raise NotImplementedError

    def found(self, receipt: Receipt, created: Any, config: Any) -> Any:
        """What the AMM makes of the factory's log. Any: the handler is known by its mark."""
        creation = event(created.__sniper_creation__)
        log = next(log for log in receipt.logs if log.topics[0] == creation.topic)
        return created(config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))

    def state(self, pool: str) -> tuple[int, int]:
        found: tuple[int, int] = self.ask(pool, "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)")[:2]
        return found

    def set_fee(self, pool: str, fee: int) -> Receipt | None:
        """None where it cannot be set."""
        return None


class Uniswap(Market):
    kinds = ((100, 1), (500, 10), (3000, 60), (10_000, 200))

    def new_pool(self, kind: int) -> tuple[Followed, str]:
        factory, (fee, spacing) = self.chain.addresses.v3_factory, self.kinds[kind]
        if self.ask(factory, "feeAmountTickSpacing(uint24)(int24)", fee) == (0,):
            deployer = next(iter(self.ask(factory, "owner()(address)")))
            self.chain.fund(deployer, 10**18)
            self.chain.rpc.call("anvil_impersonateAccount", deployer)
            data = "0x" + function("enableFeeAmount(uint24,int24)").encode(fee, spacing).hex()
            self.chain.rpc.call("eth_sendTransaction", {"from": deployer, "to": factory, "data": data})
        receipt = self.send(factory, "createPool(address,address,uint24)", *self.coins(), fee)
        found = self.found(receipt, UniswapV3.created, UniswapV3Config(factories=(factory,)))
        return found.amm, checksum(bytes.fromhex(found.pool[2:]))


class Pancake(Market):
    kinds = ((100, 1), (500, 10), (2500, 50), (10_000, 200))

    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
        super().__init__(chain, ask, send, feed)
        code = artifact("PancakeV3Pool").bytecode
        holder = chain.deploy(b"\x61" + len(code).to_bytes(2, "big") + bytes.fromhex("80600c6000396000f3") + code)
        self.factory = chain.deploy(
            artifact("PancakeV3Factory"), chain.deploy(CONTRACTS["PancakePoolDeployer"], holder)
        )

    def new_pool(self, kind: int) -> tuple[Followed, str]:
        receipt = self.send(self.factory, "createPool(address,address,uint24)", *self.coins(), self.kinds[kind][0])
        found = self.found(receipt, PancakeV3.created, PancakeV3Config(factories=(self.factory,)))
        return found.amm, checksum(bytes.fromhex(found.pool[2:]))

    def state(self, pool: str) -> tuple[int, int]:
        found: tuple[int, int] = self.ask(pool, "slot0()(uint160,int24,uint16,uint16,uint16,uint32,bool)")[:2]
        return found


class AlgebraIntegral(Market):
    kinds = ((100, 1), (500, 10), (3000, 60), (60_000, 200))

    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any) -> None:
        super().__init__(chain, ask, send, feed)
        me = chain.accounts[0].address
        nonce = chain.nonce(me) + 1
        after = rlp([bytes.fromhex(me[2:]), nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")])
        self.factory = chain.deploy(artifact("AlgebraFactory"), checksum(keccak256(after)[12:]))
        chain.deploy(artifact("AlgebraPoolDeployer"), self.factory)

    def new_pool(self, kind: int) -> tuple[Followed, str]:
        receipt = self.send(self.factory, "createPool(address,address,bytes)", *self.coins(), b"")
        found = self.found(receipt, Algebra.created, AlgebraConfig(factories=(self.factory,)))
        assert found.amm is None  # the log does not tell: it would be read now
        pool = checksum(bytes.fromhex(found.pool[2:]))
        amm = Algebra(config=AlgebraConfig(factories=(self.factory,)), fee=0, tick_spacing=1)
        return amm, pool

    def state(self, pool: str) -> tuple[int, int]:
        found: tuple[int, int] = self.ask(pool, "globalState()(uint160,int24,uint16,uint8,uint16,bool)")[:2]
        return found

    def set_fee(self, pool: str, fee: int) -> Receipt | None:
        receipt: Receipt = self.send(pool, "setFee(uint16)", fee)
        return receipt


class Pool:
    """A pool, the AMM that follows it, and a count of what was compared."""

    def __init__(self, market: Market, kind: int, tick: int) -> None:
        self.market = market
        self.amm, self.address = market.new_pool(kind)
        self.algebra = isinstance(self.amm, Algebra)
        self.positions: list[tuple[int, int, int]] = []
        self.compared = self.unfillable = 0
        with pytest.raises(NoLiquidity):
            self.amm.amount_out(0, 1, 1000)
        self.follow(market.send(self.address, "initialize(uint160)", sqrt_ratio_at_tick(tick) + 1))
        if self.algebra:
            self.follow(market.send(self.address, "setTickSpacing(int24)", 1 + kind * 20))
            assert self.amm.tick_spacing == 1 + kind * 20
        self.spacing = self.amm.tick_spacing

    def follow(self, receipt: Receipt) -> None:
        """Apply the logs, and compare the state with the contract's."""
        self.market.feed(self.amm, self.address, receipt)
        assert (self.amm.sqrt_price_x96, self.amm.tick) == self.market.state(self.address)
        assert (self.amm.liquidity,) == self.market.ask(self.address, "liquidity()(uint128)")
        self.compared += 1

    def modify(self, name: str, lower: int, upper: int, liquidity: int) -> None:
        signature = f"{name}(address,bool,int24,int24,uint128)"
        arguments = (self.address, self.algebra, lower, upper, liquidity)
        self.follow(self.market.send(self.market.trader, signature, *arguments))

    def add(self, lower: int, upper: int, liquidity: int) -> None:
        self.modify("mint", lower, upper, liquidity)
        self.positions.append((lower, upper, liquidity))

    def swap(self, i: int, amount: int) -> None:
        """Really swap (a negative amount is exact out)."""
        signature = "swap(address,(bool,int256))"
        self.follow(self.market.send(self.market.trader, signature, self.address, (i == 0, amount)))

    def compare_quotes(self, asked: list[tuple[int, int]]) -> None:
        """Pairs of the coin in and an amount, negative where it is exact out, each beside what the contract does."""
        data = QUOTES.encode(self.address, tuple((i == 0, amount) for i, amount in asked))
        request = {"to": self.market.trader, "data": "0x" + data.hex(), "gas": hex(10**10)}
        (answers,) = QUOTES.decode(bytes.fromhex(self.market.chain.rpc.call("eth_call", request, "latest")[2:]))
        for (i, amount), (done, *changes) in zip(asked, answers, strict=True):
            paid, received = changes[i], -changes[1 - i]
            ask = self.amm.amount_out if amount > 0 else self.amm.amount_in
            filled = done and (paid == amount if amount > 0 else received == -amount)
            self.compared += 1
            if filled:
                assert ask(i, 1 - i, abs(amount)) == (received if amount > 0 else paid), (self.amm, i, amount)
            else:
                self.unfillable += 1
                with pytest.raises(NoLiquidity):
                    ask(i, 1 - i, abs(amount))
                if done and amount > 0:
                    assert self.amm.most_in(i, 1 - i) == paid

    def step(self, kind: str, i: int, seed: int, width: int) -> None:
        randomness = random.Random(seed)
        there = self.amm.reserve(1 - i)
        match kind:
            case "add":
                self.add(*some_range(self, randomness, width), 10 ** randomness.randrange(4, 24))
            case "remove" if self.positions:
                lower, upper, liquidity = self.positions.pop(randomness.randrange(len(self.positions)))
                part = liquidity * randomness.choice([3, 10]) // 10
                self.modify("burn", lower, upper, part)
                if part < liquidity:
                    self.positions.append((lower, upper, liquidity - part))
            case "poke" if self.positions:
                self.modify("burn", *self.positions[0][:2], 0)
            case "swap" if there:
                self.swap(i, up_to(randomness, self.takes(i)))
            case "buy" if there > 2000:
                self.swap(i, -up_to(randomness, there // 2))
            case "drain" if self.spacing > 1 and seed % 4 == 0 and there:
                self.swap(i, 2**240)
            case "fee":
                receipt = self.market.set_fee(self.address, randomness.choice([1, 500, 3000, 50_000]))
                if receipt is not None:
                    self.follow(receipt)

    def takes(self, i: int) -> int:
        """About what buys everything."""
        there = self.amm.reserve(1 - i)
        return int(there / self.amm.price(i, 1 - i)) if there else 0

    def questions(self, randomness: random.Random, count: int) -> list[tuple[int, int]]:
        asked = []
        for _ in range(count):
            i = randomness.randrange(2)
            there = self.amm.reserve(1 - i)
            asked.append((i, up_to(randomness, 2 * self.takes(i) + 9)))
            asked.append((i, -up_to(randomness, there + there // 4 + 9)))
        return asked


def up_to(randomness: random.Random, largest: int) -> int:
    """Every order of magnitude up to ``largest`` is as likely as any other."""
    return min(randomness.randrange(1, 2 ** randomness.randrange(1, max(largest, 2).bit_length() + 1)), largest or 1)


def some_range(pool: Pool, randomness: random.Random, width: int) -> tuple[int, int]:
    """A range of ticks about the price, sometimes beside it, sometimes as wide as can be."""
    lowest, highest = -(-MIN_TICK // pool.spacing), MAX_TICK // pool.spacing
    if randomness.random() < 0.1:
        return lowest * pool.spacing, highest * pool.spacing
    middle = pool.amm.tick // pool.spacing
    lower = max(lowest, min(middle - randomness.randrange(-width, 2 * width), highest - 1))
    upper = max(lower + 1, min(lower + randomness.randrange(1, 2 * width), highest))
    return lower * pool.spacing, upper * pool.spacing


MARKETS: dict[str, tuple[type[Market], type[Followed]]] = {
    "uniswap-v3": (Uniswap, UniswapV3),
    "pancake-v3": (Pancake, PancakeV3),
    "algebra": (AlgebraIntegral, Algebra),
}


@pytest.fixture
def make_market(chain: DevChain, ask: Any, send: Any, feed: Any) -> Callable[[str], Market]:
    return lambda name: MARKETS[name][0](chain, ask, send, feed)


async def live(market: Market, reader: Any, *, histories: int, length: int, quotes: int) -> int:
    """Drawn histories, each on a pool of its own; how many comparisons were made."""
    drawn = st.tuples(st.integers(0, 3), beginnings, st.lists(steps, min_size=length, max_size=length))
    compared = 0
    for kind, (tick, width), history in some(drawn, histories):
        pool = Pool(market, kind, tick)
        middle = pool.amm.tick // pool.spacing
        pool.add((middle - width) * pool.spacing, (middle + width + 1) * pool.spacing, 10**22)
        pool.positions.clear()  # this one stays, so that there is always something to trade with
        for n, (name, i, seed) in enumerate(history):
            pool.step(name, i, seed, width)
            pool.compare_quotes(pool.questions(random.Random(seed + n), quotes))
        if pool.spacing > 1 or pool.algebra:  # else 6,931 words, which test_against_contract.py reads once
            found = await type(pool.amm).load(pool.address, reader, pool.amm.config)
            assert found.amm == pool.amm
        assert pool.unfillable < pool.compared * 0.8
        compared += pool.compared
    return compared


@pytest.mark.parametrize("protocol", MARKETS)
async def test_state_and_quotes_equal_the_contract_s_through_histories(
    make_market: Callable[[str], Market], reader: Any, protocol: str
) -> None:
    assert await live(make_market(protocol), reader, histories=6, length=8, quotes=6) >= 600


@pytest.mark.long
@pytest.mark.parametrize(("protocol", "least"), [("uniswap-v3", 20_000), ("pancake-v3", 5_000), ("algebra", 5_000)])
async def test_state_and_quotes_equal_the_contract_s_through_long_histories(
    make_market: Callable[[str], Market], reader: Any, protocol: str, least: int
) -> None:
    assert await live(make_market(protocol), reader, histories=least // 330, length=14, quotes=12) >= least


async def test_an_algebra_pool_whose_plugin_is_called_around_swaps_is_refused_unless_it_is_known(
    make_market: Callable[[str], Market], reader: Any
) -> None:
    market = make_market("algebra")
    pool = Pool(market, 2, 0)
    pool.add(-20 * pool.spacing, 40 * pool.spacing, 10**18)
    quoted = pool.amm.amount_out(0, 1, 10**9)
    plugin = "0x" + "5a" * 20
    pool.follow(market.send(pool.address, "setPlugin(address)", plugin))
    for config, called in ((0b1111100, ""), (0b1, "beforeSwap"), (0b10, "afterSwap")):
        pool.follow(market.send(pool.address, "setPluginConfig(uint8)", config))
        if not called:
            assert pool.amm.amount_out(0, 1, 10**9) == quoted
            continue
        with pytest.raises(NoLiquidity, match=f"{plugin}.*{called}.*harmless_plugins"):
            pool.amm.amount_out(0, 1, 10**9)
        assert (pool.amm.most_in(0, 1), pool.amm.reserve(0)) == (0, 0)
    assert (
        await Algebra.load(pool.address, reader, AlgebraConfig(factories=pool.amm.config.factories))
    ).amm == pool.amm
    pool.amm.config = AlgebraConfig(harmless_plugins=(plugin,))
    assert pool.amm.amount_out(0, 1, 10**9) == quoted
