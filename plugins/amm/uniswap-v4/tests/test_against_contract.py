"""The AMM follows pools of the real PoolManager by its logs and prices as it swaps, through drawn histories."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper.codec import encode_state, restore_state
from sniper.errors import CallReverted
from sniper.events import Block
from sniper.events import Log as LogEvent
from sniper.evm.abi import event, function
from sniper.kernel.market import Market as KernelMarket
from sniper.kernel.wiring import AmmWiring, ChainWiring
from sniper_amm_uniswap_v3.step import ONE
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from sniper_amm_uniswap_v4.fees import DYNAMIC
from sniper_amm_uniswap_v4.hooks import NONE
from sniper_amm_uniswap_v4.pool import PoolKey, UniswapV4, UniswapV4Config
from sniper_sdk.conformance.drawing import some
from sniper_sdk.devchain import DevChain, Receipt, calldata
from sniper_sdk.devchain.abi import encoded
from sniper_sdk.npm import artifact
from sniper_sdk.solidity import compiled
from sniper_sdk.zoo import contract

CONTRACTS = compiled(Path(__file__).parent / "contracts")
SUPPLY = 2**127 - 1
KEY = "(address,address,uint24,int24,address)"
QUOTES = function(f"quotes({KEY},(bool,int256)[])((bool,int128,int128)[])")
FEE_HOOKS = "0x" + "ab" * 18 + "0000"  # called for nothing; the address may set a dynamic fee
LOGGED: list[Any] = [UniswapV4.liquidity_modified, UniswapV4.swapped, UniswapV4.protocol_fee_updated]
HANDLERS = {event(each.__sniper_log__).topic: (event(each.__sniper_log__), each.__name__) for each in LOGGED}

KINDS = ("add", "add", "add", "remove", "swap", "swap", "swap", "buy", "drain", "donate", "protocol fee", "fee")
steps = st.tuples(st.sampled_from(KINDS), st.integers(0, 1), st.integers(0, 2**32))
beginnings = st.tuples(
    st.sampled_from([(100, 1), (500, 10), (3000, 60), (10_000, 200), (0, 2), (DYNAMIC, 60), (999_999, 100)]),
    st.booleans(),
    st.sampled_from([0, -74_959, 201_234]) | st.integers(-300_000, 300_000),
    st.sampled_from([20, 100, 400]),
)


class Market:
    """The PoolManager and the views of v4-periphery, and somebody who trades, on the dev chain."""

    def __init__(self, chain: DevChain, ask: Any, send: Any) -> None:
        self.chain, self.ask, self.send = chain, ask, send
        self.me = chain.accounts[0].address
        self.manager = chain.deploy(artifact("PoolManager"), self.me)
        self.view = chain.deploy(artifact("V4StateView"), self.manager)
        arguments = (self.manager, NONE, 300_000, NONE, chain.addresses.weth)
        self.positions = chain.deploy(artifact("V4PositionManager"), *arguments)
        self.trader = chain.deploy(CONTRACTS["Trader"], self.manager)
        chain.fund(self.trader, SUPPLY)
        code = chain.rpc.call("eth_getCode", chain.deploy(CONTRACTS["FeeHooks"]), "latest")
        chain.rpc.call("anvil_setCode", FEE_HOOKS, code)
        send(self.manager, "setProtocolFeeController(address)", self.me)
        self.config = UniswapV4Config(
            factories=(self.manager,), position_manager=self.positions, harmless_hooks=(FEE_HOOKS,)
        )

    def coin(self) -> str:
        coin = self.chain.deploy(contract("PlainToken"), "T", "T", 2 * SUPPLY)
        self.send(coin, "transfer(address,uint256)", self.trader, SUPPLY)
        return coin.lower()


class Pool:
    """A pool, the AMM that follows it, and a count of what was compared."""

    def __init__(self, market: Market, key: PoolKey, tick: int) -> None:
        self.market, self.key, self.spacing = market, key, key[3]
        price = sqrt_ratio_at_tick(tick) + 1
        receipt = market.send(market.manager, f"initialize({KEY},uint160)", key, price)
        creation = event(UniswapV4.created.__sniper_creation__)  # type: ignore[attr-defined]
        (log,) = (log for log in receipt.logs if log.topics[0] == creation.topic)
        found = UniswapV4.created(market.config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert found is not None
        assert found.amm is not None
        assert (found.pool, found.coins) == (UniswapV4.pool_of(log.topics[1]), (key[0], key[1]))
        self.id, self.amm = found.pool, found.amm
        self.positions: list[tuple[int, int, int]] = []
        self.ranges: set[tuple[int, int]] = set()
        self.compared = self.unfillable = 0
        self.stale_fee = self.amm.lp_fee < 0

    def follow(self, receipt: Receipt) -> list[Any]:
        """Apply the logs, and compare the state with the contract's."""
        changes = []
        for log in receipt.logs:
            if log.address == self.market.manager and log.topics[0] in HANDLERS and log.topics[1] == self.id:
                compiled_event, name = HANDLERS[log.topics[0]]
                parameters = compiled_event.decode(log.topics, bytes.fromhex(log.data[2:]))
                changes.append(getattr(self.amm, name)(*parameters))
        view, pool = self.market.view, bytes.fromhex(self.id[2:])
        price, tick, protocol_fee, fee = self.market.ask(view, "getSlot0(bytes32)(uint160,int24,uint24,uint24)", pool)
        (liquidity,) = self.market.ask(view, "getLiquidity(bytes32)(uint128)", pool)
        amm = self.amm
        found = (amm.sqrt_price_x96, amm.tick, amm.protocol_fee, amm.liquidity)
        assert found == (price, tick, protocol_fee, liquidity)
        assert self.stale_fee or amm.lp_fee == fee
        self.compared += 1
        return changes

    def modify(self, lower: int, upper: int, liquidity: int) -> None:
        """Add or remove liquidity, and move the amounts that the AMM makes of the log."""
        signature = f"modify({KEY},int24,int24,int256)"
        if (lower, upper) in self.ranges:  # its fees would be moved as well: have them before
            assert self.follow(self.market.send(self.market.trader, signature, self.key, lower, upper, 0)) == [None]
        before = [self.balance(i) for i in (0, 1)]
        (change,) = self.follow(self.market.send(self.market.trader, signature, self.key, lower, upper, liquidity))
        self.ranges.add((lower, upper))
        assert tuple(had - self.balance(i) for i, had in enumerate(before)) == change
        self.compared += 1

    def add(self, lower: int, upper: int, liquidity: int) -> None:
        self.modify(lower, upper, liquidity)
        self.positions.append((lower, upper, liquidity))

    def swap(self, i: int, amount: int) -> None:
        """Really swap (a negative amount is exact in), and move exactly what was quoted."""
        exact_in = amount < 0
        quoted = None
        if not self.stale_fee and self.amm.swap_fee(i == 0) < ONE:
            table = self.amm._table(i == 0, abs(amount))
            state = (self.amm.sqrt_price_x96, self.amm.tick, self.amm.liquidity)
            quoted = table.exact_in(*state, -amount) if exact_in else table.exact_out(*state, amount)
        before = [self.balance(each) for each in (i, 1 - i)]
        receipt = self.market.send(self.market.trader, f"swap({KEY},(bool,int256))", self.key, (i == 0, amount))
        self.stale_fee = False
        self.follow(receipt)
        if quoted is not None:
            after = [self.balance(each) for each in (i, 1 - i)]
            assert (before[0] - after[0], after[1] - before[1]) == quoted
            self.compared += 1

    def balance(self, i: int) -> int:
        chain, trader = self.market.chain, self.market.trader
        return chain.balance(trader) if self.key[i] == NONE else chain.token_balance(self.key[:2][i], trader)

    def compare_quotes(self, asked: list[tuple[int, int]]) -> None:
        """Pairs of the coin in and an amount, negative where it is exact in, each beside what the contract does."""
        data = QUOTES.encode(self.key, tuple((i == 0, amount) for i, amount in asked))
        request = {"to": self.market.trader, "data": "0x" + data.hex(), "gas": hex(10**10)}
        (answers,) = QUOTES.decode(bytes.fromhex(self.market.chain.rpc.call("eth_call", request, "latest")[2:]))
        for (i, amount), (done, *changes) in zip(asked, answers, strict=True):
            paid, received = -changes[i], changes[1 - i]
            ask = self.amm.amount_out if amount < 0 else self.amm.amount_in
            filled = done and (paid == -amount if amount < 0 else received == amount)
            self.compared += 1
            if filled:
                assert ask(i, 1 - i, abs(amount)) == (received if amount < 0 else paid), (self.amm, i, amount)
            else:
                self.unfillable += 1
                with pytest.raises(NoLiquidity):
                    ask(i, 1 - i, abs(amount))
                if done and amount < 0:
                    assert self.amm.most_in(i, 1 - i) == paid

    def step(self, kind: str, i: int, seed: int, width: int) -> None:
        randomness = random.Random(seed)
        there = self.amm.reserve(1 - i)
        match kind:
            case "add":
                lower, upper = some_range(self, randomness, width)
                self.add(lower, upper, 10 ** randomness.randrange(4, 20))
            case "remove" if self.positions:
                lower, upper, liquidity = self.positions.pop(randomness.randrange(len(self.positions)))
                part = liquidity * randomness.choice([3, 10]) // 10
                self.modify(lower, upper, -part)
                if part == liquidity:
                    self.ranges.discard((lower, upper))
                    self.ranges.update(position[:2] for position in self.positions)
                else:
                    self.positions.append((lower, upper, liquidity - part))
            case "swap":
                self.swap(i, -up_to(randomness, self.takes(i)))
            case "buy" if there > 2000 and self.amm.swap_fee(i == 0) < ONE:
                self.swap(i, up_to(randomness, there // 2))
            case "drain" if self.spacing > 1 and seed % 4 == 0 and self.amm.swap_fee(i == 0) < ONE:
                self.swap(i, -(2**126))
            case "donate" if self.amm.liquidity:
                amounts = [up_to(randomness, 10**18) for _ in range(2)]
                self.follow(self.market.send(self.market.trader, f"donate({KEY},uint256,uint256)", self.key, *amounts))
            case "protocol fee":
                fee = randomness.randrange(1001) | randomness.choice([0, 1000, randomness.randrange(1001)]) << 12
                self.follow(self.market.send(self.market.manager, f"setProtocolFee({KEY},uint24)", self.key, fee))
            case "fee" if self.key[2] == DYNAMIC:
                fee = randomness.choice([0, 1, 500, 3000, 123_456, randomness.randrange(999_999)])
                self.market.send(FEE_HOOKS, f"set(address,{KEY},uint24)", self.market.manager, self.key, fee)
                self.stale_fee = True
                self.swap(i, -up_to(randomness, 10**9))

    def takes(self, i: int) -> int:
        """About what buys everything."""
        there = self.amm.reserve(1 - i)
        return min(int(there / price) if there and (price := self.amm.price(i, 1 - i)) else 10**9, 2**120) or 1

    def questions(self, randomness: random.Random, count: int) -> list[tuple[int, int]]:
        asked = []
        for _ in range(count):
            i = randomness.randrange(2)
            there = self.amm.reserve(1 - i)
            asked.append((i, -up_to(randomness, min(2 * self.takes(i) + 9, 2**127))))
            asked.append((i, up_to(randomness, min(there + there // 4 + 9, 2**127 - 1))))
        return asked


def up_to(randomness: random.Random, largest: int) -> int:
    """Every order of magnitude up to ``largest`` is as likely as any other."""
    return min(randomness.randrange(1, 2 ** randomness.randrange(1, max(largest, 2).bit_length() + 1)), largest or 1)


def some_range(pool: Pool, randomness: random.Random, width: int) -> tuple[int, int]:
    """A range of ticks about the price, sometimes beside it, sometimes as wide as can be."""
    lowest, highest = -(-MIN_TICK // pool.spacing), MAX_TICK // pool.spacing
    if randomness.random() < 0.1 and abs(pool.amm.tick) < 400_000:
        return lowest * pool.spacing, highest * pool.spacing
    middle = pool.amm.tick // pool.spacing
    lower = max(lowest, min(middle - randomness.randrange(-width, 2 * width), highest - 1))
    upper = max(lower + 1, min(lower + randomness.randrange(1, 2 * width), highest))
    return lower * pool.spacing, upper * pool.spacing


@pytest.fixture(scope="module")
def market(chain: DevChain, ask: Any, send: Any) -> Market:
    return Market(chain, ask, send)


def new_pool(market: Market, fee: int, spacing: int, tick: int, *, native: bool) -> Pool:
    coins = [NONE if native else market.coin(), market.coin()]
    hooks = FEE_HOOKS if fee == DYNAMIC else NONE
    return Pool(market, (min(coins), max(coins), fee, spacing, hooks), tick)


def live(market: Market, histories: int, length: int, quotes: int) -> int:
    """Drawn histories, each on a pool of its own; how many comparisons were made."""
    drawn = st.tuples(beginnings, st.lists(steps, min_size=length, max_size=length))
    compared = reverted = 0
    for ((fee, spacing), native, tick, width), history in some(drawn, histories):
        pool = new_pool(market, fee, spacing, tick, native=native)
        middle = pool.amm.tick // spacing
        pool.add((middle - width) * spacing, (middle + width + 1) * spacing, 10**18)
        pool.positions.clear()  # this one stays, so that there is always something to trade with
        if fee == DYNAMIC:
            with pytest.raises(NoLiquidity, match="not known before the first swap"):
                pool.amm.amount_out(0, 1, 1000)
            pool.swap(0, -1000)
        for n, (kind, i, seed) in enumerate(history):
            try:
                pool.step(kind, i, seed, width)
            except CallReverted:  # more than the trader's supply, at prices far out
                if kind not in ("add", "swap", "buy", "drain"):
                    raise
                reverted += 1
            pool.compare_quotes(pool.questions(random.Random(seed + n), quotes))
        assert pool.unfillable < pool.compared * 0.8
        compared += pool.compared
    assert reverted < histories * length / 50
    return compared


def test_state_and_quotes_equal_the_pool_manager_s_through_histories(market: Market) -> None:
    assert live(market, histories=8, length=8, quotes=5) >= 700


@pytest.mark.long
def test_state_and_quotes_equal_the_pool_manager_s_through_long_histories(market: Market) -> None:
    assert live(market, histories=60, length=15, quotes=12) >= 20_000


def made_by_the_position_manager(market: Market, pool: Pool, lower: int, upper: int, liquidity: int) -> None:
    """A position by the real PositionManager, which then knows the pool's key."""
    mint = encoded(
        (KEY, "int24", "int24", "uint256", "uint128", "uint128", "address", "bytes"),
        (pool.key, lower, upper, liquidity, 2**120, 2**120, market.me, b""),
    )
    settle = [encoded(("address", "uint256", "bool"), (coin, 0, False)) for coin in pool.key[:2]]
    for coin in pool.key[:2]:
        if coin != NONE:
            market.send(coin, "transfer(address,uint256)", market.positions, 10**24)
    actions = bytes((0x02, 0x0B, 0x0B))  # MINT_POSITION, SETTLE, SETTLE of v4-periphery's Actions
    data = calldata(
        "modifyLiquidities(bytes,uint256)", encoded(("bytes", "bytes[]"), (actions, [mint, *settle])), 2**63
    )
    pool.follow(market.chain.send(market.chain.accounts[0], market.positions, data, 10**21))


@pytest.mark.parametrize(("native", "fee", "spacing"), [(True, 3000, 60), (False, 100, 1), (True, DYNAMIC, 10)])
async def test_a_loaded_pool_equals_the_followed_one(
    market: Market, reader: Any, native: bool, fee: int, spacing: int
) -> None:
    pool = new_pool(market, fee, spacing, 1234, native=native)
    pool.add(-300 * spacing, 500 * spacing, 10**18)
    with pytest.raises(NoLiquidity, match="never made a position"):
        await UniswapV4.load(pool.id, reader, market.config)
    made_by_the_position_manager(market, pool, -7 * spacing, 900 * spacing, 10**17)
    pool.step("protocol fee", 0, 5, 100)
    pool.swap(0, -(10**15))
    found = await UniswapV4.load(pool.id, reader, market.config)
    assert (found.pool, found.coins, found.amm) == (pool.id, pool.key[:2], pool.amm)
    with pytest.raises(NoLiquidity, match="position_manager"):
        await UniswapV4.load(pool.id, reader, UniswapV4Config(factories=(market.manager,)))
    if fee == DYNAMIC:
        unknown = UniswapV4Config(factories=(market.manager,), position_manager=market.positions)
        with pytest.raises(NoLiquidity, match="harmless_hooks"):
            await UniswapV4.load(pool.id, reader, unknown)


def test_a_fee_of_everything_is_taken_as_the_contract_takes_it(market: Market) -> None:
    pool = new_pool(market, ONE, 60, 0, native=False)
    pool.compare_quotes([(0, -1000), (1, 1000)])
    pool.add(-600, 600, 10**18)
    pool.compare_quotes([(i, sign * 10**n) for i in (0, 1) for sign in (-1, 1) for n in (0, 3, 20)])
    assert pool.amm.most_in(0, 1) == 2**127 - 1


def test_the_kernel_s_market_tells_the_pools_of_one_manager_apart_and_undoes_a_reorg(market: Market) -> None:
    first = market.chain.block_number() + 1
    pools = [new_pool(market, 3000, 60, 0, native=True), new_pool(market, 500, 10, 5000, native=False)]
    for n, pool in enumerate(pools):
        pool.add(-6000, 12_000, 10**18 + n)
        pool.swap(n, -(10**15))
    manager = market.manager.lower()
    config = UniswapV4Config(factories=(manager,))
    wired = AmmWiring(name="uniswap-v4", plugin="uniswap-v4", amm=UniswapV4, config=config, factories=(manager,))
    fee: Any = SimpleNamespace(block=lambda event: None)  # what estimates fees hears of blocks, which matters not here
    kernel = KernelMarket((ChainWiring(1, "0x" + "ee" * 20, fee, amms=(wired,)),), lambda *told: None)
    quotes: list[list[int]] = []
    last = market.chain.block_number()
    for number in range(first, last + 1):
        head = Block(
            time=0,
            chain_id=1,
            number=number,
            hash=f"0x{number:064x}",
            parent=f"0x{number - 1:064x}",
            timestamp=number,
            base_fee=0,
            gas_used=0,
            gas_limit=0,
        )
        kernel.block(head)
        query = {"address": manager, "fromBlock": hex(number), "toBlock": hex(number)}
        for n, log in enumerate(market.chain.rpc.call("eth_getLogs", query)):
            heard = LogEvent(
                time=0,
                chain_id=1,
                block=number,
                tx_hash=log["transactionHash"],
                index=n,
                address=manager,
                topics=tuple(log["topics"]),
                data=bytes.fromhex(log["data"][2:]),
            )
            kernel.log(heard)
        known = [kernel.pool(f"1:{pool.id}") for pool in pools]
        quotes.append([each.impl.most_in(0, 1) if each else -1 for each in known])
    for pool in pools:
        found = kernel.pool(f"1:{pool.id}")
        assert found is not None
        state = encode_state(found.impl)
        assert state == encode_state(pool.amm)
        assert restore_state(UniswapV4, state, config=config).most_in(0, 1) == found.impl.most_in(0, 1)
    for number in range(last - 1, first, -1):
        kernel.reorg(1, number)
        known = [kernel.pool(f"1:{pool.id}") for pool in pools]
        assert [each.impl.most_in(0, 1) if each else -1 for each in known] == quotes[number - first]
