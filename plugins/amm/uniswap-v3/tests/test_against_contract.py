"""The AMM follows the real pool by its logs and prices as the real quoter, through seeded histories."""

import random
from typing import Any

import pytest

from sniper.amm import NoLiquidity
from sniper.errors import CallReverted
from sniper.evm.abi import event, function
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.step import amount0, amount1
from sniper_amm_uniswap_v3.tick import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick
from sniper_sdk.devchain import Account, DevChain, Receipt, calldata, checksum
from sniper_sdk.zoo import contract

FOREVER = 2**63
SUPPLY = 2**250
SPACINGS = {100: 1, 500: 10, 3000: 60, 10000: 200, 50_000: 16_383}


class Pool:
    """A pool of two fresh tokens on the dev chain, the AMM that follows it, and a count of what was compared."""

    def __init__(self, chain: DevChain, ask: Any, send: Any, feed: Any, fee: int) -> None:
        self.chain, self.ask, self.send, self.feed = chain, ask, send, feed
        self.me = chain.accounts[0].address
        self.addresses = chain.addresses
        tokens = [chain.deploy(contract("PlainToken"), "T", "T", SUPPLY) for _ in range(2)]
        receipt = send(self.addresses.v3_factory, "createPool(address,address,uint24)", *tokens, fee)
        creation = event(UniswapV3.created.__sniper_creation__)  # type: ignore[attr-defined]
        log = next(log for log in receipt.logs if log.topics[0] == creation.topic)
        config = UniswapV3Config(factories=(self.addresses.v3_factory,))
        created = UniswapV3.created(config, *creation.decode(log.topics, bytes.fromhex(log.data[2:])))
        assert created is not None
        assert created.amm is not None
        self.address, self.coins, self.amm = created.pool, created.coins, created.amm
        self.spacing = self.amm.tick_spacing
        for coin in self.coins:
            for spender in (self.addresses.v3_positions, self.addresses.v3_router):
                send(coin, "approve(address,uint256)", spender, 2**256 - 1)
        self.positions: list[int] = []
        self.compared = 0
        self.unfillable = 0

    def follow(self, receipt: Receipt) -> list[Any]:
        changes = [change for change in self.feed(self.amm, self.address, receipt) if change]
        slot0 = self.ask(self.address, "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)")
        assert (self.amm.sqrt_price_x96, self.amm.tick) == slot0[:2]
        assert (self.amm.liquidity,) == self.ask(self.address, "liquidity()(uint128)")
        self.compared += 1
        return changes

    def initialize(self, tick: int) -> None:
        self.follow(self.send(self.address, "initialize(uint160)", sqrt_ratio_at_tick(tick) + 1))

    def mint(self, lower: int, upper: int, liquidity: int) -> list[Any]:
        low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
        price = min(max(self.amm.sqrt_price_x96, low), high)
        desired = (amount0(price, high, liquidity, up=True), amount1(low, price, liquidity, up=True))
        signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        position = (*self.coins, self.amm.fee, lower, upper, *desired, 0, 0, self.me, FOREVER)
        receipt = self.send(self.addresses.v3_positions, signature, position)
        grown = event("IncreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)")
        log = next(log for log in receipt.logs if log.topics[0] == grown.topic)
        self.positions.append(grown.decode(log.topics, bytes.fromhex(log.data[2:]))[0])
        return self.follow(receipt)

    def burn(self, position: int, tenths: int) -> list[Any]:
        signature = (
            "positions(uint256)"
            "(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128)"
        )
        liquidity = self.ask(self.addresses.v3_positions, signature, position)[7] * tenths // 10
        decrease = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
        return self.follow(self.send(self.addresses.v3_positions, decrease, (position, liquidity, 0, 0, FOREVER)))

    def collect(self, position: int) -> list[Any]:
        signature = "collect((uint256,address,uint128,uint128))"
        everything = (position, self.me, 2**128 - 1, 2**128 - 1)
        return self.follow(self.send(self.addresses.v3_positions, signature, everything))

    def swap(self, i: int, amount: int) -> None:
        """Really swap, and receive exactly what was quoted."""
        quoted = filled(self.amm, i, amount, exact_in=True)[1]
        before = self.chain.token_balance(self.coins[1 - i], self.me)
        self.follow(self.sell(i, amount, quoted))
        assert self.chain.token_balance(self.coins[1 - i], self.me) - before == quoted

    def buy(self, i: int, wanted: int) -> None:
        """Really buy an exact amount, and pay exactly what was quoted."""
        quoted = self.amm.amount_in(i, 1 - i, wanted)
        signature = "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        order = (self.coins[i], self.coins[1 - i], self.amm.fee, self.me, wanted, quoted, 0)
        before = self.chain.token_balance(self.coins[i], self.me)
        self.follow(self.send(self.addresses.v3_router, signature, order))
        assert before - self.chain.token_balance(self.coins[i], self.me) == quoted

    def sell(self, i: int, amount: int, least: int) -> Receipt:
        signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        order = (self.coins[i], self.coins[1 - i], self.amm.fee, self.me, amount, least, 0)
        receipt: Receipt = self.send(self.addresses.v3_router, signature, order)
        return receipt

    def compare_exact_input(self, i: int, amount: int) -> None:
        """The whole fill, and also the partial one, for which the quoter's price ends at the limit."""
        limit = MIN_SQRT_RATIO + 1 if i == 0 else MAX_SQRT_RATIO - 1
        self.compared += 1
        try:
            received, after = self.quote("quoteExactInputSingle", i, amount)
        except CallReverted:
            received, after = 0, limit  # its callback refuses a swap that moves nothing
        try:
            assert self.amm.amount_out(i, 1 - i, amount) == received
        except NoLiquidity:
            self.unfillable += 1
            assert after == limit
            assert filled(self.amm, i, amount, exact_in=True)[1] == received

    def compare_exact_output(self, i: int, amount: int) -> None:
        self.compared += 1
        try:
            expected = self.quote("quoteExactOutputSingle", i, amount)[0]
        except CallReverted:
            self.unfillable += 1
            with pytest.raises(NoLiquidity):
                self.amm.amount_in(i, 1 - i, amount)
            return
        assert self.amm.amount_in(i, 1 - i, amount) == expected

    def quote(self, name: str, i: int, amount: int) -> tuple[int, int]:
        """With gas for a walk over all words of the tick bitmap, which no block would have."""
        compiled = function(f"{name}((address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)")
        data = compiled.encode((self.coins[i], self.coins[1 - i], amount, self.amm.fee, 0))
        request = {"to": self.addresses.v3_quoter, "data": "0x" + data.hex(), "gas": hex(10**9)}
        answer = self.chain.rpc.call("eth_call", request, "latest")
        result, after, _, _ = compiled.decode(bytes.fromhex(answer[2:]))
        return result, after


def filled(amm: UniswapV3, i: int, amount: int, *, exact_in: bool) -> tuple[int, int]:
    table = amm._table(i == 0, amount)
    quote = table.exact_in if exact_in else table.exact_out
    return quote(amm.sqrt_price_x96, amm.tick, amm.liquidity, amount)


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


def live(pool: Pool, randomness: random.Random, operations: int, width: int, quotes: int) -> None:
    for _ in range(operations):
        i = randomness.randrange(2)
        match randomness.choice(["mint", "mint", "burn", "collect", "swap", "swap", "swap", "buy", "drain"]):
            case "mint":
                try:
                    changes = pool.mint(*some_range(pool, randomness, width), 10 ** randomness.randrange(6, 24))
                    assert [min(change) >= 0 for change in changes] == [True]
                except CallReverted:
                    # At prices this far out one unit of the scarce coin can be more liquidity than a tick may hold.
                    assert abs(pool.amm.tick) > 800_000
            case "burn" if pool.positions:
                position = randomness.choice(pool.positions)
                tenths = randomness.choice([3, 10])
                assert [max(change) <= 0 for change in pool.burn(position, tenths)] == [True]
                if tenths == 10:
                    pool.positions.remove(position)
            case "collect" if pool.positions:
                assert pool.collect(randomness.choice(pool.positions)) == []
            case "swap" if pool.amm.reserve(1 - i):
                reserve, price = pool.amm.reserve(1 - i), pool.amm.price(i, 1 - i)
                pool.swap(i, up_to(randomness, int(reserve / price)))
            case "buy" if pool.amm.reserve(1 - i) > 2000:
                pool.buy(i, up_to(randomness, pool.amm.reserve(1 - i) // 2))
            case "drain" if pool.spacing > 1 and randomness.random() < 0.3 and pool.amm.reserve(1 - i):
                pool.swap(
                    i, 2**240
                )  # to the end of all prices, which at a spacing of 1 takes more gas than a block has
        for _ in range(quotes):
            for i in (0, 1):
                there = pool.amm.reserve(1 - i)
                takes = int(there / pool.amm.price(i, 1 - i)) if there else 0
                pool.compare_exact_input(i, up_to(randomness, 2 * takes + 9))
                pool.compare_exact_output(i, up_to(randomness, there + there // 4 + 9))


@pytest.fixture(scope="module")
def further_spacings(chain: DevChain) -> None:
    """The closest that a factory takes, and the widest, where a whole range of prices is one step."""
    owner = Account.named("deployer")
    for fee in (100, 50_000):
        enable = calldata("enableFeeAmount(uint24,int24)", fee, SPACINGS[fee])
        chain.send(owner, chain.addresses.v3_factory, enable)


@pytest.fixture
def make_pool(chain: DevChain, ask: Any, send: Any, feed: Any, further_spacings: None) -> Any:
    return lambda fee: Pool(chain, ask, send, feed, fee)


@pytest.mark.parametrize(
    ("fee", "tick", "width", "seed"),
    [
        (3000, 0, 30, 1),
        (3000, -74_959, 400, 2),
        (500, 201_234, 100, 3),
        (10_000, 12_345, 50, 4),
        (100, 7, 300, 5),
        (3000, 500_000, 20, 6),
        (3000, -500_000, 20, 7),
    ],
)
async def test_state_and_quotes_equal_the_contract_through_a_history(
    make_pool: Any, reader: Any, fee: int, tick: int, width: int, seed: int
) -> None:
    randomness, pool = random.Random(seed), make_pool(fee)
    assert (pool.amm.fee, pool.spacing, pool.amm.venue_data(0, 1)) == (fee, SPACINGS[fee], fee)
    with pytest.raises(NoLiquidity):
        pool.amm.amount_out(0, 1, 1000)
    pool.initialize(tick)
    pool.compare_exact_input(0, 1000)
    pool.compare_exact_output(1, 1000)
    middle = tick // pool.spacing
    lowest, highest = -(-MIN_TICK // pool.spacing), MAX_TICK // pool.spacing
    lower, upper = max(middle - width, lowest), min(middle + width + 1, highest)
    pool.mint(lower * pool.spacing, upper * pool.spacing, 10**22)
    pool.positions.clear()  # this one stays, so that there is always something to trade with
    live(pool, randomness, operations=20, width=width, quotes=3)
    assert pool.compared >= 240  # 7 histories: 1,680 comparisons
    assert 0 < pool.unfillable < pool.compared * 0.8
    found = await UniswapV3.load(pool.address, reader, pool.amm.config)
    assert (found.amm, found.coins) == (pool.amm, pool.coins)


@pytest.mark.parametrize("tick", [0, 150_000, -150_000, 800_000])
def test_steps_so_long_that_the_contract_s_products_overflow_are_priced_alike(make_pool: Any, tick: int) -> None:
    pool = make_pool(50_000)
    pool.initialize(tick)
    pool.mint(-54 * 16_383, 54 * 16_383, 2**118)
    for exponent in range(0, 200, 2):
        for i in (0, 1):
            pool.compare_exact_input(i, 3 << exponent)
            pool.compare_exact_output(i, 3 << exponent)
    pool.swap(0, 2**170)
    pool.swap(1, 2**175)


@pytest.mark.parametrize("i", [0, 1])
def test_a_pool_that_runs_out_stops_at_the_price_at_which_the_contract_stops(make_pool: Any, i: int) -> None:
    pool = make_pool(100)
    pool.initialize(0)
    pool.mint(MIN_TICK, MAX_TICK, 2**106)
    pool.compare_exact_input(i, 2**250)
    pool.compare_exact_output(i, pool.amm.reserve(1 - i) + 1)
    assert pool.unfillable == 2


def test_the_owner_s_share_of_the_fee_changes_no_quote(make_pool: Any) -> None:
    pool = make_pool(3000)
    pool.initialize(100)
    pool.mint(-6000, 6000, 10**20)
    owner = Account.named("deployer")
    pool.chain.send(owner, checksum(bytes.fromhex(pool.address[2:])), calldata("setFeeProtocol(uint8,uint8)", 4, 4))
    for amount in (1, 10**6, 10**18, 10**19):
        pool.compare_exact_input(0, amount)
        pool.compare_exact_output(1, amount)
        pool.swap(0, amount)


async def test_liquidity_that_left_a_boundary_clears_its_tick(make_pool: Any, reader: Any) -> None:
    pool = make_pool(3000)
    pool.initialize(0)
    pool.mint(-600, 600, 10**18)
    pool.mint(-600, 1200, 10**18)
    assert [tick[0] for tick in pool.amm.ticks] == [-600, 600, 1200]
    assert [max(change) <= 0 for change in pool.burn(pool.positions[0], 10)] == [True]
    assert [tick[0] for tick in pool.amm.ticks] == [-600, 1200]
    found = await UniswapV3.load(pool.address, reader, pool.amm.config)
    assert (found.amm, found.coins) == (pool.amm, pool.coins)


def test_a_tick_between_equal_liquidities_still_ends_a_step(make_pool: Any) -> None:
    pool = make_pool(3000)
    pool.initialize(600)
    pool.mint(0, 600, 10**9)
    assert pool.amm.liquidity == 0  # the upper end of a range is outside it
    pool.mint(600, 1200, 10**9)
    below, above = pool.amm.ticks[0][2], -pool.amm.ticks[2][2]
    larger = pool.positions[0 if below > above else 1]
    signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    pool.follow(pool.send(pool.addresses.v3_positions, signature, (larger, abs(below - above), 0, 0, FOREVER)))
    least = min(below, above)
    assert pool.amm.ticks == ((0, least, least), (600, 2 * least, 0), (1200, least, -least))
    pool.swap(1, pool.amm.amount_in(1, 0, pool.amm.reserve(0) // 2))
    for amount in range(1, pool.amm.reserve(1) // 2, pool.amm.reserve(1) // 100):
        pool.compare_exact_input(0, amount)
        pool.compare_exact_output(0, amount)


def test_the_reserve_is_what_a_swap_that_takes_everything_gets(make_pool: Any) -> None:
    pool = make_pool(3000)
    pool.initialize(500)
    assert [pool.amm.reserve(0), pool.amm.reserve(1)] == [0, 0]
    pool.mint(-60_000, 60_000, 10**20)
    pool.mint(-1200, 2400, 10**21)
    for i in (0, 1):
        most = filled(pool.amm, i, 2**250, exact_in=True)[1]
        assert most <= pool.amm.reserve(1 - i) <= most + 50
        assert pool.amm.amount_in(i, 1 - i, most)
        with pytest.raises(NoLiquidity):
            pool.amm.amount_in(i, 1 - i, pool.amm.reserve(1 - i) + 1)
