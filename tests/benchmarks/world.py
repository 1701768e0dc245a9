"""The market that the benchmarks run on: constant-product pools, launches, ticks of an exchange, the shell's answers.

Everything follows from a seed. Answers are those that a chain would give at the pool's own price: orders are filled.
"""

import random
from collections import deque
from collections.abc import Iterator
from typing import Any

from sniper.events import (
    BalancesRead,
    Block,
    Clock,
    ClosePosition,
    Event,
    Log,
    Sent,
    Settled,
    Signed,
    Started,
    TokenDescribed,
    Trade,
)
from sniper.evm.abi import event as log_codec
from sniper.kernel.asks import Ask, DescribeToken, ReadBalances, Send, Settle, Sign
from sniper.kernel.kernel import Kernel
from sniper.kernel.tokens import TRANSFER
from sniper.kernel.wiring import (
    AccountWiring,
    AmmWiring,
    ChainWiring,
    CheckWiring,
    ExitWiring,
    StrategyWiring,
    WatchWiring,
    Wiring,
)
from sniper.strategy import Actions, Config, Strategy, View, on
from sniper.types import SECOND
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_exit_stop_loss.rule import StopLoss, StopLossConfig
from sniper_exit_take_profit.rule import Rung, TakeProfit, TakeProfitConfig
from sniper_exit_trailing_stop.rule import TrailingStop, TrailingStopConfig
from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_risk_limits.check import Limits, LimitsConfig
from sniper_risk_liquidity.check import Liquidity, LiquidityConfig
from sniper_sizer_fixed.sizer import Fixed, FixedConfig
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig
from sniper_strategy_launch_snipe.strategy import LaunchSnipe
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

CHAIN = 31_337
ETHER = 10**18
GWEI = 10**9
START = 1_780_000_000 * SECOND
FACTORY = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
ROUTER = "0x7a250d5630b4cf539739df2c5dacb4c659f2488d"
KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe512961708279f2e37f4b6a7a3b1c2d")
OWNER = "0x6a1e0a3d7e0e0d3c5e6a6f8c3a3b1f9d0c7e5a21"
BLOCK_NS = 12 * SECOND

CREATED = log_codec("PairCreated(address indexed token0, address indexed token1, address pair, uint256 index)").topic
SYNC = log_codec("Sync(uint112 reserve0, uint112 reserve1)").topic
MINT = log_codec("Mint(address indexed sender, uint256 amount0, uint256 amount1)").topic


class MomentumConfig(Config):
    """A fast and a slow average, as shifts: 1/2**shift of each new price counts."""

    fast: int = 3
    slow: int = 5


class Momentum(Strategy):
    """The classic of every backtest: two moving averages of one instrument, and what their order is. It sees each tick.

    Averages in ticks times 2**16, so that no float is needed.
    """

    config: MomentumConfig
    fast: int = 0
    slow: int = 0
    above: bool = False
    crossings: int = 0

    @on(Trade)
    def trade(self, event: Trade, view: View) -> Actions:
        price = event.price << 16
        if not self.slow:
            self.fast = self.slow = price
        self.fast += (price - self.fast) >> 3
        self.slow += (price - self.slow) >> 5
        above = self.fast > self.slow
        if above is not self.above:
            self.above = above
            self.crossings += 1
        return iter(())


def wiring(
    *,
    owner: str = OWNER,
    accounts: int = 1,
    ticks_to: int = 1,
    max_pools: int = 50_000,
    checks: tuple[CheckWiring, ...] | None = None,
    venue: UniswapConfig | None = None,
    factory: str = FACTORY,
    wrapped: str = WETH,
    signs: bool = True,
) -> Wiring:
    """``accounts`` that each run launch-snipe with three exits under limits and liquidity; the first ``ticks_to`` of
    them also run `Momentum`."""
    amm = ConstantProductConfig(factories=(factory,))
    chain = ChainWiring(
        chain_id=CHAIN,
        wrapped_native=wrapped,
        fee=Percentile(config=PercentileConfig()),
        max_pools=max_pools,
        amms=(AmmWiring("constant-product", "constant-product", ConstantProduct, amm, (factory,)),),
    )
    if checks is None:
        checks = pure_checks()
    sizer = Fixed(config=FixedConfig(amount=ETHER // 20))
    exits = (
        ExitWiring("take-profit", TakeProfit, TakeProfitConfig(rungs=(Rung(gain_bps=20_000, share_bps=10_000),))),
        ExitWiring("stop-loss", StopLoss, StopLossConfig(loss_bps=9_000)),
        ExitWiring("trailing-stop", TrailingStop, TrailingStopConfig(trail_bps=8_000)),
    )
    snipe = LaunchSnipeConfig(min_liquidity=ETHER, max_per_block=1_000_000, max_tries=1)

    def strategies(n: int) -> tuple[StrategyWiring, ...]:
        launches = StrategyWiring("launch-snipe", LaunchSnipe, snipe, sizer, "", exits)
        momentum = StrategyWiring("momentum", Momentum, MomentumConfig(), sizer, "")
        return (launches, momentum) if n < ticks_to else (launches,)

    return Wiring(
        chains=(chain,),
        venues={"uniswap": Uniswap(config=venue or UniswapConfig(chain_id=CHAIN, wrapped=wrapped, v2_router=ROUTER))},
        accounts=tuple(
            AccountWiring(
                name="main" if accounts == 1 else f"account-{n:04}",
                chain_id=CHAIN,
                address=owner if accounts == 1 else f"0x{0xACC0000 + n:040x}",
                strategies=strategies(n),
                checks=checks,
                watches=watches(),
            )
            for n in range(accounts)
        ),
        signs=signs,
    )


def pure_checks() -> tuple[CheckWiring, ...]:
    liquidity = LiquidityConfig(min_quote_reserve=ETHER, max_impact_bps=500)
    return (CheckWiring("liquidity", Liquidity(config=liquidity)),)


def watches() -> tuple[WatchWiring, ...]:
    limits = LimitsConfig(
        max_spend_per_trade=ETHER,
        max_spend_per_day=10**9 * ETHER,
        max_positions=100_000,
        max_daily_loss=10**9 * ETHER,
        max_drawdown=10**9 * ETHER,
    )
    return (WatchWiring("limits", Limits, limits),)


def word(n: int) -> bytes:
    return n.to_bytes(32, "big")


def topic(address: str) -> str:
    return "0x" + "0" * 24 + address[2:]


def token_of(n: int) -> str:
    """Half of the tokens sort before the wrapped coin and half behind it."""
    return f"0x{0xA0 + n % 0x40:02x}{n:038x}"


def pair_of(n: int) -> str:
    return f"0xb1{n:038x}"


class World:
    """Makes events, and answers what a kernel asks. ``time`` moves with each event by 10 µs and with blocks by 12 s."""

    def __init__(self, seed: int = 1, pools: int = 1_000) -> None:
        self.rng = random.Random(seed)
        self.time = START
        self.number = 1_000
        self.index = 0
        self.pools = pools
        """How many pools there are beside those of launches; they are numbered from 1."""
        self.launched = pools
        self.nonces: dict[str, int] = {}
        self.price = 3_000_00

    # ---- events ----

    def started(self) -> Started:
        self.time += 1_000
        return Started(time=self.time, mode="live")

    def block(self) -> Block:
        self.number += 1
        self.index = 0
        self.time += 1_000
        return Block(
            time=self.time,
            chain_id=CHAIN,
            number=self.number,
            hash=f"0x{self.number:064x}",
            parent=f"0x{self.number - 1:064x}",
            timestamp=START // SECOND + (self.number - 1_000) * 12,
            base_fee=2 * GWEI,
            gas_used=15_000_000,
            gas_limit=30_000_000,
            tips=(GWEI // 10, GWEI, 3 * GWEI),
        )

    def log(self, address: str, topics: tuple[str, ...], data: bytes) -> Log:
        self.index += 1
        self.time += 10_000
        return Log(
            time=self.time,
            chain_id=CHAIN,
            block=self.number,
            tx_hash=f"0x{self.number:032x}{self.index // 3:032x}",
            index=self.index,
            address=address,
            topics=topics,
            data=data,
        )

    def coins(self, n: int) -> tuple[str, str]:
        first, second = sorted((token_of(n), WETH))
        return first, second

    def created(self, n: int) -> Log:
        coins = self.coins(n)
        data = bytes(12) + bytes.fromhex(pair_of(n)[2:]) + word(n)
        return self.log(FACTORY, (CREATED, topic(coins[0]), topic(coins[1])), data)

    def sync(self, n: int, money: int, token: int) -> Log:
        x, y = (money, token) if self.coins(n)[0] == WETH else (token, money)
        return self.log(pair_of(n), (SYNC,), word(x) + word(y))

    def minted(self, n: int) -> Log:
        return self.log(pair_of(n), (MINT, topic(ROUTER)), word(ETHER) + word(ETHER))

    def launch(self) -> tuple[int, tuple[Log, Log, Log]]:
        """A new pool of 10 coins: its number; its creation, first reserves and liquidity."""
        self.launched += 1
        n = self.launched
        return n, (self.created(n), self.sync(n, 10 * ETHER, 10**24), self.minted(n))

    def some_sync(self) -> Log:
        """One of the pools trades: up to 1% away from where it started."""
        rng = self.rng
        money = 10 * ETHER + rng.randrange(-ETHER // 10, ETHER // 10)
        return self.sync(rng.randrange(self.pools) + 1, money, 10**43 // money)

    def tick(self) -> Trade:
        self.time += 10_000
        self.price += self.rng.randrange(-50, 51)
        return Trade(
            time=self.time, venue="exchange", instrument="ETH/USD", price=self.price, size=self.rng.randrange(1, 1_000)
        )

    def transfer(self) -> Log:
        """A transfer of a token that is watched; it means nothing to anybody."""
        n = self.rng.randrange(self.pools) + 1
        return self.log(token_of(n), (TRANSFER, topic(ROUTER), topic(OWNER)), word(10**20))

    def clock(self) -> Clock:
        self.time += 10_000
        return Clock(time=self.time)

    def close(self, account: str, n: int) -> ClosePosition:
        self.time += 10_000
        return ClosePosition(time=self.time, account=account, token=f"{CHAIN}:{token_of(n)}")

    # ---- answers ----

    def answer(self, kernel: Kernel, ask: Ask) -> Event | None:
        """What the shell would bring back; None for a `Settle` before a block has the transaction."""
        self.time += 10_000
        body, given = ask.body, {"time": self.time, "account": ask.account, "ask": ask.id}
        if isinstance(body, Sign):
            raw = b"\x02" + body.data + word(body.nonce)
            return Signed(**given, raw=raw, tx_hash=f"0x{body.nonce:064x}")
        if isinstance(body, Send):
            return Sent(**given, outcome="accepted")
        if isinstance(body, Settle):
            return self._settled(kernel, given, body)
        if isinstance(body, ReadBalances):
            return BalancesRead(
                **given, chain_id=CHAIN, block=self.number, nonce=self.nonces.get(body.owner, 0), native=10**6 * ETHER
            )
        if isinstance(body, DescribeToken):
            return TokenDescribed(
                time=self.time, chain_id=CHAIN, token=body.token, symbol="NEW", decimals=18, deployer=ROUTER
            )
        return None

    def _settled(self, kernel: Kernel, given: dict[str, Any], body: Settle) -> Settled:
        submission = body.submission
        swap, held = submission.swap, dict(submission.held)
        self.nonces[submission.owner] = submission.nonce + 1
        gas_used, gas_price = submission.gas * 6 // 10, 2 * GWEI
        native = -gas_used * gas_price
        if swap is not None:
            pool = kernel.market.pool(f"{CHAIN}:{swap.pool}")
            assert pool is not None
            if swap.opens:
                native -= swap.amount_in
                held[swap.token_out] += pool.amount_out(WETH, swap.amount_in)
            else:
                native += pool.amount_out(swap.token_in, swap.amount_in)
                held[swap.token_in] -= swap.amount_in
        return Settled(
            **given,
            included=True,
            ok=True,
            block=self.number,
            block_hash=f"0x{self.number:064x}",
            gas_used=gas_used,
            gas_price=gas_price,
            native_delta=native,
            balances=tuple(held.items()),
        )


class Player:
    """Drives a kernel: handles an event, and hands out its answers one by one when they are asked for."""

    def __init__(self, kernel: Kernel, world: World) -> None:
        self.kernel = kernel
        self.world = world
        self.waiting: deque[Ask] = deque()
        self.facts = 0

    def handle(self, event: Event) -> None:
        kernel = self.kernel
        kernel.handle(event)
        if kernel.facts:
            self.facts += len(kernel.facts)
            kernel.facts = []
        if kernel.asks:
            self.waiting.extend(kernel.asks)
            kernel.asks = []

    def answer(self) -> Event | None:
        """The answer to the oldest question; None where nothing waits."""
        while self.waiting:
            found = self.world.answer(self.kernel, self.waiting.popleft())
            if found is not None:
                return found
        return None

    def answer_all(self) -> None:
        """Answer what was asked, and what the answers led to."""
        while (found := self.answer()) is not None:
            self.handle(found)

    def settle(self) -> Iterator[Event]:
        """Blocks and answers until no order is under way; each must be handled before the next is taken."""
        while True:
            if (found := self.answer()) is not None:
                yield found
            elif any(account.book.orders for account in self.kernel.accounts.values()):
                yield self.world.block()
            else:
                return

    def play(self) -> None:
        for event in self.settle():
            self.handle(event)

    def begin(self, *, pools: bool = True, positions: int = 0) -> None:
        """Start, read the wallets, make the pools, and open ``positions`` in every account: in the first pools."""
        world = self.world
        self.handle(world.started())
        self.play()
        self.handle(world.block())
        for n in range(1, world.pools + 1 if pools else 1):
            self.handle(world.created(n))
            self.handle(world.sync(n, 10 * ETHER, 10**24))
            if n <= positions:
                self.handle(world.minted(n))
                self.play()
            else:
                self.waiting.clear()
        self.handle(world.block())
