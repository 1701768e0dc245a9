"""Pools in a singleton, pools that follow other contracts, and pools whose price changes with time."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from world import CHAIN, FINALITY, WETH, Flat, address

from sniper.amm import Amm, Chain, Change, Config, Found, Fraction, Self, on_creation, on_log
from sniper.codec import encode_state
from sniper.events import AskFailed, Block, Event, Log, PoolRead, Reorg, Started
from sniper.evm.abi import event as event_of
from sniper.kernel import snapshot
from sniper.kernel.asks import DescribeToken, ReadPool
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import AmmWiring, ChainWiring, Wiring
from sniper.types import NATIVE

MANAGER, ORACLE = address(0xAA), address(0xBB)
SILENT = event_of("Silent(bytes32 indexed id)").topic
OPENED = event_of("Opened(bytes32 indexed id, address indexed coin0, address indexed coin1)").topic
MOVED = event_of("Moved(bytes32 indexed id, uint256 price)").topic
RATE = event_of("Rate(uint256 rate)").topic


class OneConfig(Config):
    factories: tuple[str, ...] = (MANAGER,)


class InOne(Amm):
    """A pool in a singleton, whose price is scaled by an oracle's rate and grows with each second."""

    singleton: ClassVar[bool] = True
    config: OneConfig
    price_: int = 1
    rate: int = 1
    time: int = 0

    @classmethod
    async def load(cls, address: str, chain: Chain, config: OneConfig) -> Found[Self]:
        raise AssertionError("the factory's log tells all")

    @classmethod
    @on_creation("Opened(bytes32 indexed id, address indexed coin0, address indexed coin1)")
    def opened(cls, config: OneConfig, id_: bytes, coin0: str, coin1: str) -> Found[Self]:
        return Found(pool="0x" + id_.hex(), coins=(coin0, coin1), amm=cls(config=config))

    @classmethod
    @on_creation("Silent(bytes32 indexed id)")
    def silent(cls, config: OneConfig, id_: bytes) -> Found[Self]:
        return Found(pool="0x" + id_.hex())

    def follows(self) -> dict[str, str]:
        return {"oracle": ORACLE}

    def on_block(self, timestamp: int) -> None:
        if timestamp == 13:
            raise ArithmeticError("unlucky")
        self.time = timestamp

    @on_log("Moved(bytes32 indexed id, uint256 price)")
    def moved(self, id_: bytes, price: int) -> Change:
        self.price_ = price
        return None

    @on_log("Rate(uint256 rate)", of="oracle")
    def rated(self, rate: int) -> Change:
        if not rate:
            raise ArithmeticError("no rate")
        self.rate = rate
        return None

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        return amount_in * self.price_ * self.rate + self.time

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        return (amount_out - self.time) // (self.price_ * self.rate)

    def price(self, i: int, j: int) -> Fraction:
        return Fraction(self.price_ * self.rate)

    def reserve(self, i: int) -> int:
        return 10**30


class Even(InOne):
    """Half of the pools of that singleton."""

    @classmethod
    @on_creation("Opened(bytes32 indexed id, address indexed coin0, address indexed coin1)")
    def opened(cls, config: OneConfig, id_: bytes, coin0: str, coin1: str) -> Found[Self] | None:
        if id_[-1] == 13:
            raise ArithmeticError("unlucky")
        return None if id_[-1] % 2 else Found(pool="0x" + id_.hex(), coins=(coin0, coin1), amm=cls(config=config))


class Odd(InOne):
    """The others."""

    @classmethod
    @on_creation("Opened(bytes32 indexed id, address indexed coin0, address indexed coin1)")
    def opened(cls, config: OneConfig, id_: bytes, coin0: str, coin1: str) -> Found[Self] | None:
        made = cls(config=config, price_=100)
        return Found(pool="0x" + id_.hex(), coins=(coin0, coin1), amm=made) if id_[-1] % 2 else None


def wired(name: str, amm: type[InOne]) -> AmmWiring:
    return AmmWiring(name, name, amm, OneConfig(), (MANAGER,))


def pool_id(n: int) -> str:
    return f"0x{n:064x}"


class World:
    """A kernel on one chain with nothing but such AMMs."""

    def __init__(self, pools: tuple[tuple[str, str], ...] = (), amms: tuple[AmmWiring, ...] | None = None) -> None:
        chain = ChainWiring(
            chain_id=CHAIN,
            wrapped_native=WETH,
            fee=Flat(config=Config()),
            finality=FINALITY,
            amms=amms or (wired("one", InOne),),
            pools=pools,
        )
        self.faults: list[str] = []
        self.wiring = Wiring(chains=(chain,), venues={}, accounts=())
        self.kernel = Kernel(self.wiring, lambda what, _: self.faults.append(what))
        self.number = 0
        self.index = 0

    def handle(self, event: Event) -> None:
        self.kernel.handle(event)

    def block(self, timestamp: int) -> None:
        self.number += 1
        self.handle(
            Block(
                time=timestamp * 10**9,
                chain_id=CHAIN,
                number=self.number,
                hash=f"0x{self.number:064x}",
                parent=f"0x{self.number - 1:064x}",
                timestamp=timestamp,
                base_fee=1,
                gas_used=1,
                gas_limit=2,
                tips=(),
            )
        )

    def log(self, by: str, *topics: str, data: int | None = None) -> None:
        self.index += 1
        self.handle(
            Log(
                time=self.kernel.now,
                chain_id=CHAIN,
                block=self.number,
                tx_hash=f"0x{self.index:064x}",
                index=self.index,
                address=by,
                topics=topics,
                data=b"" if data is None else data.to_bytes(32, "big"),
            )
        )

    def open(self, n: int, money: str = WETH) -> None:
        coins = sorted((money, address(n)))
        self.log(MANAGER, OPENED, pool_id(n), *(f"0x{coin[2:]:0>64}" for coin in coins))

    def read(self, n: int, price: int) -> None:
        """Answer the one question that is out."""
        (ask,) = self.kernel.asks
        self.kernel.asks = []
        assert ask.body == ReadPool(chain_id=CHAIN, pool=pool_id(n), amm="one", block=self.number, listed=True)
        self.handle(
            PoolRead(
                time=self.kernel.now,
                chain_id=CHAIN,
                ask=ask.id,
                pool=pool_id(n),
                amm="one",
                block=self.number,
                coins=tuple(sorted((WETH, address(n)))),
                state=encode_state(InOne(config=OneConfig(), price_=price)),
            )
        )

    def described(self) -> list[str]:
        """The transactions of the tokens that are to be described."""
        asks, self.kernel.asks = self.kernel.asks, []
        return [ask.body.tx_hash for ask in asks if isinstance(ask.body, DescribeToken)]

    def reorg(self, ancestor: int) -> None:
        self.handle(Reorg(time=self.kernel.now, chain_id=CHAIN, ancestor=ancestor))
        self.number = ancestor

    def restart(self) -> None:
        kept = snapshot.dump(self.kernel)
        self.kernel = Kernel(self.wiring, lambda what, _: self.faults.append(what))
        assert not snapshot.restore(self.kernel, kept)

    def out(self, n: int, amount: int = 10) -> int | None:
        pool = self.kernel.market.pool(f"{CHAIN}:{pool_id(n)}")
        return None if pool is None else pool.amount_out(WETH, amount)


@pytest.fixture
def world() -> World:
    made = World()
    made.block(100)
    made.open(1)
    made.open(2)
    return made


def restarted(world: World) -> None:
    world.restart()


def kept(world: World) -> None:
    """It goes on."""


goes_on = pytest.mark.parametrize("between", [kept, restarted])
Between = Callable[[World], None]


@goes_on
def test_a_log_of_a_singleton_changes_the_pool_that_it_names_and_no_other(world: World, between: Between) -> None:
    between(world)
    world.log(MANAGER, MOVED, pool_id(2), data=7)
    assert (world.out(1), world.out(2)) == (110, 170)
    world.log(MANAGER, MOVED, pool_id(3), data=9)
    assert (world.out(1), world.out(2)) == (110, 170)
    assert not world.faults


@goes_on
@pytest.mark.parametrize("amms", [(Even, Odd), (Odd, Even)])
def test_each_amm_that_watches_a_singleton_gets_the_pools_that_are_its_own(
    amms: tuple[type[InOne], ...], between: Between
) -> None:
    world = World(amms=tuple(wired(amm.__name__, amm) for amm in amms))
    world.block(100)
    for n in (1, 2, 13):
        world.open(n)
    between(world)
    assert (world.out(1), world.out(2), world.out(13)) == (1100, 110, 1100)
    assert len(world.faults) == 1, "that one of them failed on a pool ends none of the others"
    world.log(MANAGER, MOVED, pool_id(1), data=7)
    world.log(MANAGER, MOVED, pool_id(2), data=9)
    assert (world.out(1), world.out(2)) == (170, 190)


@goes_on
def test_a_contract_that_pools_follow_changes_all_of_them(world: World, between: Between) -> None:
    between(world)
    world.log(ORACLE, RATE, data=3)
    assert (world.out(1), world.out(2)) == (130, 130)
    world.log(address(0xCC), RATE, data=5)
    assert (world.out(1), world.out(2)) == (130, 130)


@goes_on
def test_pools_know_the_time_of_the_newest_block(world: World, between: Between) -> None:
    assert world.out(1) == 110
    between(world)
    world.block(112)
    assert world.out(1) == 122


@goes_on
def test_a_reorg_takes_back_what_was_logged_elsewhere_and_the_time(world: World, between: Between) -> None:
    world.block(112)
    world.log(ORACLE, RATE, data=3)
    world.log(MANAGER, MOVED, pool_id(2), data=7)
    assert (world.out(1), world.out(2)) == (142, 322)
    between(world)
    world.reorg(1)
    assert (world.out(1), world.out(2)) == (110, 110)
    world.reorg(0)
    assert (world.out(1), world.out(2)) == (None, None)
    world.block(112)
    world.log(ORACLE, RATE, data=3)
    assert not world.faults


def test_a_pool_that_fails_on_what_it_follows_or_on_a_block_is_forgotten_and_reported(world: World) -> None:
    world.log(ORACLE, RATE, data=0)
    assert (world.out(1), world.out(2)) == (None, None)
    world.open(3)
    assert world.out(3) == 110
    world.block(13)
    assert world.out(3) is None
    assert len(world.faults) == 3
    world.block(113)
    world.log(ORACLE, RATE, data=0)
    assert len(world.faults) == 3, "what is forgotten hears nothing any more"


def test_a_creation_that_does_not_tell_enough_has_its_pool_read() -> None:
    world = World()
    world.block(100)
    world.log(MANAGER, SILENT, pool_id(4))
    world.read(4, price=5)
    assert world.out(4) == 10 * 5 + 100
    world.log(MANAGER, MOVED, pool_id(4), data=7)
    assert world.out(4) == 10 * 5 + 100, "this block's logs were in what was read"
    world.block(101)
    world.log(MANAGER, MOVED, pool_id(4), data=7)
    assert world.out(4) == 10 * 7 + 101


@goes_on
def test_a_pool_that_had_to_be_read_is_news_once_with_the_age_that_it_has(between: Between) -> None:
    world = World()
    world.block(100)
    world.log(MANAGER, SILENT, pool_id(4))
    world.kernel.asks = []
    between(world)
    world.handle(Started(time=world.kernel.now, mode="live"))
    world.read(4, price=5)
    assert world.described() == [f"0x{1:064x}"], "what its token is, and who made it"
    pool = world.kernel.market.pool(f"{CHAIN}:{pool_id(4)}")
    assert pool is not None
    assert (pool.created_at, pool.created_block) == (100 * 10**9, 1)
    world.block(101)
    world.log(ORACLE, RATE, data=0)
    while not world.kernel.asks:
        world.block(102)
    world.read(4, price=6)
    again = world.kernel.market.pool(f"{CHAIN}:{pool_id(4)}")
    assert again is not None
    assert again.created_at == 100 * 10**9
    assert not world.described(), "that is no news any more"


def test_what_a_factory_named_in_a_block_that_is_gone_is_not_read() -> None:
    world = World()
    world.block(100)
    world.block(101)
    world.log(MANAGER, SILENT, pool_id(4))
    world.kernel.asks = []
    world.reorg(1)
    world.block(102)
    assert not world.kernel.asks
    assert not world.kernel.market.chains[CHAIN].readings.open
    world.log(MANAGER, SILENT, pool_id(4))
    assert len(world.kernel.asks) == 1, "the branch that stands has it as well"


def test_pools_of_the_config_are_read_at_start_and_not_again_once_they_are_known() -> None:
    world = World(pools=(("one", pool_id(4)),))
    world.block(100)
    world.handle(Started(time=world.kernel.now, mode="live"))
    world.read(4, price=5)
    assert world.out(4) == 10 * 5 + 100
    world.restart()
    world.handle(Started(time=world.kernel.now, mode="live"))
    assert not world.kernel.asks


def test_a_pool_that_was_read_is_read_again_after_its_amm_failed_and_not_given_up() -> None:
    world = World(pools=(("one", pool_id(4)),))
    world.block(100)
    world.handle(Started(time=world.kernel.now, mode="live"))
    world.read(4, price=5)
    world.block(101)
    world.log(ORACLE, RATE, data=0)
    assert world.out(4) is None
    time = 101
    while not world.kernel.asks:
        time += 1
        world.block(time)
    world.read(4, price=6)
    assert world.out(4) == 10 * 6 + time


def test_a_pool_that_only_its_factory_named_is_not_asked_for_for_ever(world: World) -> None:
    world.log(MANAGER, SILENT, pool_id(4))
    asked = 0
    for time in range(101, 1_000):
        world.block(time)
        for ask in [ask for ask in world.kernel.asks if isinstance(ask.body, ReadPool)]:
            asked += 1
            world.handle(AskFailed(time=world.kernel.now, account="", ask=ask.id, code="rpc", message="refused"))
        world.kernel.asks = []
    assert asked == 9
    assert not world.kernel.market.chains[CHAIN].readings.open


@goes_on
def test_the_pools_of_a_coin_are_those_that_are_listed(world: World, between: Between) -> None:
    between(world)
    chain = world.kernel.market.chains[CHAIN]
    assert [pool.address for pool in chain.trading(WETH)] == [pool_id(1), pool_id(2)]
    assert [pool.address for pool in chain.trading(address(2))] == [pool_id(2)]
    assert chain.trading(address(3)) == ()
    world.reorg(0)
    assert chain.trading(WETH) == chain.trading(address(2)) == ()


def test_the_own_coin_of_the_chain_and_its_wrapped_token_are_one_coin(world: World) -> None:
    world.open(5, money=NATIVE)
    chain = world.kernel.market.chains[CHAIN]
    (pool,) = chain.trading(address(5))
    assert WETH in pool.coins
    assert pool in chain.trading(WETH)
    assert pool.token == f"{CHAIN}:{address(5)}"


def test_two_that_saw_the_same_are_equal_with_and_without_a_restart(world: World) -> None:
    other = World()
    other.block(100)
    other.open(1)
    other.open(2)
    other.restart()
    for each in (world, other):
        each.block(112)
        each.log(ORACLE, RATE, data=3)
        each.block(113)
        each.reorg(2)
    states: list[Any] = [
        [encode_state(pool.impl) for pool in each.kernel.market.chains[CHAIN].pools.values()] for each in (world, other)
    ]
    assert states[0] == states[1]
