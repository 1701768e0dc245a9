"""A small deterministic world around a real kernel, with real constant-product pools.

The chain and the shell here are fakes, and say so: lost answers, late answers, reorgs and crashes in every
interleaving cannot be had from a real node. What they keep is real: a ledger of every balance, nonce and allowance
after each block, against which the kernel's books are held.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar

from msgspec.structs import replace

from sniper.amm import Change, NoLiquidity, Unpriced, on_log
from sniper.codec import decode, encode, encode_state
from sniper.config import Config
from sniper.events import (
    Answer,
    ArbitrageEnded,
    AskFailed,
    BalancesRead,
    Block,
    ChainOrderEnded,
    Clock,
    ClosePosition,
    CycleFound,
    EntryDenied,
    EntryDue,
    Event,
    GasRead,
    KillSwitch,
    LiquidityRemoved,
    Log,
    PlanChanged,
    PoolRead,
    PositionClosed,
    PositionOpened,
    ProbeAnswered,
    Reorg,
    Retracted,
    RollupRead,
    RouteProposed,
    SellSimulated,
    Sent,
    Settled,
    Signal,
    Signed,
    Started,
    StrategyLife,
    TimerFired,
    TokenDescribed,
)
from sniper.evm.abi import event as log_codec
from sniper.evm.abi import function
from sniper.evm.rollup_fee import Rollup, RollupFees
from sniper.exit import Exit, ExitActions, Sell, SetTimer
from sniper.fee import FeeEstimator
from sniper.io import Io
from sniper.kernel import facts as f
from sniper.kernel.allowances import bare_gas
from sniper.kernel.asks import (
    Ask,
    DescribeToken,
    Presign,
    Probe,
    ProposeRoute,
    ReadBalances,
    ReadGas,
    ReadPool,
    ReadRollup,
    Send,
    Settle,
    Sign,
    SimulateSell,
)
from sniper.kernel.book import Book, allowance_id
from sniper.kernel.fold import fold
from sniper.kernel.guards import Guard
from sniper.kernel.index import Index
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.transfers import TRANSFER
from sniper.kernel.wiring import (
    AccountWiring,
    AmmWiring,
    ChainWiring,
    CheckWiring,
    DeskWiring,
    ExecutionWiring,
    ExitWiring,
    StrategyWiring,
    TreasuryWiring,
    WatchWiring,
    Wiring,
)
from sniper.order_types import Plan
from sniper.plugin import Frozen
from sniper.proposal import Leg, Proposal
from sniper.risk import Evidence, Finding, Findings, RiskCheck, RiskProbe, at_most, must
from sniper.routing import split
from sniper.sizer import Sizer
from sniper.strategy import Actions, Arbitrage, CancelOrder, Close, Open, StartPlan, Strategy, on
from sniper.types import BPS, DAY, NATIVE, SECOND, Entry, FeeBid, Step
from sniper.venue import WHOLE, OnChainVenue, RouteLeg, RouteSwap, Swap, approval
from sniper.view import Position, View
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig

CHAIN = 1
ACCOUNT = "main"
OWNER = "0x" + "aa" * 20
SECOND_WALLET = "0x" + "ab" * 20
WETH = "0x" + "ee" * 20
USD = "0x" + "dd" * 20
FACTORY = "0x" + "fa" * 20
ROUTER = "0x" + "bb" * 20
SPLITTER = "0x" + "cc" * 20
ETHER = 10**18
GWEI = 10**9
FUNDS = 10 * ETHER
RATE = "0x" + "3a" * 20
FINALITY = 8
GAS_APPROVE, GAS_SWAP, GAS_ROUTE = 50_000, 200_000, 500_000

PAIR_CREATED = log_codec("PairCreated(address indexed token0, address indexed token1, address pair, uint256 index)")
SYNC = log_codec("Sync(uint112 reserve0, uint112 reserve1)")
BURN = log_codec("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)")
APPROVE = function("approve(address spender, uint256 amount)")
SWAP = function(
    "swap(address pool, address token_in, address token_out, uint256 amount_in, uint256 min_out, uint256 deadline)"
)
ROUTE = function(
    "route((address pool, address coin_in, address coin_out, uint64 share)[] legs, address token_in, address token_out,"
    " uint256 amount_in, uint256 min_out, uint256 deadline)"
)


def address(number: int) -> str:
    """An address that a reader can tell from others: tokens count from 1, their pools from 0x1001."""
    return f"0x{number:040x}"


def token_of(number: int) -> str:
    """Asset id of the world's n-th token."""
    return f"{CHAIN}:{address(number)}"


def pool_of(number: int) -> str:
    return address(0x1000 + number)


def twin_of(number: int) -> str:
    """The second pool of a token, where there is one."""
    return address(0x2000 + number)


def _word(value: int | str) -> bytes:
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")


def words(*values: int) -> bytes:
    return b"".join(map(_word, values))


# ---- plugins of the tests' own ----


class Cue(Event, tag="test.cue/1"):
    """Tells the scripted strategy ``instance`` what to do."""

    instance: str
    do: str
    token: str = ""
    amount: int = 0
    share_bps: int = BPS
    pool: str | None = None
    key: str = ""
    at: int = 0
    legs: tuple[Leg, ...] = ()
    min_profit: int = 1
    allowance: int = 0
    min_out: int | None = None
    plan: Plan | None = None


class ScriptConfig(Config):
    name: str = "script"
    words: str = ""
    asks_again: bool = False


class Script(Strategy):
    """Does what it is cued to; writes down what it hears."""

    config: ScriptConfig
    heard: list[str] = []
    traded: list[tuple[str, str, int, int]] = []

    @on(Cue)
    def cue(self, event: Cue, view: View) -> Actions:
        if event.instance != self.config.name:
            return
        if event.do == "open":
            most = event.amount or None
            yield Open(token=event.token, reason="cued", pool=event.pool, max_spend=most, min_out=event.min_out)
        elif event.do == "close":
            yield Close(token=event.token, reason="cued", share_bps=event.share_bps, min_out=event.min_out)
        elif event.do == "arbitrage":
            yield Arbitrage(
                legs=event.legs,
                reason="cued",
                min_profit=event.min_profit,
                max_spend=event.amount or None,
                allowance=event.allowance,
            )
        elif event.do == "plan":
            assert event.plan is not None
            yield StartPlan(key=event.key, plan=event.plan, reason="cued")
        elif event.do == "cancel":
            yield CancelOrder(key=event.key)
        elif event.do == "timer":
            yield SetTimer(key=event.key, at=event.at)
        elif event.do == "nonsense":
            yield "buy!"  # type: ignore[misc]
        elif event.do == "raise":
            raise ZeroDivisionError("cued")
        elif event.do == "say":
            self.heard.append(self.config.words)

    @on(Signal)
    def signalled(self, event: Signal, view: View) -> Actions:
        for asset in event.assets:
            yield Open(token=asset, reason=f"signal of {event.score} bps")

    @on(CycleFound)
    def found(self, event: CycleFound, view: View) -> Actions:
        yield Arbitrage(legs=event.legs, reason="it gains", min_profit=1)

    @on(ArbitrageEnded)
    def went_round(self, event: ArbitrageEnded, view: View) -> Actions:
        self.heard.append(f"{event.intent} over {len(event.legs)} pools: {event.state} {event.gained}")
        yield from ()

    @on(ChainOrderEnded)
    def ended(self, event: ChainOrderEnded, view: View) -> Actions:
        self.traded.append((event.side, event.state, event.amount, event.cash))
        yield from ()

    @on(EntryDenied)
    def denied(self, event: EntryDenied, view: View) -> Actions:
        self.heard.append(f"denied {event.rule} {event.retry_at}")
        yield from ()

    @on(EntryDue)
    def due(self, event: EntryDue, view: View) -> Actions:
        self.heard.append(f"due {event.intent}")
        if self.config.asks_again:
            yield Open(token=event.token, reason="due")

    @on(PlanChanged)
    def planned(self, event: PlanChanged, view: View) -> Actions:
        self.heard.append(f"plan {event.key} {event.state} {event.filled} {event.note}".rstrip())
        yield from ()

    @on(PositionOpened)
    def opened(self, event: PositionOpened, view: View) -> Actions:
        self.heard.append(f"opened {event.token}")
        yield from ()

    @on(PositionClosed)
    def closed(self, event: PositionClosed, view: View) -> Actions:
        self.heard.append(f"closed {event.token} {event.pnl}")
        yield from ()

    @on(TimerFired)
    def fired(self, event: TimerFired, view: View) -> Actions:
        self.heard.append(f"fired {event.key} at {view.now}")
        yield from ()

    @on(Retracted)
    def retracted(self, event: Retracted, view: View) -> Actions:
        self.heard.append(f"retracted {event.ancestor}")
        yield from ()

    @on(Block)
    def block(self, event: Block, view: View) -> Actions:
        self.heard.append(f"block {event.number} at {view.now}")
        yield from ()


class AsAsked(Sizer):
    """What the intent may spend at most, or a tenth of an ether. ``broken``: raises."""

    broken: bool = False

    def size(self, intent: Open, quote: str, view: View) -> int:
        if self.broken:
            raise RuntimeError("no size")
        return ETHER // 10 if intent.max_spend is None else intent.max_spend


class Says(RiskCheck):
    """Gives the findings that it was made with. ``where``: only for that side; otherwise a passing one."""

    findings: tuple[Finding, ...] = (must("fine", True),)
    side: str = ""

    def judge(self, intent: Entry, view: View) -> Findings:
        if self.side and intent.side != self.side:
            yield must("fine", True)
            return
        yield from self.findings


class Raises(RiskCheck):
    def judge(self, intent: Entry, view: View) -> Findings:
        raise ValueError("cannot judge")


class SpendLimit(RiskCheck):
    """What was spent or is reserved in a day, this entry included."""

    limit: int

    def judge(self, intent: Entry, view: View) -> Findings:
        used = view.spent(last_ns=DAY, place=intent.place)
        yield at_most("day", used + intent.amount, self.limit, unit="wei")


class MostOpen(RiskCheck):
    """Positions that may be open at once, opening ones included."""

    most: int

    def judge(self, intent: Entry, view: View) -> Findings:
        yield at_most("open", len(set(view.positions) | {intent.token}), self.most)


class Seen(Evidence):
    good: bool
    buy_tax_bps: int | None = None
    sell_tax_bps: int | None = None


class Looks(RiskProbe[Seen]):
    """``retry_after_s``: of a finding that denies. ``broken``: judging raises."""

    retry_after_s: int | None = None
    broken: bool = False
    silent: bool = False

    async def probe(self, intent: Entry, io: Io) -> Seen:
        raise NotImplementedError("the fake shell answers")

    def judge(self, intent: Entry, view: View, found: Seen) -> Findings:
        if self.broken:
            raise ValueError("cannot judge")
        if not self.silent:
            yield must("good", found.good, retry_after_s=self.retry_after_s)


class TargetConfig(Config):
    """Sell above ``take`` and below ``stop`` bps of the cost, 0: never; or ``max_age`` ns after the opening."""

    take: int = 0
    stop: int = 0
    max_age: int = 0
    share: int = BPS


class Target(Exit):
    config: TargetConfig
    seen: int = 0

    def opened(self, position: Position, view: View) -> ExitActions:
        if self.config.max_age:
            yield SetTimer(key="age", at=view.now + self.config.max_age)

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        self.seen += 1
        config = self.config
        if config.take and value * BPS >= position.cost * config.take:
            return Sell(reason="take", share_bps=config.share)
        if config.stop and value * BPS <= position.cost * config.stop:
            return Sell(reason="stop", urgent=True)
        return None

    @on(TimerFired)
    def aged(self, event: TimerFired, position: Position, view: View) -> ExitActions:
        yield Sell(reason="age")

    @on(LiquidityRemoved)
    def drained(self, event: LiquidityRemoved, position: Position, view: View) -> ExitActions:
        yield Sell(reason="liquidity leaves", urgent=True)


class BrokenExit(Exit):
    config: TargetConfig

    def opened(self, position: Position, view: View) -> ExitActions:
        raise RuntimeError("broken")

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        raise RuntimeError("broken")


class Flat(FeeEstimator):
    """Always the same bid. State that counts blocks, so that sharing an instance between kernels would show."""

    config: Config
    blocks: int = 0

    def block(self, block: Block) -> None:
        self.blocks += 1

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=2 * GWEI if urgent else GWEI, max_fee=30 * GWEI + self.blocks % 2)


class Venue(OnChainVenue):
    """A router that takes exact approvals; an allowance that is too small is reset first."""

    broken: bool = False
    router: str = ROUTER

    def serves(self, chain_id: int, amm: str) -> bool:
        return chain_id == CHAIN

    def spender(self, chain_id: int, amm: str) -> str:
        return self.router

    def plan(self, swap: Swap) -> tuple[Step, ...]:
        if self.broken:
            raise ValueError("no plan")
        data = SWAP.encode(swap.pool, swap.token_in, swap.token_out, swap.amount_in, swap.min_out, swap.deadline)
        value = swap.amount_in if swap.token_in == NATIVE else 0
        step = Step(purpose="entry" if swap.opens else "exit", to=self.router, data=data, value=value, gas=GAS_SWAP)
        return (*self.approve(swap.chain_id, swap.amm, swap.token_in, swap.amount_in, swap.allowance), step)

    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        if token == NATIVE or allowance >= amount:
            return ()
        return tuple(
            Step(purpose="approve", to=token, data=APPROVE.encode(self.router, to), value=0, gas=GAS_APPROVE)
            for to in ((0, amount) if allowance else (amount,))
        )


class Splitting(Venue):
    """Carries out routes too, through a contract of their own. ``unplanned``: says so and has no plan. ``pools``: those
    alone; empty: all."""

    unplanned: bool = False
    serving: bool = True
    pools: tuple[str, ...] = ()

    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        return self.serving and (not self.pools or all(leg.pool in self.pools for leg in legs))

    def route_spender(self, chain_id: int) -> str:
        return SPLITTER

    def plan_route(self, route: RouteSwap) -> tuple[Step, ...]:
        if self.unplanned:
            raise ValueError("no plan")
        legs = [(leg.pool, leg.coin_in, leg.coin_out, leg.share) for leg in route.legs]
        data = ROUTE.encode(legs, route.token_in, route.token_out, route.amount_in, route.min_out, route.deadline)
        value = route.amount_in if route.token_in == NATIVE else 0
        purpose = "entry" if route.opens else "exit"
        trade = Step(purpose=purpose, to=SPLITTER, data=data, value=value, gas=GAS_ROUTE)
        approvals = self.approve_route(route.chain_id, route.token_in, route.amount_in, route.allowance)
        return (*approvals, trade)

    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        return approval(token, SPLITTER, amount, allowance, GAS_APPROVE)


class Drifting(ConstantProduct):
    """With a number that moves without a log. It is believed for `LASTS` seconds since ``since``, and wanted anew after
    half of that. ``syncs``: how many there were, so that one that is lost or counted twice shows."""

    LASTS: ClassVar[int] = 60

    drift: int = 0
    since: int = 0
    now: int = 0
    syncs: int = 0

    def on_block(self, timestamp: int) -> None:
        self.now = timestamp
        self.since = self.since or timestamp

    def outdated(self) -> bool:
        return 2 * (self.now - self.since) >= self.LASTS

    @on_log("Sync(uint112 reserve0, uint112 reserve1)")
    def sync(self, reserve0: int, reserve1: int) -> Change:
        self.syncs += 1
        return super().sync(reserve0, reserve1)

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        if self.now - self.since > self.LASTS:
            raise Unpriced(f"was read {self.now - self.since} s ago")
        return super().amount_out(i, j, amount_in)


class Plain(Splitting):
    """Splits the coin that is paid, and no other one."""

    splits_between: ClassVar[bool] = False

    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        paid = legs[0].coin_in
        whole = all(leg.coin_in == paid or leg.share == WHOLE for leg in legs)
        return whole and super().serves_route(chain_id, legs)


# ---- the fake chain ----


class Tx(Frozen, tag="test.tx/1"):
    """What the fake signer signs; ``encode`` of it stands for the signed bytes."""

    nonce: int
    max_priority_fee: int
    max_fee: int
    gas: int
    to: str
    value: int
    data: bytes
    purpose: str
    sender: str = OWNER


@dataclass
class Token:
    """What a token does to its holders. ``reports``: the balance that it claims, from the true one. ``there``: whether
    there is a contract at its address."""

    buy_tax_bps: int = 0
    sell_tax_bps: int = 0
    sellable: bool = True
    approvable: bool = True
    reset_first: bool = False
    there: bool = True
    reports: Callable[[int], int] | None = None


@dataclass
class Purse:
    """What one wallet has. ``allowances``: by token and spender, ``<token>@<spender>``."""

    native: int = FUNDS
    nonce: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    allowances: dict[str, int] = field(default_factory=dict)


@dataclass
class Ledger:
    """The whole state after one block. ``reserves``: (quote, token) of each pool. ``purses``: by wallet; what has no
    wallet in its name is the first one's. ``drift``: of all `Drifting` pools."""

    purses: dict[str, Purse]
    reserves: dict[str, tuple[int, int]] = field(default_factory=dict)
    drift: int = 0

    @property
    def first(self) -> Purse:
        return self.purses[OWNER]

    @property
    def native(self) -> int:
        return self.first.native

    @native.setter
    def native(self, amount: int) -> None:
        self.first.native = amount

    @property
    def nonce(self) -> int:
        return self.first.nonce

    @property
    def tokens(self) -> dict[str, int]:
        return self.first.tokens

    @property
    def allowances(self) -> dict[str, int]:
        return self.first.allowances


@dataclass(frozen=True)
class Receipt:
    tx: Tx
    ok: bool
    gas_used: int
    gas_price: int
    native_delta: int
    quote_delta: int
    reason: str
    data_fee: int


@dataclass
class Mined:
    number: int
    hash: str
    ledger: Ledger
    receipts: dict[str, Receipt]
    logs: list[tuple[str, tuple[str, ...], bytes]]
    deposit: int = 0

    def external(self) -> int:
        """What came to the wallets, less what left, by no transaction of the bot, wei; and what one of them sent to
        another, which is a deposit there."""
        sent = (r.tx for r in self.receipts.values() if r.ok and r.tx.purpose == "transfer")
        came = sum(tx.value for tx in sent if tx.to in self.ledger.purses)
        spent = sum(r.native_delta for r in self.receipts.values() if r.tx.purpose == "outside")
        return self.deposit + came + spent


class Reverted(Exception):
    """A transaction of the fake chain failed; only its gas is paid."""


class FakeChain:
    """One account's view of a chain: pools, tokens, a mempool, blocks, reorgs."""

    base_fee = 10 * GWEI
    data_fee = 0
    """What each transaction takes beside its gas, wei."""

    def __init__(
        self, tokens: int, quote: str, *, twins: bool = False, rate: bool = False, wallets: tuple[str, ...] = (OWNER,)
    ) -> None:
        """``twins``: each token has a second pool, half as deep, and both are so small that a split pays its gas.
        ``rate``: a pool tells that one ether is worth one of the quote asset."""
        self.quote = quote
        self.tokens = {address(n): Token() for n in range(1, tokens + 1)}
        self.pool_tokens = {pool_of(n): address(n) for n in range(1, tokens + 1)}
        self.mempool: dict[str, Tx] = {}
        self.forks = 0
        reserves = dict.fromkeys(self.pool_tokens, (100 * ETHER, 10**24))
        ledger = Ledger(purses={wallet: Purse() for wallet in wallets}, reserves=reserves)
        for n in range(1, tokens + 1) if twins else ():
            self.pool_tokens[twin_of(n)] = address(n)
            ledger.reserves[pool_of(n)] = ETHER, 10**22
            ledger.reserves[twin_of(n)] = ETHER // 2, 10**22 // 2
        if quote != NATIVE:
            for purse in ledger.purses.values():
                purse.tokens[quote] = 1_000 * ETHER
        if rate:
            self.pool_tokens[RATE] = WETH
            ledger.reserves[RATE] = 1_000 * ETHER, 1_000 * ETHER
        logs: list[tuple[str, tuple[str, ...], bytes]] = []
        money = WETH if quote == NATIVE else quote
        for pool, token in self.pool_tokens.items():
            logs += [created(pool, money, token), self._sync(ledger, pool)]
        self.blocks = [Mined(1, "0x1-0", ledger, {}, logs)]

    @property
    def head(self) -> Mined:
        return self.blocks[-1]

    @property
    def ledger(self) -> Ledger:
        return self.blocks[-1].ledger

    def at(self, number: int) -> Mined | None:
        index = number - self.blocks[0].number
        return self.blocks[index] if 0 <= index < len(self.blocks) else None

    def receipt(self, tx_hash: str) -> tuple[Mined, Receipt] | None:
        for block in reversed(self.blocks):
            if tx_hash in block.receipts:
                return block, block.receipts[tx_hash]
        return None

    def balance(self, block: Mined, token: str, wallet: str = OWNER) -> int:
        """What the token claims."""
        true = block.ledger.purses[wallet].tokens.get(token, 0)
        reports = self.tokens[token].reports if token in self.tokens else None
        return reports(true) if reports else true

    def accept(self, tx: Tx) -> str:
        """Broadcast: the node's word."""
        tx_hash = hash_of(tx)
        if self.receipt(tx_hash) is None and tx.nonce < self.ledger.purses[tx.sender].nonce:
            return "nonce-too-low"
        if tx_hash in self.mempool or self.receipt(tx_hash) is not None:
            return "known"
        rivals = [other for other in self.mempool.values() if (other.sender, other.nonce) == (tx.sender, tx.nonce)]
        if any(tx.max_fee * 10 < other.max_fee * 11 for other in rivals):
            return "underpriced"
        for other in rivals:
            del self.mempool[hash_of(other)]
        self.mempool[tx_hash] = tx
        return "accepted"

    def mine(
        self,
        most: int = 100,
        trades: tuple[tuple[str, int], ...] = (),
        prefer: Callable[[list[Tx]], Tx] = lambda rivals: max(rivals, key=lambda tx: tx.max_fee),
        outside: int | None = None,
        deposit: int = 0,
        drift: int | None = None,
    ) -> Mined:
        """A block with at most ``most`` of the account's transactions, those of each wallet by nonce.

        trades   (pool, quote in; negative: token in) by others.
        outside  What the owner spends by a transaction of his own, from another wallet program: with the next nonce,
                 and a fee that wins it.
        deposit  Native coin that the owner is sent.
        drift    What moves without a log is this from now on.
        """
        ledger = deepcopy(self.ledger)
        ledger.native += deposit
        if drift is not None:
            ledger.drift = drift
        if outside is not None:
            rival = Tx(
                nonce=ledger.nonce,
                max_priority_fee=GWEI,
                max_fee=10_000 * GWEI,
                gas=21_000,
                to=address(0xF00),
                value=outside,
                data=b"",
                purpose="outside",
            )
            self.mempool[hash_of(rival)] = rival
        touched: list[str] = []
        logs: list[tuple[str, tuple[str, ...], bytes]] = []
        for pool, amount in trades:
            x, y = ledger.reserves[pool]
            if amount >= 0:
                ledger.reserves[pool] = x + amount, y - _out(amount, x, y)
            else:
                ledger.reserves[pool] = x - _out(-amount, y, x), y - amount
            touched.append(pool)
        receipts: dict[str, Receipt] = {}
        while len(receipts) < most:
            rivals = [
                tx
                for tx in self.mempool.values()
                if tx.nonce == ledger.purses[tx.sender].nonce
                and ledger.purses[tx.sender].native >= tx.value + tx.gas * tx.max_fee
            ]
            if not rivals:
                break
            tx = prefer(rivals)
            receipts[hash_of(tx)] = self._include(ledger, tx, touched)
            self._forget_used(ledger)
        self._forget_used(ledger)
        logs += [self._sync(ledger, pool) for pool in dict.fromkeys(touched)]
        number = self.head.number + 1
        self.blocks.append(Mined(number, f"0x{number:x}-{self.forks}", ledger, receipts, logs, deposit))
        return self.head

    def _forget_used(self, ledger: Ledger) -> None:
        """Drop from the pool what has a nonce that is used."""
        for gone in [h for h, tx in self.mempool.items() if tx.nonce < ledger.purses[tx.sender].nonce]:
            del self.mempool[gone]

    def launch(self) -> str:
        """One more token and its pool, in a block of their own; the pool's address."""
        number = len(self.tokens) + 1
        pool, token = pool_of(number), address(number)
        self.tokens[token], self.pool_tokens[pool] = Token(), token
        ledger = deepcopy(self.ledger)
        ledger.reserves[pool] = 100 * ETHER, 10**24
        logs = [created(pool, WETH if self.quote == NATIVE else self.quote, token), self._sync(ledger, pool)]
        block = self.head.number + 1
        self.blocks.append(Mined(block, f"0x{block:x}-{self.forks}", ledger, {}, logs))
        return pool

    def garble(self, pool: str) -> None:
        """A block in which a pool logs what no AMM can read."""
        block = self.head.number + 1
        logs = [(pool, (SYNC.topic,), b"garbage")]
        self.blocks.append(Mined(block, f"0x{block:x}-{self.forks}", deepcopy(self.ledger), {}, logs))

    def syncs(self, pool: str, number: int) -> int:
        """How often a pool told its reserves up to a block."""
        logs = [log for block in self.blocks if block.number <= number for log in block.logs]
        return sum(emitter == pool and topics == (SYNC.topic,) for emitter, topics, _ in logs)

    def burn(self, pool: str, share_bps: int) -> None:
        """Liquidity leaves in a block of its own."""
        ledger = deepcopy(self.ledger)
        x, y = ledger.reserves[pool]
        ledger.reserves[pool] = x - x * share_bps // BPS, y - y * share_bps // BPS
        topics = (BURN.topic, "0x" + _word(ROUTER).hex(), "0x" + _word(ROUTER).hex())
        logs = [self._sync(ledger, pool), (pool, topics, _word(1) + _word(1))]
        number = self.head.number + 1
        self.blocks.append(Mined(number, f"0x{number:x}-{self.forks}", ledger, {}, logs))

    def reorg(self, depth: int, *, keep: bool = True) -> None:
        """Take back ``depth`` blocks; ``keep``: their transactions return to the mempool."""
        self.forks += 1
        for _ in range(depth):
            gone = self.blocks.pop()
            for tx_hash, receipt in gone.receipts.items():
                if keep:
                    self.mempool[tx_hash] = receipt.tx
        self._forget_used(self.ledger)

    def _include(self, ledger: Ledger, tx: Tx, touched: list[str]) -> Receipt:
        purse = ledger.purses[tx.sender]
        before, paid_before = purse.native, purse.tokens.get(self.quote, 0)
        price = min(tx.max_fee, self.base_fee + tx.max_priority_fee)
        runs = self.tokens.get(tx.to, Token()).there
        used = tx.gas // 2 + 7 * tx.nonce if runs else bare_gas(tx.data)
        purse.nonce += 1
        purse.native -= used * price + self.data_fee
        ok, reason = True, ""
        kept = deepcopy(ledger)
        try:
            self._execute(ledger, tx, touched)
        except Reverted as error:
            ok, reason = False, str(error)
            ledger.__dict__.update(kept.__dict__)
            purse = ledger.purses[tx.sender]
        paid = purse.tokens.get(self.quote, 0) - paid_before
        return Receipt(tx, ok, used, price, purse.native - before, paid, reason, self.data_fee)

    def _execute(self, ledger: Ledger, tx: Tx, touched: list[str]) -> None:
        purse = ledger.purses[tx.sender]
        if tx.to == tx.sender:
            return
        if tx.purpose == "outside":
            purse.native -= tx.value
            return
        if tx.purpose == "transfer":
            self._send(ledger, tx)
            return
        if tx.data[:4] == APPROVE.selector:
            token = self.tokens.get(tx.to, Token())
            if not token.there:
                return
            spender, amount = APPROVE.decode_call(tx.data)
            key = f"{tx.to}@{spender}"
            if not token.approvable or (token.reset_first and amount and purse.allowances.get(key, 0)):
                raise Reverted("approve")
            purse.allowances[key] = amount
            return
        if tx.data[:4] == ROUTE.selector:
            self._execute_route(ledger, tx, touched)
            return
        pool, token_in, token_out, amount, min_out, _ = SWAP.decode_call(tx.data)
        x, y = ledger.reserves[pool]
        if not self.tokens.get(token_in if token_out == self.quote else token_out, Token()).there:
            raise Reverted("no such pair")
        if token_in == self.quote:
            self._pay(ledger, token_in, amount, tx)
            out = _out(amount, x, y)
            got = out - out * self.tokens[token_out].buy_tax_bps // BPS
            purse.tokens[token_out] = purse.tokens.get(token_out, 0) + got
            ledger.reserves[pool] = x + amount, y - out
        else:
            token = self.tokens[token_in]
            if not token.sellable:
                raise Reverted("trading is off")
            self._pay(ledger, token_in, amount, tx)
            moved = amount - amount * token.sell_tax_bps // BPS
            got = _out(moved, y, x)
            ledger.reserves[pool] = x - got, y + moved
            if token_out == NATIVE:
                purse.native += got
            else:
                purse.tokens[token_out] = purse.tokens.get(token_out, 0) + got
        if got < min_out:
            raise Reverted("too little out")
        touched.append(pool)

    def _execute_route(self, ledger: Ledger, tx: Tx, touched: list[str]) -> None:
        """The contract holds the coins between the legs, so a tax is taken when it receives and when it hands on."""
        legs, token_in, token_out, amount, min_out, _ = ROUTE.decode_call(tx.data)
        self._pay(ledger, token_in, amount, tx)
        money = WETH if self.quote == NATIVE else self.quote
        paid = self.tokens.get(token_in, Token())
        if not paid.sellable:
            raise Reverted("trading is off")
        have = {money if token_in == self.quote else token_in: amount - amount * paid.sell_tax_bps // BPS}
        for pool, coin_in, coin_out, share in legs:
            assert {coin_in, coin_out} == {money, self.pool_tokens[pool]}, "this chain has no other pools"
            sold = have[coin_in] * share // WHOLE
            x, y = ledger.reserves[pool]
            if coin_in == money:
                out = _out(sold, x, y)
                ledger.reserves[pool] = x + sold, y - out
            else:
                moved = sold - sold * paid.sell_tax_bps // BPS
                out = _out(moved, y, x)
                ledger.reserves[pool] = x - out, y + moved
            have[coin_in] -= sold
            have[coin_out] = have.get(coin_out, 0) + out
            touched.append(pool)
        if token_out == self.quote:
            self._came_back(ledger.purses[tx.sender], token_out, have[money], min_out)
            return
        tax = self.tokens[token_out].buy_tax_bps
        received = have[token_out] - have[token_out] * tax // BPS
        if received < min_out:
            raise Reverted("too little out")
        tokens = ledger.purses[tx.sender].tokens
        tokens[token_out] = tokens.get(token_out, 0) + received - received * tax // BPS

    def _came_back(self, purse: Purse, token: str, amount: int, min_out: int) -> None:
        if amount < min_out:
            raise Reverted("too little out")
        if token == NATIVE:
            purse.native += amount
        else:
            purse.tokens[token] += amount

    def _send(self, ledger: Ledger, tx: Tx) -> None:
        """Money goes to another wallet of the account, or to one that nothing is known of."""
        purse, nobody = ledger.purses[tx.sender], Purse()
        if not tx.data:
            purse.native -= tx.value
            ledger.purses.get(tx.to, nobody).native += tx.value
            return
        to, amount = TRANSFER.decode_call(tx.data)
        if purse.tokens.get(tx.to, 0) < amount:
            raise Reverted("balance")
        purse.tokens[tx.to] -= amount
        there = ledger.purses.get(to, nobody).tokens
        there[tx.to] = there.get(tx.to, 0) + amount

    def _pay(self, ledger: Ledger, token: str, amount: int, tx: Tx) -> None:
        purse = ledger.purses[tx.sender]
        if token == NATIVE:
            assert tx.value == amount
            purse.native -= amount
            return
        key = f"{token}@{tx.to}"
        if purse.allowances.get(key, 0) < amount:
            raise Reverted("allowance")
        if purse.tokens.get(token, 0) < amount:
            raise Reverted("balance")
        purse.allowances[key] -= amount
        purse.tokens[token] -= amount

    def _sync(self, ledger: Ledger, pool: str) -> tuple[str, tuple[str, ...], bytes]:
        x, y = ledger.reserves[pool]
        return pool, (SYNC.topic,), _word(x) + _word(y)


def created(pool: str, money: str, token: str) -> tuple[str, tuple[str, ...], bytes]:
    """The factory's log; coin 0 is the money."""
    topics = (PAIR_CREATED.topic, "0x" + _word(money).hex(), "0x" + _word(token).hex())
    return FACTORY, topics, _word(pool) + _word(1)


def _out(paid: int, x: int, y: int) -> int:
    """UniswapV2Library.getAmountOut with a fee of 30 bps."""
    return paid * 997 * y // (x * 1000 + paid * 997)


def hash_of(tx: Tx) -> str:
    return "0x" + sha256(encode(tx)).hexdigest()


# ---- the world ----

Checks = tuple[CheckWiring, ...]


def target(name: str = "target", *, simulates: bool = False, **config: int) -> ExitWiring:
    return ExitWiring(name=name, exit=Target, config=TargetConfig(**config), simulates_sales=simulates)


@dataclass(frozen=True)
class Setup:
    """What a world is made of. ``strategies``: name and exits of each, which are all ``trader`` where that is given."""

    tokens: int = 2
    quote: str = NATIVE
    checks: Checks = ()
    strategies: tuple[tuple[str, tuple[ExitWiring, ...]], ...] = (("script", (target(),)),)
    execution: ExecutionWiring = field(default_factory=ExecutionWiring)
    finality: int = FINALITY
    max_pools: int = 1_000
    signs: bool = True
    sizer: Sizer | None = field(default_factory=AsAsked)
    venue: Venue = field(default_factory=Venue)
    other_venue: Venue | None = None
    twins: bool = False
    rate: bool = False
    atomic: bool = False
    amm: type[ConstantProduct] = ConstantProduct
    watches: tuple[WatchWiring, ...] = ()
    treasury: TreasuryWiring | None = None
    first: str = OWNER
    further: tuple[str, ...] = ()
    fee: FeeEstimator = field(default_factory=lambda: Flat(config=Config()))
    rollup: Rollup | None = None
    legacy: bool = False
    others: tuple[tuple[str, int], ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    trader: tuple[type[Strategy], Config] | None = None
    desks: tuple[DeskWiring, ...] = ()

    def kernel(self, report: Callable[[str, Exception], None]) -> Kernel:
        config = ConstantProductConfig(factories=(FACTORY,), fee_bps=30)
        amm = AmmWiring(name="pairs", plugin="constant-product", amm=self.amm, config=config, factories=(FACTORY,))
        chain = ChainWiring(
            chain_id=CHAIN,
            wrapped_native=WETH,
            fee=self.fee,
            quotes=() if self.quote == NATIVE else (self.quote,),
            finality=self.finality,
            max_pools=self.max_pools,
            amms=(amm,),
            rollup=self.rollup,
            legacy=self.legacy,
            atomic=self.atomic,
        )
        strategies = tuple(
            StrategyWiring(name=name, strategy=runs, config=config, sizer=self.sizer, venue="", exits=exits)
            for name, exits in self.strategies
            for runs, config in [self.trader or (Script, ScriptConfig(name=name))]
        )
        account = AccountWiring(
            name=ACCOUNT,
            chain_id=CHAIN,
            address=self.first,
            quote=self.quote,
            strategies=strategies,
            checks=self.checks,
            execution=self.execution,
            watches=self.watches,
            treasury=self.treasury,
            further=self.further,
            claims=self.claims,
            desks=self.desks,
        )
        venues: dict[str, OnChainVenue] = {"router": self.venue}
        if self.other_venue is not None:
            venues["other"] = self.other_venue
        return Kernel(Wiring(chains=(chain,), venues=venues, accounts=(account,), signs=self.signs), report)


class World:
    """A kernel, a fake chain, and the fake shell between them. Nothing happens unless it is called for.

    inputs   All that the kernel was told; ``facts``: all that it decided, per input.
    asks     What left the kernel and is not answered; ``held``: answers that were made and did not arrive yet.
    shadow   A book folded from the facts alone, beside the live one.
    """

    def __init__(self, setup: Setup = Setup(), *, start: bool = True) -> None:
        self.setup = setup
        wallets = (setup.first, *setup.further)
        self.chain = FakeChain(setup.tokens, setup.quote, twins=setup.twins, rate=setup.rate, wallets=wallets)
        self.now = 1_000 * SECOND
        self.reports: list[str] = []
        self.kernel = setup.kernel(self._report)
        self.inputs: list[Event] = []
        self.facts: list[list[f.Fact]] = []
        self.asks: dict[str, Ask] = {}
        self.held: list[Event] = []
        self.told: list[Event] = []
        self.seen: list[tuple[int, str]] = []
        self.sent: list[tuple[str, Tx]] = []
        self.durable = 0
        self.shadow = Book(account=ACCOUNT)
        self.evidence = Seen(good=True)
        self.others = dict(setup.others)
        """What other wallets had at first, wei."""
        self.prices: RollupFees | None = None
        """What the rollup's contracts say; None: no answer."""
        self.readable = True
        """Whether pools can be read from the chain."""
        if start:
            self.tell(Started(time=self.tick(), mode="live"))
            self.deliver()
            self.answer_all()

    # ---- telling ----

    @property
    def account(self) -> Any:  # Any: tests look inside
        return self.kernel.accounts[ACCOUNT]

    @property
    def book(self) -> Book:
        return self.kernel.accounts[ACCOUNT].book

    def script(self, name: str = "script") -> Script:
        strategy = self.kernel.accounts[ACCOUNT].instances[name].strategy
        assert isinstance(strategy, Script)
        return strategy

    def tick(self, ns: int = 1_000_000) -> int:
        self.now += ns
        return self.now

    def tell(self, event: Event) -> list[f.Fact]:
        """Hand one event to the kernel, as the shell does; the facts that it led to."""
        self.kernel.handle(event)
        decided = [fact for _, fact in self.kernel.facts]
        self.kernel.facts = []
        self.inputs.append(event)
        self.facts.append(decided)
        for fact in decided:
            fold(self.shadow, fact)
        for ask in self.kernel.asks:
            assert ask.id not in self.asks or not ask.account, f"{ask.id} left twice"
            self.asks[ask.id] = ask
            if ask.is_command:
                self.durable = len(self.inputs)
        self.kernel.asks = []
        return decided

    def cue(self, do: str, token: int = 1, *, instance: str = "script", **more: Any) -> list[f.Fact]:
        return self.tell(Cue(time=self.tick(), instance=instance, do=do, token=token_of(token), **more))

    def open(self, token: int = 1, amount: int = ETHER // 10, *, instance: str = "script") -> list[f.Fact]:
        return self.cue("open", token, instance=instance, amount=amount)

    def close(self, token: int = 1, share_bps: int = BPS) -> list[f.Fact]:
        return self.tell(ClosePosition(time=self.tick(), account=ACCOUNT, token=token_of(token), share_bps=share_bps))

    def kill(self, level: str) -> list[f.Fact]:
        return self.tell(KillSwitch(time=self.tick(), account="*", level=level))

    def life(self, action: str, parameters: str = "", instance: str = "script") -> list[f.Fact]:
        return self.tell(
            StrategyLife(time=self.tick(), account=ACCOUNT, instance=instance, action=action, parameters=parameters)
        )

    def clock(self, at: int) -> list[f.Fact]:
        self.now = max(self.now, at)
        return self.tell(Clock(time=self.now))

    # ---- the feed ----

    def deliver(self, most: int = 1_000) -> None:
        """Bring the kernel up to the chain, by at most so many blocks; a reorg first where there was one."""
        blocks = self.chain.blocks
        if self.seen and self._gone(*self.seen[-1]):
            while self.seen and self._gone(*self.seen[-1]):
                self.seen.pop()
            ancestor = self.seen[-1][0] if self.seen else blocks[0].number - 1
            self.tell(Reorg(time=self.tick(), chain_id=CHAIN, ancestor=ancestor))
        following = [block for block in blocks if not self.seen or block.number > self.seen[-1][0]]
        for block in following[:most]:
            self.seen.append((block.number, block.hash))
            self.tell(self._header(block))
            for index, (emitter, topics, data) in enumerate(block.logs):
                self.tell(
                    Log(
                        time=self.tick(1),
                        chain_id=CHAIN,
                        block=block.number,
                        tx_hash=f"{block.hash}/{index // 2}",
                        index=index,
                        address=emitter,
                        topics=topics,
                        data=data,
                    )
                )

    def _gone(self, number: int, block_hash: str) -> bool:
        block = self.chain.at(number)
        return block is None or block.hash != block_hash

    def _header(self, block: Mined) -> Block:
        parent = self.chain.at(block.number - 1)
        return Block(
            time=self.tick(12 * SECOND),
            chain_id=CHAIN,
            number=block.number,
            hash=block.hash,
            parent=parent.hash if parent else "",
            timestamp=self.now // SECOND,
            base_fee=self.chain.base_fee,
            gas_used=15_000_000,
            gas_limit=30_000_000,
        )

    def mine(self, **how: Any) -> Mined:
        """A block, and the kernel hears of it."""
        mined = self.chain.mine(**how)
        self.deliver()
        return mined

    # ---- the shell ----

    def asked(self, kind: type, *, purpose: str = "") -> list[Ask]:
        """Open asks of a kind, oldest first."""
        return [
            ask
            for ask in self.asks.values()
            if isinstance(ask.body, kind) and (not purpose or _purpose(ask) == purpose)
        ]

    def answer(self, ask: Ask, **how: Any) -> list[f.Fact]:
        """Answer one ask, honestly unless ``how`` says otherwise; see `make`."""
        return self.tell(self.make(ask, **how))

    def make(self, ask: Ask, *, how: str = "") -> Event:
        """The answer to an ask as the chain stands now; the ask counts as answered.

        ``how``: ``late`` (deadline passed; nothing was done), ``lost`` (it was done, no answer), ``refused``, or for a
        broadcast any outcome that did not reach the mempool.
        """
        self.asks.pop(ask.id, None)
        body = ask.body
        if how == "lost" and isinstance(body, Send):
            self.broadcast(body)
        if how in ("late", "lost", "refused"):
            code = "signer-refused" if how == "refused" else "deadline"
            event: Event = AskFailed(time=self.tick(), account=ask.account, ask=ask.id, code=code, message=how)
        else:
            event = _ANSWERS[type(body)](self, ask, how)
        if isinstance(event, Answer):
            self.told.append(event)
        return event

    def given(self, wallet: str, block: int) -> int:
        """What another wallet was sent by the blocks of the present branch up to this one, wei."""
        receipts = (r for mined in self.chain.blocks if mined.number <= block for r in mined.receipts.values())
        return sum(r.tx.value for r in receipts if r.ok and r.tx.to == wallet)

    def hold(self, ask: Ask, **how: Any) -> None:
        """Make the answer now, to arrive later; see `release`."""
        self.held.append(self.make(ask, **how))

    def release(self, index: int = 0) -> list[f.Fact]:
        return self.tell(self._again(self.held.pop(index)))

    def repeat(self, index: int = -1) -> list[f.Fact]:
        """An answer arrives a second time."""
        return self.tell(self._again(self.told[index]))

    def _again(self, event: Event) -> Event:
        return replace(event, time=self.tick())  # type: ignore[type-var]  # events are structs at run time

    def answer_all(self, *kinds: type) -> None:
        """Answer honestly until nothing of these kinds (default: any) is open."""
        for _ in range(1_000):
            ask = next((a for a in self.asks.values() if not kinds or isinstance(a.body, kinds)), None)
            if ask is None:
                return
            self.answer(ask)
        raise AssertionError(f"asks never end: {list(self.asks)[:5]}")

    def broadcast(self, body: Send) -> str:
        """All of it, in order, up to what the node refuses; what goes together waits in the pool like all else."""
        assert self.setup.atomic or not body.submission.before
        for submission in (*body.submission.before, body.submission):
            tx = decode(submission.raw, Tx)
            assert hash_of(tx) == submission.tx_hash
            self.sent.append((submission.attempt, tx))
            outcome = self.chain.accept(tx)
            if outcome not in ("accepted", "known"):
                break
        return outcome

    def crash(self, lose: int = 0) -> None:
        """The process dies and another recovers from the journal. ``lose``: inputs that were not durable yet; with one
        log goes its whole block, as they are one frame."""
        durable, kept = self.durable, len(self.inputs) - lose
        while self._parts_a_block(durable):
            durable += 1
        while self._parts_a_block(kept):
            kept -= 1
        inputs = self.inputs[: max(durable, kept)]
        kernel = self.setup.kernel(self._report)
        again = []
        for event in inputs:
            kernel.handle(event)
            again.append([fact for _, fact in kernel.facts])
            kernel.facts = []
            kernel.asks = []
        _same(inputs, again, self.facts)
        self.kernel = kernel
        self.inputs, self.facts = inputs, again
        self.shadow = Book(account=ACCOUNT)
        for facts in again:
            for fact in facts:
                fold(self.shadow, fact)
        self.asks = {}
        self.held = []
        self._rewind_feed()
        unanswered = [ask for ask in self.book.asks.values() if not ask.is_command]
        self.tell(Started(time=self.tick(), mode="live"))
        for ask in unanswered:
            if ask.id in self.book.asks:
                self.asks.setdefault(ask.id, ask)

    def _parts_a_block(self, position: int) -> bool:
        return 0 < position < len(self.inputs) and isinstance(self.inputs[position], Log)

    def _rewind_feed(self) -> None:
        """The feed goes on behind the newest block of the journal."""
        self.seen = []
        for event in self.inputs:
            if isinstance(event, Block):
                self.seen.append((event.number, event.hash))
            elif isinstance(event, Reorg):
                self.seen = [(number, h) for number, h in self.seen if number <= event.ancestor]

    def _report(self, what: str, error: Exception) -> None:
        self.reports.append(f"{what}: {error}")

    def restart(self) -> None:
        """Another kernel goes on from a snapshot of this one."""
        state = dump(self.kernel)
        kernel = self.setup.kernel(self._report)
        assert restore(kernel, state) == ()
        assert dump(kernel) == state
        self.kernel = kernel

    # ---- scenes that many tests begin with ----

    def bought(self, token: int = 1, amount: int = ETHER // 10) -> None:
        """Open a position and carry it through, approval of the exit included."""
        self.open(token, amount)
        self.settle()
        assert self.book.positions[token_of(token)].amount

    def settle(self, rounds: int = 8) -> None:
        """Honest answers and full blocks until no order is left."""
        for _ in range(rounds):
            self.answer_all()
            if not self.book.orders:
                return
            self.mine()
        self.answer_all()

    # ---- what must hold ----

    def all_facts(self) -> Iterator[f.Fact]:
        for facts in self.facts:
            yield from facts

    def of(self, kind: type) -> list[Any]:  # Any: the facts of that kind
        return [fact for fact in self.all_facts() if type(fact) is kind]

    def check(self) -> None:
        """What must hold after every event."""
        book = self.book
        assert encode(book) == encode(self.shadow), "the book is not the fold of its facts"
        for name in Index.__slots__:
            assert getattr(book.indexed, name) == getattr(Index(book), name), (
                f"the index has other {name} than the book"
            )
        assert all(amount >= 0 for amount in (*book.cash.values(), *book.purses.values())), (book.cash, book.purses)
        for asset, amount in book.cash.items() if book.wallets else ():
            assert sum(book.cash_of(asset, wallet) for wallet in book.wallets) == amount, "the purses are not the cash"
        orders = [*book.orders.values(), *book.ended.values()]
        positions = [*book.positions.values(), *book.closed.values()]
        assert all(p.amount >= 0 and p.cost >= 0 for p in positions)
        assert all(0 <= order.filled <= order.placed.amount_in for order in orders)
        assert all(o.cash >= 0 and o.gas >= 0 and o.exit_gas >= 0 for o in orders)
        assert not set(book.positions) & set(book.closed), "a position is held and closed at once"
        quote = f"{CHAIN}:{self.setup.quote}"
        costs = sum(p.cost for p in positions)
        realised = deposits = gas = 0
        signed: dict[tuple[str, int], str] = {}
        intents: set[str] = set()
        went_out: dict[str, int] = {}
        transfers = {fact.order: fact.quote for fact in self.of(f.OrderPlaced) if fact.side == "transfer"}
        for fact in self.all_facts():
            if type(fact) is f.Booked:
                realised += fact.realised
                gas += fact.gas
                if fact.order in transfers:
                    asset = transfers[fact.order]
                    went_out[asset] = went_out.get(asset, 0) - fact.cash
            elif type(fact) is f.Adjusted and fact.asset == quote:
                deposits += fact.delta
            elif type(fact) is f.OrderPlaced:
                assert fact.intent not in intents, "two orders for one intent"
                intents.add(fact.intent)
        assert book.cash.get(quote, 0) + costs - realised + went_out.get(quote, 0) == deposits
        if self.setup.quote != NATIVE:
            native = f"{CHAIN}:{NATIVE}"
            given = sum(fact.delta for fact in self.of(f.Adjusted) if fact.asset == native)
            assert book.cash.get(native, 0) + gas + went_out.get(native, 0) == given
        for attempt, tx in self.sent:
            order = attempt.partition("#")[0]
            nonce = tx.sender, tx.nonce
            assert signed.setdefault(nonce, order) == order, f"nonce {nonce} was sent for two orders"
        bought: set[str] = set()
        hashes = {hash_of(tx): attempt.partition("#")[0] for attempt, tx in self.sent}
        for block in self.chain.blocks:
            for tx_hash, receipt in block.receipts.items():
                if receipt.tx.purpose == "entry" and receipt.ok:
                    assert hashes[tx_hash] not in bought, "bought twice"
                    bought.add(hashes[tx_hash])
        for guard in self.account.exits.guards.values():
            if guard.pool is not None:
                assert guard.value(guard.pool) == _priced(guard), "a position is valued by what its pool was before"

    def check_replay(self) -> None:
        """The same inputs give the same facts, byte for byte."""
        kernel = self.setup.kernel(lambda what, error: None)
        again = []
        for event in self.inputs:
            kernel.handle(event)
            again.append([fact for _, fact in kernel.facts])
            kernel.facts = []
        _same(self.inputs, again, self.facts)
        assert encode(kernel.accounts[ACCOUNT].book) == encode(self.book)

    def check_against_chain(self) -> None:
        """Books and ledger agree to the unit."""
        quote, native = f"{CHAIN}:{self.setup.quote}", f"{CHAIN}:{NATIVE}"
        for wallet, purse in self.chain.ledger.purses.items():
            assert self.book.cash_of(native, wallet) == purse.native
            if quote != native:
                assert self.book.cash_of(quote, wallet) == purse.tokens[self.setup.quote]
            for token in self.chain.tokens:
                held = self.book.positions.get(f"{CHAIN}:{token}")
                here = held is not None and held.wallet == self.book.whose(wallet)
                assert (held.amount if held and here else 0) == purse.tokens.get(token, 0)
        granted = {
            allowance_id(f"{CHAIN}:{token}", spender, self.book.whose(wallet)): amount
            for wallet, purse in self.chain.ledger.purses.items()
            for (token, spender), amount in ((key.split("@"), amount) for key, amount in purse.allowances.items())
            if amount
        }
        for key in {*granted, *self.book.allowances}:
            # After a sale that reverted the books doubt an allowance: 0, or 1 where its reset is due.
            assert self.book.allowances.get(key, 0) in (granted.get(key, 0), 0, 1)


def _priced(guard: Guard) -> int | None:
    """What selling a position would bring, by the state of its pool as it is."""
    try:
        return guard.quote(guard.position.amount)
    except Unpriced:
        return None
    except NoLiquidity:
        return 0


def _same(inputs: list[Event], again: list[list[f.Fact]], facts: list[list[f.Fact]]) -> None:
    """The same facts, byte for byte; says the first input that was decided otherwise."""
    for event, mine, theirs in zip(inputs, again, facts, strict=False):
        if [encode(fact) for fact in mine] != [encode(fact) for fact in theirs]:
            raise AssertionError(f"on {event}\ndecided {theirs}\nand now {mine}")


def _purpose(ask: Ask) -> str:
    body = ask.body
    if isinstance(body, Sign):
        return body.purpose
    return body.submission.purpose if isinstance(body, Send | Settle) else ""


# ---- answers ----


def _probe(world: World, ask: Ask, how: str) -> Event:
    evidence = world.evidence if how != "bad" else Seen(good=False)
    return ProbeAnswered(
        time=world.tick(),
        account=ask.account,
        ask=ask.id,
        evidence=b"\xc1garbage" if how == "garbage" else encode(evidence),
    )


def _propose(world: World, ask: Ask, how: str) -> Event:
    """In proportion to what the pools hold; ``bad``: legs that are no route."""
    body = ask.body
    assert isinstance(body, ProposeRoute)
    route, reserves = body.route, world.chain.ledger.reserves
    ends = {route.token_in, route.token_out}
    pools = [pool for pool, token in world.chain.pool_tokens.items() if token in ends]
    coins = {"token_in": route.token_in, "token_out": route.token_out}
    legs = split([(Leg(pool=pool, **coins), reserves[pool][0]) for pool in pools], route.token_in, route.token_out)
    if how == "bad":
        legs = (legs[0], legs[0])
    proposal = Proposal(legs=legs, expected=0, method="split", bound=None)
    proposals = () if how == "nothing" else (proposal,)
    return RouteProposed(time=world.tick(), account=ask.account, ask=ask.id, proposals=proposals)


def _sign(world: World, ask: Ask, how: str) -> Event:
    body = ask.body.sign if isinstance(ask.body, Presign) else ask.body
    assert isinstance(body, Sign)
    tx = Tx(
        nonce=body.nonce,
        max_priority_fee=body.bid.max_priority_fee,
        max_fee=body.bid.max_fee,
        gas=body.gas,
        to=body.to,
        value=body.value,
        data=body.data,
        purpose=body.purpose,
        sender=body.sender,
    )
    return Signed(time=world.tick(), account=ask.account, ask=ask.id, raw=encode(tx), tx_hash=hash_of(tx))


def _send(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, Send)
    outcome = how or world.broadcast(body)
    return Sent(time=world.tick(), account=ask.account, ask=ask.id, outcome=outcome, message=outcome)


def _settle(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, Settle)
    found = world.chain.receipt(body.submission.tx_hash)
    if found is None:
        return Settled(time=world.tick(), account=ask.account, ask=ask.id, included=False)
    block, receipt = found
    tokens = dict.fromkeys(token for token, _ in body.submission.held)
    return Settled(
        time=world.tick(),
        account=ask.account,
        ask=ask.id,
        included=True,
        ok=receipt.ok,
        block=block.number,
        block_hash=block.hash,
        gas_used=receipt.gas_used,
        gas_price=receipt.gas_price,
        native_delta=receipt.native_delta,
        balances=tuple((token, world.chain.balance(block, token, receipt.tx.sender)) for token in tokens),
        revert_reason=receipt.reason,
        quote_delta=receipt.quote_delta or None,
        data_fee=receipt.data_fee,
    )


def _simulate(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, SimulateSell)
    pool = body.pool.partition(":")[2]
    x, y = world.chain.ledger.reserves[pool]
    token = world.chain.tokens[body.token.partition(":")[2]]
    moved = body.amount - body.amount * token.sell_tax_bps // BPS
    return SellSimulated(
        time=world.tick(),
        account=ask.account,
        ask=ask.id,
        token=body.token,
        block=world.chain.head.number,
        quoted=_out(body.amount, y, x) if world.account.pool(body.pool) else 0,
        received=_out(moved, y, x) if token.sellable else 0,
        reverted="" if token.sellable else "trading is off",
    )


def _balances(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, ReadBalances)
    head = world.chain.head
    purse = head.ledger.purses[body.owner]
    return BalancesRead(
        time=world.tick(),
        account=ask.account,
        ask=ask.id,
        chain_id=CHAIN,
        block=head.number,
        nonce=purse.nonce,
        native=purse.native,
        balances=tuple((token, world.chain.balance(head, token, body.owner)) for token in body.tokens),
    )


def _read_pool(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, ReadPool)
    block, wiring = world.chain.at(body.block), world.kernel.market.chains[CHAIN].amms[body.amm]
    if how or not world.readable or block is None or body.pool not in block.ledger.reserves:
        return AskFailed(time=world.tick(), account="", ask=ask.id, code="call-reverted", message="no such pool")
    impl = world.setup.amm(config=wiring.config, reserves=block.ledger.reserves[body.pool])
    if isinstance(impl, Drifting):
        impl.drift, impl.syncs = block.ledger.drift, world.chain.syncs(body.pool, body.block)
    return PoolRead(
        time=world.tick(),
        chain_id=CHAIN,
        pool=body.pool,
        amm=body.amm,
        block=body.block,
        coins=(WETH if world.setup.quote == NATIVE else world.setup.quote, world.chain.pool_tokens[body.pool]),
        state=encode_state(impl),
        ask=ask.id,
        listed=body.listed,
    )


def _read_rollup(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, ReadRollup)
    if world.prices is None:
        return AskFailed(time=world.tick(), account="", ask=ask.id, code="rpc", message="no such contract")
    return RollupRead(time=world.tick(), chain_id=CHAIN, block=body.block, fees=world.prices)


def _read_gas(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, ReadGas)
    block = world.chain.at(body.block)
    own = block.ledger.purses if block is not None else {}
    held = {wallet: world.others.get(wallet, 0) + world.given(wallet, body.block) for wallet in body.wallets}
    held |= {wallet: own[wallet].native for wallet in body.wallets if wallet in own}
    return GasRead(time=world.tick(), account=ask.account, ask=ask.id, block=body.block, balances=tuple(held.items()))


def _describe(world: World, ask: Ask, how: str) -> Event:
    body = ask.body
    assert isinstance(body, DescribeToken)
    return TokenDescribed(
        time=world.tick(), chain_id=CHAIN, token=body.token, symbol="T", decimals=18, deployer=address(0xDE)
    )


_ANSWERS: dict[type, Callable[[World, Ask, str], Event]] = {
    Probe: _probe,
    ProposeRoute: _propose,
    Sign: _sign,
    Presign: _sign,
    Send: _send,
    Settle: _settle,
    SimulateSell: _simulate,
    ReadBalances: _balances,
    DescribeToken: _describe,
    ReadPool: _read_pool,
    ReadRollup: _read_rollup,
    ReadGas: _read_gas,
}
