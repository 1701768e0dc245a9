"""A world that a kernel trades in, without a node: a market that moves by a seed, and a shell that answers asks late,
in any order, and sometimes not at all. All of it follows from the seed: a test can have the same history again.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from first_honeypot import FirstHoneypot, RoundTrip
from msgspec.structs import replace

from sniper.amm import NoLiquidity
from sniper.codec import encode, encode_state
from sniper.events import (
    AskFailed,
    BalancesRead,
    Block,
    Clock,
    ClosePosition,
    Event,
    FeedStale,
    KillSwitch,
    Log,
    PoolRead,
    ProbeAnswered,
    Reorg,
    SellSimulated,
    Sent,
    Settled,
    Signed,
    Started,
    StrategyLife,
    TokenDescribed,
    Trade,
)
from sniper.evm.abi import event
from sniper.journal import Record, Writer
from sniper.kernel.asks import Ask, DescribeToken, Probe, ReadBalances, ReadPool, Send, Settle, Sign, SimulateSell
from sniper.kernel.facts import Fact
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import (
    AccountWiring,
    AmmWiring,
    ChainWiring,
    CheckWiring,
    ExecutionWiring,
    ExitWiring,
    StrategyWiring,
    WatchWiring,
    Wiring,
)
from sniper.risk import Evidence, RiskProbe
from sniper.runtime.records import fact_record, input_record
from sniper.types import NATIVE, SECOND, Step, asset_id
from sniper.venue import OnChainVenue, Swap
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_exit_event_exit.rule import EventExit, EventExitConfig
from sniper_exit_max_age.rule import MaxAge, MaxAgeConfig
from sniper_exit_stop_loss.rule import StopLoss, StopLossConfig
from sniper_exit_take_profit.rule import TakeProfit, TakeProfitConfig
from sniper_exit_trailing_stop.rule import TrailingStop, TrailingStopConfig
from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_risk_honeypot.check import Honeypot, HoneypotConfig, Trying
from sniper_risk_honeypot.trials import Moved, Trial, Trials
from sniper_risk_limits.check import Limits, LimitsConfig
from sniper_risk_liquidity.check import Liquidity, LiquidityConfig
from sniper_sizer_fixed.sizer import Fixed, FixedConfig
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig
from sniper_strategy_launch_snipe.strategy import LaunchSnipe

CHAIN = 1
ETHER = 10**18
START = 1_700_000_000 * SECOND
FACTORY, WETH, ROUTER = (f"0x{byte * 20}" for byte in ("fa", "ee", "cc"))
CREATED = event("PairCreated(address indexed token0, address indexed token1, address pair, uint256 index)").topic
SYNC = event("Sync(uint112 reserve0, uint112 reserve1)").topic
MINT = event("Mint(address indexed sender, uint256 amount0, uint256 amount1)").topic
BURN = event("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)").topic
ENABLED = event("TradingEnabled()").topic
OWNED = event("OwnershipTransferred(address indexed previousOwner, address indexed newOwner)").topic
TAXED = event("TaxChanged(uint256 tax)").topic


def address(n: int) -> str:
    return f"0x{n:040x}"


def word(n: int) -> bytes:
    return n.to_bytes(32, "big")


def topic(account: str) -> str:
    return "0x" + account[2:].rjust(64, "0")


class Router(OnChainVenue):
    """As far as the kernel can see: approve what is missing, then swap."""

    def serves(self, chain_id: int, amm: str) -> bool:
        return amm == "constant-product"

    def spender(self, chain_id: int, amm: str) -> str:
        return ROUTER

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        native = swap.token_in == NATIVE
        swapped = Step(
            purpose="entry" if swap.opens else "exit",
            to=ROUTER,
            data=word(swap.min_out) + word(swap.deadline),
            value=swap.amount_in if native else 0,
            gas=150_000,
        )
        if native:
            return (swapped,)
        return (*self.approve(swap.chain_id, swap.amm, swap.token_in, swap.amount_in, swap.allowance), swapped)

    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        if allowance >= amount:
            return ()
        data = bytes.fromhex("095ea7b3") + bytes(12) + bytes.fromhex(ROUTER[2:]) + word(amount)
        return (Step(purpose="approve", to=token, data=data, value=0, gas=50_000),)


def wiring(
    *,
    max_pools: int = 8,
    cautious: bool = True,
    min_reserve: int = ETHER,
    honeypot: RiskProbe[Any] | None = None,
    limits_of: type[Limits] = Limits,
    liquidity_of: type[Liquidity] = Liquidity,
) -> Wiring:
    """Two accounts on one chain: ``alice`` probes (where ``cautious``) and runs every exit, ``bob`` does neither."""
    amm = ConstantProductConfig(factories=(FACTORY,))
    snipe = LaunchSnipeConfig(min_liquidity=ETHER, patience_s=240, max_age_s=3600, max_per_block=2, reenter=True)
    sizer = Fixed(config=FixedConfig(amount=ETHER // 20))
    limits = LimitsConfig(
        add_to_position=True,
        max_spend_per_trade=ETHER,
        max_spend_per_day=50 * ETHER,
        max_positions=6,
        max_drawdown=ETHER,
    )
    exits = (
        ExitWiring("take-profit", TakeProfit, TakeProfitConfig()),
        ExitWiring("trailing-stop", TrailingStop, TrailingStopConfig(trail_bps=3000)),
        ExitWiring("stop-loss", StopLoss, StopLossConfig(loss_bps=4000)),
        ExitWiring("max-age", MaxAge, MaxAgeConfig(max_age_s=300)),
        ExitWiring("event-exit", EventExit, EventExitConfig(max_removed_bps=5000), simulates_sales=True),
    )
    liquidity = LiquidityConfig(min_quote_reserve=min_reserve, max_impact_bps=2000)
    checks = [
        CheckWiring("liquidity", liquidity_of(config=liquidity)),
    ]
    probes = [CheckWiring("honeypot", honeypot or Honeypot(config=HoneypotConfig()))] if cautious else []
    execution = ExecutionWiring(slippage_bps=1000, replace_after_blocks=2, stuck_after=3)
    return Wiring(
        chains=(
            ChainWiring(
                chain_id=CHAIN,
                wrapped_native=WETH,
                fee=Percentile(config=PercentileConfig(blocks=3)),
                finality=6,
                max_pools=max_pools,
                amms=(AmmWiring("constant-product", "constant-product", ConstantProduct, amm, (FACTORY,)),),
            ),
        ),
        venues={"router": Router()},
        accounts=(
            AccountWiring(
                name="alice",
                chain_id=CHAIN,
                address=address(0xA11CE),
                strategies=(StrategyWiring("snipe", LaunchSnipe, snipe, sizer, "router", exits),),
                checks=(*checks, *probes),
                watches=(WatchWiring("limits", limits_of, limits),),
                execution=execution,
            ),
            AccountWiring(
                name="bob",
                chain_id=CHAIN,
                address=address(0xB0B),
                strategies=(
                    StrategyWiring("early", LaunchSnipe, snipe, sizer, "router", exits[3:]),
                    StrategyWiring("second", LaunchSnipe, snipe, sizer, "", exits[:2]),
                ),
                watches=(WatchWiring("limits", limits_of, limits, policy=True),),
                execution=execution,
            ),
        ),
    )


@dataclass
class Wallet:
    native: int = 10 * ETHER
    nonce: int = 0
    tokens: dict[str, int] = field(default_factory=dict)


class World:
    """Drives one kernel; ``events`` and what each led to in ``facts`` are the history."""

    def __init__(self, kernel: Kernel, seed: int) -> None:
        self.kernel = kernel
        self.rng = random.Random(seed)
        self.events: list[Event] = []
        self.facts: list[list[tuple[str, Fact]]] = []
        self.open: list[Ask] = []
        self.time = START
        self.number = self.highest = 100
        self.count = 0
        self.pools: list[tuple[str, str, int]] = []
        self.reserves: dict[str, tuple[int, int]] = {}
        self.history: dict[str, list[tuple[int, tuple[int, int]]]] = {}
        """Block and reserves after each change, of the present branch."""
        self.wallets = {a.wiring.address: Wallet() for a in kernel.accounts.values()}
        self.included: dict[str, tuple[Settled, Any]] = {}

    def run(self, steps: int) -> "World":
        self.say(Started(time=self.time, mode="live"))
        self.block()
        for _ in range(steps):
            self.step()
        return self

    def step(self) -> None:
        self.time += self.rng.randrange(0, 2 * SECOND)
        if self.open and self.rng.random() < 0.55:
            self.answer(self.open.pop(self.rng.randrange(len(self.open))))
            return
        choices = {
            self.block: 14, self.launch: 5, self.trade: 30, self.burn: 2, self.speak: 3, self.tick: 3, self.other: 3,
            self.reorg: 1, self.stale: 1, self.command: 2, self.break_pool: 1, self.read_pool: 1,
        }  # fmt: skip
        self.rng.choices(list(choices), list(choices.values()))[0]()

    def say(self, event: Event) -> None:
        self.kernel.handle(event)
        self.events.append(event)
        self.facts.append(self.kernel.facts)
        self.open += self.kernel.asks
        self.kernel.facts, self.kernel.asks = [], []

    # ---- the market ----

    def block(self) -> None:
        self.number += 1
        self.highest = max(self.highest, self.number)
        self.time += 12 * SECOND
        self.say(
            Block(
                time=self.time,
                chain_id=CHAIN,
                number=self.number,
                hash=f"0x{self.number:064x}",
                parent=f"0x{self.number - 1:064x}",
                timestamp=self.time // SECOND,
                base_fee=self.rng.randrange(10**9, 3 * 10**9),
                gas_used=self.rng.randrange(30_000_000),
                gas_limit=30_000_000,
                tips=(10**8, 10**9, 2 * 10**9) if self.rng.random() < 0.8 else (),
            )
        )

    def log(self, emitter: str, topics: tuple[str, ...], data: bytes) -> None:
        self.count += 1
        self.say(
            Log(
                time=self.time,
                chain_id=CHAIN,
                block=self.number,
                tx_hash=f"0x{self.count // 3:064x}",
                index=self.count,
                address=emitter,
                topics=topics,
                data=data,
            )
        )

    def launch(self) -> None:
        n = len(self.pools) + 1
        token, pair = address(0x70000 + n), address(0x90000 + n)
        self.pools.append((pair, token, self.rng.randrange(2)))
        coins = (token, WETH) if self.pools[-1][2] else (WETH, token)
        self.log(FACTORY, (CREATED, topic(coins[0]), topic(coins[1])), bytes(12) + bytes.fromhex(pair[2:]) + word(n))
        self.sync(pair, self.rng.randrange(2 * ETHER, 40 * ETHER), self.rng.randrange(10**24, 10**27))
        self.log(pair, (MINT, topic(ROUTER)), word(1) + word(1))

    def sync(self, pair: str, money: int, token: int) -> None:
        self.reserves[pair] = money, token
        self.history.setdefault(pair, []).append((self.number, (money, token)))
        first = next(side for known, _, side in self.pools if known == pair)
        x, y = (token, money) if first else (money, token)
        self.log(pair, (SYNC,), word(x) + word(y))

    def some_pool(self) -> tuple[str, str] | None:
        recent = self.pools[-10:]
        return self.rng.choice(recent)[:2] if recent else None

    def trade(self) -> None:
        if (found := self.some_pool()) is not None:
            money, token = self.reserves[found[0]]
            factor = self.rng.choice((70, 90, 97, 101, 104, 115, 160))
            self.sync(found[0], max(1, money * factor // 100), max(1, token * 100 // factor))

    def burn(self) -> None:
        if (found := self.some_pool()) is not None:
            money, token = self.reserves[found[0]]
            left = self.rng.choice((20, 60, 95))
            self.sync(found[0], max(1, money * left // 100), max(1, token * left // 100))
            self.log(found[0], (BURN, topic(ROUTER), topic(ROUTER)), word(1) + word(1))

    def speak(self) -> None:
        if (found := self.some_pool()) is not None:
            self.log(found[1], (self.rng.choice((ENABLED, OWNED, TAXED)),), word(1))

    def break_pool(self) -> None:
        if (found := self.some_pool()) is not None:
            self.log(found[0], (SYNC,), b"\1")

    def read_pool(self) -> None:
        if (found := self.some_pool()) is not None:
            self.say(self.pool_read(found[0], self.reserves[found[0]], self.number))

    def pool_read(self, pair: str, reserves: tuple[int, int], block: int, **asked: Any) -> PoolRead:
        money, other = reserves
        token, side = next((token, side) for known, token, side in self.pools if known == pair)
        config = ConstantProductConfig(factories=(FACTORY,))
        return PoolRead(
            time=self.time,
            chain_id=CHAIN,
            pool=pair,
            amm="constant-product",
            block=block,
            coins=(token, WETH) if side else (WETH, token),
            state=encode_state(ConstantProduct(config=config, reserves=(other, money) if side else (money, other))),
            **asked,
        )

    def tick(self) -> None:
        self.time += self.rng.randrange(60 * SECOND)
        self.say(Clock(time=self.time))

    def other(self) -> None:
        self.say(Trade(time=self.time, venue="exchange", instrument="ETH/USD", price=self.count, size=1))

    def stale(self) -> None:
        feed = f"feed-{self.rng.randrange(2)}"
        self.say(FeedStale(time=self.time, feed=feed, chain_id=CHAIN, stale=True))
        self.trade()
        self.say(FeedStale(time=self.time, feed=feed, chain_id=CHAIN, stale=False))

    def reorg(self) -> None:
        ancestor = self.number - self.rng.randrange(1, 4)
        if ancestor <= max(101, self.highest - 5):
            return
        self.number = ancestor
        for pair, states in self.history.items():
            self.history[pair] = [state for state in states if state[0] <= ancestor]
        for attempt, (settled, undo) in list(self.included.items()):
            if settled.block > ancestor:
                undo()
                del self.included[attempt]
        self.say(Reorg(time=self.time, chain_id=CHAIN, ancestor=ancestor))
        self.block()

    def command(self) -> None:
        account = self.rng.choice(("alice", "bob"))
        instance = "snipe" if account == "alice" else self.rng.choice(("early", "second"))
        kind = self.rng.randrange(6)
        if kind == 0:
            level = self.rng.choice(("no-entries", "freeze", "flatten"))
            self.say(KillSwitch(time=self.time, account="*", level=level))
            self.say(KillSwitch(time=self.time, account="*", level="off"))
        elif kind == 1:
            parameters = f'{{"patience_s": {self.rng.randrange(100, 300)}, "max_per_block": 3}}'
            self.say(
                StrategyLife(
                    time=self.time, account=account, instance=instance, action="configure", parameters=parameters
                )
            )
        elif kind == 2:
            self.say(StrategyLife(time=self.time, account=account, instance=instance, action="pause"))
        elif kind == 3 and (found := self.some_pool()) is not None:
            self.say(ClosePosition(time=self.time, account=account, token=asset_id(CHAIN, found[1]), share_bps=5_000))
        else:
            self.say(StrategyLife(time=self.time, account=account, instance=instance, action="start"))

    # ---- answers ----

    def answer(self, ask: Ask) -> None:
        now, account, body, rng = self.time, ask.account, ask.body, self.rng
        given = {"time": now, "account": account, "ask": ask.id}
        if not isinstance(body, DescribeToken) and rng.random() < 0.04:
            self.say(AskFailed(**given, code="deadline", message="no answer within 3 s"))
        elif isinstance(body, DescribeToken):
            deployer = address(0xDE0 + self.count % 3)
            self.say(
                TokenDescribed(time=now, chain_id=CHAIN, token=body.token, symbol="T", decimals=9, deployer=deployer)
            )
        elif isinstance(body, ReadPool):
            known = [reserves for number, reserves in self.history.get(body.pool, ()) if number <= body.block]
            if known:
                self.say(self.pool_read(body.pool, known[-1], body.block, ask=ask.id, listed=body.listed))
            else:
                self.say(AskFailed(**given, code="call-reverted", message="there is no such pool"))
        elif isinstance(body, Probe):
            self.say(ProbeAnswered(**given, evidence=encode(self.round_trip(body))))
        elif isinstance(body, Sign):
            raw = word(body.nonce) + body.attempt.encode()
            self.say(Signed(**given, raw=raw, tx_hash=f"0x{abs(hash_of(raw)):064x}"))
        elif isinstance(body, Send):
            outcomes = ("accepted",) * 12 + ("known", "underpriced", "rejected", "nonce-too-low")
            self.say(Sent(**given, outcome=rng.choice(outcomes)))
        elif isinstance(body, Settle):
            self.settle(given, body)
        elif isinstance(body, SimulateSell):
            reverted = "no" if rng.random() < 0.03 else ""
            received = 0 if reverted else rng.choice((1000, 1000, 1000, 970, 400))
            self.say(
                SellSimulated(
                    **given, token=body.token, block=self.number, quoted=1000, received=received, reverted=reverted
                )
            )
        elif isinstance(body, ReadBalances):
            wallet = self.wallets[body.owner]
            held = tuple((token, wallet.tokens.get(token, 0)) for token in body.tokens)
            self.say(
                BalancesRead(
                    **given, chain_id=CHAIN, block=self.number, nonce=wallet.nonce, native=wallet.native, balances=held
                )
            )

    def round_trip(self, body: Probe) -> Evidence:
        tax = self.rng.choice((0, 0, 0, 300, 5_000))
        paid, promised = body.entry.amount, body.entry.expected_out
        bought = promised * (10_000 - tax) // 10_000
        closed = "" if self.rng.random() < 0.95 else "TRADING_CLOSED"
        returned, gas = paid * 98 // 100, 100_000
        if isinstance(self.kernel.accounts["alice"].entries.judges["honeypot"], FirstHoneypot):
            return RoundTrip(
                block=self.number,
                paid=paid,
                bought=bought,
                bought_expected=promised,
                buy_gas=gas,
                buy_reverted=closed,
                sold=bought,
                returned=returned,
                returned_expected=paid,
                sell_gas=gas,
                sell_reverted="",
                buy_tax_bps=tax,
                sell_tax_bps=0,
            )
        purchase = Trial(paid=paid, bought=bought, bought_expected=promised, buy_gas=gas)
        if closed:
            trials = Trials(bought=replace(purchase, failed="buy", reason=closed))
        else:
            sold = replace(purchase, sold=bought, returned=returned, returned_expected=returned, gas=gas)
            moved = Moved(sent=bought, left=bought, arrived=bought)
            names = ("in_parts", "crowd", "contract", "rich", "small", "large", "again", "another")
            trials = Trials(bought=purchase, after=(sold,) * 5, moved=moved, **dict.fromkeys(names, sold))
        return Trying(block=self.number, code=1_000, trials=trials, buy_tax_bps=tax, sell_tax_bps=0)

    def settle(self, given: dict[str, Any], body: Settle) -> None:
        submission = body.submission
        known = self.included.get(submission.attempt)
        wallet = self.wallets[submission.owner]
        if known is not None:
            self.say(Settled(**given, **{k: getattr(known[0], k) for k in SETTLED}))
            return
        if submission.nonce < wallet.nonce or self.rng.random() < 0.3:
            self.say(Settled(**given, included=False))
            return
        gas = submission.gas * 7 // 10
        fee = gas * submission.max_fee
        before = (wallet.native, wallet.nonce, dict(wallet.tokens))
        wallet.nonce = submission.nonce + 1
        wallet.native -= fee
        native, ok, swap, reason = -fee, True, submission.swap, ""
        if swap is not None:
            received = self.received(swap, wallet)
            if received is None or self.rng.random() < 0.05:
                ok, reason = False, "too little received"
            elif swap.opens:
                wallet.native -= swap.amount_in
                native -= swap.amount_in
                wallet.tokens[swap.token_out] = wallet.tokens.get(swap.token_out, 0) + received
            else:
                wallet.native += received
                native += received
                wallet.tokens[swap.token_in] -= swap.amount_in
        held = tuple((token, wallet.tokens.get(token, 0)) for token, _ in submission.held)
        settled = Settled(
            **given,
            included=True,
            ok=ok,
            block=self.number,
            gas_used=gas,
            gas_price=submission.max_fee,
            native_delta=native,
            balances=held,
            revert_reason=reason,
        )

        def undo() -> None:
            wallet.native, wallet.nonce, wallet.tokens = before

        self.included[submission.attempt] = settled, undo
        self.say(settled)

    def received(self, swap: Swap, wallet: Wallet) -> int | None:
        money, token = self.reserves[swap.pool]
        if not swap.opens and wallet.tokens.get(swap.token_in, 0) < swap.amount_in:
            return None
        x, y = (money, token) if swap.opens else (token, money)
        impl = ConstantProduct(config=ConstantProductConfig(factories=(FACTORY,)), reserves=(x, y))
        try:
            out = impl.amount_out(0, 1, swap.amount_in)
        except NoLiquidity:
            return None
        return out if out >= swap.min_out else None


SETTLED = ("included", "ok", "block", "gas_used", "gas_price", "native_delta", "balances", "revert_reason")


def hash_of(raw: bytes) -> int:
    return int.from_bytes(raw[-8:], "big")


def records(world: World) -> list[list[Record]]:
    """One list for each event: the input and the facts that it led to."""
    return [
        [input_record(event), *(fact_record(account, fact) for account, fact in facts)]
        for event, facts in zip(world.events, world.facts, strict=True)
    ]


def write(world: World, directory: Path, *, manifest: bytes, batch: int = 3, segment_size: int = 2**22) -> None:
    """The world's history as a run would have journaled it."""
    entries = records(world)
    with Writer(directory, segment_size) as writer:
        writer.begin_epoch(manifest)
        for at in range(0, len(entries), batch):
            writer.append([record for entry in entries[at : at + batch] for record in entry])


def replayed(kernel: Kernel, events: list[Event]) -> list[list[tuple[str, Fact]]]:
    """What each event leads to."""
    found = []
    for each in events:
        kernel.handle(each)
        found.append(kernel.facts)
        kernel.facts = []
        kernel.asks.clear()
    return found


CONFIG = f"""\
mode = "paper"
data_dir = "."

[chain.dev]
id = {CHAIN}
endpoints = ["ws://127.0.0.1:1"]
wrapped_native = "{WETH}"
finality = 6

[account.alice]
address = "{address(0xA11CE)}"
strategies = ["snipe"]

[account.alice.risk.honeypot]

[account.bob]
address = "{address(0xB0B)}"
strategies = ["early", "second"]

[strategy.snipe]
plugin = "launch-snipe"
exits = ["take-profit", "stop-loss", "max-age", "event-exit"]
min_liquidity = "1 ether"

[strategy.early]
plugin = "launch-snipe"
exits = ["max-age"]
min_liquidity = "2 ether"

[strategy.second]
plugin = "launch-snipe"
exits = ["trailing-stop"]
min_liquidity = "3 ether"

[sizer.fixed]
amount = "0.05 ether"

[exit.max-age]
max_age_s = 300

[risk.limits]
max_spend_per_trade = "1 ether"
max_spend_per_day = "50 ether"
max_positions = 6

[risk.liquidity]
min_quote_reserve = "1 ether"
max_impact_bps = 2000

[amm.constant-product]
factories = ["{FACTORY}"]

[venue.uniswap]
chain_id = {CHAIN}
wrapped = "{WETH}"
v2_router = "{ROUTER}"

[feed.evm-logs]
"""


def record(run: Path, seed: int, steps: int, *, config: str = CONFIG, **how: int) -> World:
    """A run's directory as ``sniper run`` leaves it: the kept config and the journal of a world."""
    from sniper.catalogue import Catalogue
    from sniper.runtime.kept import CONFIG as KEPT
    from sniper.runtime.kept import JOURNAL
    from sniper.runtime.manifest import manifest
    from sniper.runtime.wire import signs, wire
    from sniper.settings.load import load
    from sniper.settings.resolver import resolve

    run.mkdir(parents=True, exist_ok=True)
    (run / KEPT).write_text(config)
    catalogue = Catalogue.discover()
    resolved = resolve(load(run / KEPT), catalogue)
    world = World(Kernel(wire(resolved, signs=signs(resolved))), seed).run(steps)
    write(world, run / JOURNAL, manifest=manifest(resolved, catalogue), **how)
    return world


def main() -> None:
    """Print the hash of a history: ``python recorded_world.py SEED STEPS``."""
    import hashlib
    import sys

    world = World(Kernel(wiring()), int(sys.argv[1])).run(int(sys.argv[2]))
    digest = hashlib.sha256()
    for entry in records(world):
        for each in entry:
            digest.update(each.data)
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
