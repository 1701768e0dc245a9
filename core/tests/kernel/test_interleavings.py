"""Every fault in every interleaving: money stays exact, limits hold, nothing is bought twice.

HYPOTHESIS_PROFILE is ``ci`` (the default: the same examples each time) or ``long``.
"""

import os
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    FINALITY,
    FUNDS,
    SECOND_WALLET,
    USD,
    WETH,
    Looks,
    MostOpen,
    Setup,
    SpendLimit,
    Splitting,
    Token,
    World,
    address,
    hash_of,
    pool_of,
    target,
    token_of,
    twin_of,
)

from sniper.events import AskFailed, Settled, Transfer
from sniper.kernel import facts
from sniper.kernel.asks import Ask, Presign, Probe, ProposeRoute, ReadBalances, Send, Settle, Sign, SimulateSell
from sniper.kernel.orders import IN_FLIGHT
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import CheckWiring, ExecutionWiring, TreasuryWiring
from sniper.proposal import Leg
from sniper.types import BPS, DAY, NATIVE, SECOND

LIMIT = 6 * ETHER // 10
COLD = "0x" + "c0" * 20
TOKENS = 3

NATIVE_PURSE = Setup(
    tokens=TOKENS,
    checks=(
        CheckWiring("limit", SpendLimit(limit=LIMIT)),
        CheckWiring("looks", Looks()),
        CheckWiring("most", MostOpen(most=2), policy=True),
    ),
    strategies=(
        ("script", (target(take=15_000, stop=5_000, simulates=True),)),
        ("second", (target(max_age=90 * SECOND),)),
    ),
    execution=ExecutionWiring(replace_after_blocks=2, max_attempts=3, stuck_after=2, read_wallet_blocks=3),
    treasury=TreasuryWiring(to=(COLD,), sweep_above=9 * ETHER, keep=8 * ETHER),
)
ERC20_PURSE = replace(NATIVE_PURSE, quote=USD)
ROUTED_PURSE = replace(
    ERC20_PURSE, twins=True, venue=Splitting(), execution=replace(ERC20_PURSE.execution, routes=True)
)
CYCLING_PURSE = replace(
    NATIVE_PURSE,
    twins=True,
    venue=Splitting(),
    checks=tuple(replace(check, policy=False) for check in NATIVE_PURSE.checks),
)
HOW: dict[type, tuple[str, ...]] = {
    Probe: ("", "", "", "bad", "garbage", "late"),
    ProposeRoute: ("", "", "", "bad", "nothing", "late"),
    Sign: ("", "", "", "", "refused", "late"),
    Presign: ("", "", "", "refused", "late"),
    Send: ("", "", "", "lost", "late", "rejected", "insufficient-funds", "underpriced", "nonce-too-low", "not-sent"),
    Settle: ("", "", "", "late"),
    ReadBalances: ("", "", "late"),
    SimulateSell: ("", "late"),
}
pick = st.integers(min_value=0, max_value=1_000)
tokens = st.integers(min_value=1, max_value=TOKENS)


class Interleavings(RuleBasedStateMachine):
    """Rules are what people, feeds, nodes and crashes do; each leads to some events, in any order."""

    setup = NATIVE_PURSE

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.setup)
        self.highest = 0
        self.world.bought(1, 2 * ETHER // 10)

    # ---- people and strategies ----

    @rule(token=tokens, amount=st.integers(1, 3), instance=st.sampled_from(("script", "script", "second")))
    def opens(self, token: int, amount: int, instance: str) -> None:
        self.world.open(token, amount * ETHER // 10, instance=instance)

    @rule(token=tokens, share=st.sampled_from((BPS, BPS, 3_333)), by_hand=st.booleans())
    def closes(self, token: int, share: int, by_hand: bool) -> None:
        if by_hand:
            self.world.close(token, share)
        else:
            self.world.cue("close", token, share_bps=share)

    @rule(tenths=st.integers(0, 30), native=st.booleans(), to=pick, wallet=pick)
    def sends(self, tenths: int, native: bool, to: int, wallet: int) -> None:
        own = self.world.account.wallets.addresses
        ends = (COLD, *own) if len(own) > 1 else (COLD,)
        event = Transfer(
            time=self.world.tick(),
            account=ACCOUNT,
            asset=f"{CHAIN}:{NATIVE if native else self.world.setup.quote}",
            to=ends[to % len(ends)],
            amount=tenths * ETHER // 10,
            wallet=("", *own)[wallet % (1 + len(own))],
        )
        self.world.tell(event)

    @rule(level=st.sampled_from(("off", "off", "off", "no-entries", "flatten", "freeze")))
    def kills(self, level: str) -> None:
        self.world.kill(level)

    @rule(action=st.sampled_from(("start", "start", "pause", "drain", "remove")))
    def lives(self, action: str) -> None:
        self.world.life(action)

    # ---- the shell ----

    @precondition(lambda self: self.world.asks)
    @rule(index=pick, how=pick)
    def answers(self, index: int, how: int) -> None:
        ask = self._ask(index)
        self.world.answer(ask, how=self._how(ask, how))

    @precondition(lambda self: self.world.asks)
    @rule(most=st.integers(1, 6))
    def answers_well(self, most: int) -> None:
        for ask in list(self.world.asks.values())[:most]:
            if ask.id in self.world.asks:
                self.world.answer(ask)

    @rule(blocks=st.integers(1, 3))
    def goes_well(self, blocks: int) -> None:
        for _ in range(blocks):
            self.world.answer_all()
            self.world.mine()
        self.world.answer_all()

    @precondition(lambda self: self.world.asks)
    @rule(index=pick, how=pick)
    def holds(self, index: int, how: int) -> None:
        ask = self._ask(index)
        self.world.hold(ask, how=self._how(ask, how))

    @precondition(lambda self: self.world.held)
    @rule(index=pick)
    def releases(self, index: int) -> None:
        self.world.release(index % len(self.world.held))

    @precondition(lambda self: self.world.told)
    @rule(index=pick)
    def repeats(self, index: int) -> None:
        self.world.repeat(index % len(self.world.told))

    @rule()
    def answers_nothing(self) -> None:
        for event in (
            Settled(time=self.world.tick(), account=ACCOUNT, ask="main/script/9.0#9?settle-9", included=True, ok=True),
            AskFailed(time=self.world.tick(), account=ACCOUNT, ask="main?wallet-999", code="deadline", message=""),
        ):
            assert self.world.tell(event) == []

    @rule(lose=st.integers(0, 6))
    def crashes(self, lose: int) -> None:
        self.world.crash(lose)

    @rule()
    def recovers_from_a_snapshot(self) -> None:
        """Goes on with a kernel that was made from the state of this one; the replay at the end must not notice."""
        world = self.world
        restored = self.setup.kernel(lambda what, error: None)
        assert restore(restored, dump(world.kernel)) == ()
        world.kernel = restored

    @rule(seconds=st.integers(1, 100))
    def waits(self, seconds: int) -> None:
        self.world.clock(self.world.now + seconds * SECOND)

    # ---- the chain ----

    @rule(
        most=st.sampled_from((0, 1, 2, 100, 100)),
        token=tokens,
        trade=st.sampled_from((0, 0, 5 * ETHER, 60 * ETHER, -(10**23))),
        deliver=st.booleans(),
    )
    def mines(self, most: int, token: int, trade: int, deliver: bool) -> None:
        self.world.chain.mine(most=most, trades=((pool_of(token), trade),) if trade else ())
        if deliver:
            self.world.deliver()

    @rule(most=st.integers(1, 3))
    def delivers(self, most: int) -> None:
        self.world.deliver(most)

    @rule(depth=st.integers(1, 5), keep=st.booleans(), deliver=st.booleans())
    def reorganises(self, depth: int, keep: bool, deliver: bool) -> None:
        chain = self.world.chain
        self.highest = max(self.highest, chain.head.number)
        if chain.head.number - depth <= max(1, self.highest - FINALITY + 1):
            return
        chain.reorg(depth, keep=keep)
        for _ in range(depth if deliver else 0):
            chain.mine(most=1)
        if deliver:
            self.world.deliver()

    @precondition(lambda self: self.world.chain.mempool)
    @rule(index=pick)
    def forgets(self, index: int) -> None:
        mempool = self.world.chain.mempool
        tx_hash = sorted(mempool)[index % len(mempool)]
        del mempool[tx_hash]

    @rule(spent=st.integers(0, 5), deposit=st.integers(0, 5))
    def uses_wallet_elsewhere(self, spent: int, deposit: int) -> None:
        self.world.mine(most=1, outside=spent * ETHER // 100 if spent else None, deposit=deposit * ETHER // 100)

    @rule(token=tokens, kind=st.sampled_from(("fine", "fine", "trap", "tax", "reset", "unapprovable")))
    def changes_token(self, token: int, kind: str) -> None:
        self.world.chain.tokens[token_of(token).partition(":")[2]] = {
            "fine": Token(),
            "trap": Token(sellable=False),
            "tax": Token(buy_tax_bps=500, sell_tax_bps=900),
            "reset": Token(reset_first=True),
            "unapprovable": Token(approvable=False),
        }[kind]

    def _ask(self, index: int) -> Ask:
        asks = list(self.world.asks.values())
        return asks[index % len(asks)]

    def _how(self, ask: Ask, how: int) -> str:
        ways = HOW.get(type(ask.body), ("",))
        found = ways[how % len(ways)]
        if found == "not-sent" and isinstance(ask.body, Send):
            leaving = {each.tx_hash for each in (*ask.body.submission.before, ask.body.submission)}
            certain = all(hash_of(tx) not in leaving for _, tx in self.world.sent)
            return found if certain else "late"
        return found

    # ---- what must hold ----

    @invariant()
    def money_is_exact(self) -> None:
        self.world.check()

    @invariant()
    def limits_hold(self) -> None:
        """But for what only a reorg made of it: an entry that had failed may yet succeed in another block, and what was
        sold may be held again."""
        again = self._revived()
        assert self.world.account.view.spent(last_ns=DAY, place=str(CHAIN)) <= LIMIT + sum(again.values())
        assert len(self.world.book.positions) <= 2 + len(again) + len(self._taken_back())

    def _taken_back(self) -> set[str]:
        """Tokens of which a reorg took back a sale."""
        sales = {
            fact.order: fact.token
            for fact in self.world.all_facts()
            if isinstance(fact, facts.OrderPlaced) and fact.side == "reduce"
        }
        reopened = (fact for fact in self.world.all_facts() if isinstance(fact, facts.OrderReopened))
        return {sales[fact.order] for fact in reopened if fact.order in sales}

    def _revived(self) -> dict[str, int]:
        placed: dict[str, int] = {}
        failed: set[str] = set()
        revived: dict[str, int] = {}
        for fact in self.world.all_facts():
            if isinstance(fact, facts.OrderPlaced) and fact.side == "increase":
                placed[fact.order] = fact.amount_in
            elif isinstance(fact, facts.OrderEnded) and fact.order in placed:
                failed.add(fact.order)
            elif isinstance(fact, facts.OrderReopened) and fact.order in failed:
                revived[fact.order] = placed[fact.order]
        return revived

    def teardown(self) -> None:
        """The storm is over: everybody answers truly, and the books must come to agree with the chain."""
        world = self.world
        if not world.inputs:
            return
        for n in range(1, TOKENS + 1):
            world.chain.tokens[token_of(n).partition(":")[2]] = Token()
        world.kill("off")
        while world.held:
            world.release()
        world.deliver()
        for _ in range(80):
            world.answer_all()
            world.check()
            if not world.book.orders and not world.book.pending and not self._selling():
                break
            world.mine()
        else:
            raise AssertionError(f"never comes to rest: {_summary(world)}")
        world.crash()
        world.deliver()
        world.answer_all()
        world.check()
        assert not world.book.halted, world.book.halted
        assert not any(a.state in IN_FLIGHT for o in world.book.ended.values() for a in o.attempts)
        if not world.book.orders:
            adjusted = sum(x.delta for x in world.of(facts.Adjusted) if x.asset == f"{CHAIN}:{NATIVE}")
            funds = FUNDS * len(world.account.wallets.addresses)
            assert adjusted == funds + sum(block.external() for block in world.chain.blocks), (
                "money was not accounted for"
            )
            world.check_against_chain()
        world.check_replay()

    def _selling(self) -> bool:
        return any(guard.pending for guard in self.world.account.exits.guards.values())


EXAMPLES = {"ci": 100, "long": 5_000}
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
SETTINGS = settings(
    max_examples=EXAMPLES[PROFILE],
    stateful_step_count=60,
    derandomize=PROFILE == "ci",
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class WithAnErc20Purse(Interleavings):
    """Entries need approvals as well, and gas is another asset."""

    setup = ERC20_PURSE


class WithBundles(Interleavings):
    """An approval and its swap are one submission."""

    setup = replace(ERC20_PURSE, atomic=True)


class WithSalesSignedBefore(Interleavings):
    """And the signer refuses now and then."""

    setup = replace(NATIVE_PURSE, execution=replace(NATIVE_PURSE.execution, presigned=True))


class StepByStep(Interleavings):
    """A swap is signed once its approval is in a block."""

    setup = replace(ERC20_PURSE, execution=replace(ERC20_PURSE.execution, together=False))


class WithRoutes(Interleavings):
    """Trades go over two pools where that pays, and through the contract of another venue."""

    setup = ROUTED_PURSE


class WithRoutedSales(WithRoutes):
    """A sale waits for its routers when it begins."""

    def __init__(self) -> None:
        super().__init__()
        self.world.close(1)


class WithCycles(Interleavings):
    """Between entries and exits gaps open and are traded in one transaction."""

    setup = CYCLING_PURSE

    @rule(token=tokens, back=st.booleans(), gap=st.integers(1, 20), most=st.sampled_from((0, 100)))
    def finds_a_cycle(self, token: int, back: bool, gap: int, most: int) -> None:
        money = WETH if self.setup.quote == NATIVE else self.setup.quote
        dear, cheap = (twin_of(token), pool_of(token)) if back else (pool_of(token), twin_of(token))
        self.world.mine(most=most, trades=((dear, gap * ETHER // 10),))
        legs = (
            Leg(pool=cheap, token_in=money, token_out=address(token)),
            Leg(pool=dear, token_in=address(token), token_out=money),
        )
        self.world.cue("arbitrage", legs=legs, allowance=ETHER if gap % 2 else 0, instance="second")


class WithCyclesOfAnErc20(WithCycles):
    """With approvals, exact ones and some that stand."""

    setup = replace(CYCLING_PURSE, quote=USD, rate=True)


class WithTwoWallets(Interleavings):
    """Entries go out from two wallets, of which each may have one order on its way, and money goes to and fro."""

    setup = replace(NATIVE_PURSE, further=(SECOND_WALLET,), execution=replace(NATIVE_PURSE.execution, max_pending=1))


class WithTwoErc20Wallets(WithTwoWallets):
    """Each with approvals of its own, and routes."""

    setup = replace(ROUTED_PURSE, further=(SECOND_WALLET,))


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = SETTINGS
TestInterleavingsWithAnErc20Purse = WithAnErc20Purse.TestCase
TestInterleavingsWithAnErc20Purse.settings = SETTINGS
TestInterleavingsWithBundles = WithBundles.TestCase
TestInterleavingsWithBundles.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
TestInterleavingsWithSalesSignedBefore = WithSalesSignedBefore.TestCase
TestInterleavingsWithSalesSignedBefore.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
TestInterleavingsStepByStep = StepByStep.TestCase
TestInterleavingsStepByStep.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 3)
TestInterleavingsWithRoutes = WithRoutes.TestCase
TestInterleavingsWithRoutes.settings = SETTINGS
TestInterleavingsWithRoutedSales = WithRoutedSales.TestCase
TestInterleavingsWithRoutedSales.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
TestInterleavingsWithCycles = WithCycles.TestCase
TestInterleavingsWithCycles.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
TestInterleavingsWithCyclesOfAnErc20 = WithCyclesOfAnErc20.TestCase
TestInterleavingsWithCyclesOfAnErc20.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)
TestInterleavingsWithTwoWallets = WithTwoWallets.TestCase
TestInterleavingsWithTwoWallets.settings = SETTINGS
TestInterleavingsWithTwoErc20Wallets = WithTwoErc20Wallets.TestCase
TestInterleavingsWithTwoErc20Wallets.settings = settings(SETTINGS, max_examples=SETTINGS.max_examples // 2)


def _summary(world: World) -> str:
    lines = [f"chain nonce {world.chain.ledger.nonce}, block {world.chain.head.number}, {world.reports}"]
    for order in world.book.orders.values():
        tried = [(a.step, a.nonce, a.state, a.note, a.cancel) for a in order.attempts]
        lines.append(f"{order.id} {order.placed.side} step {order.step} of {len(order.steps)}: {tried}")
    lines += [f"{intent} is being judged: {sorted(world.book.asks)}" for intent in world.book.pending]
    for token, guard in world.account.exits.guards.items():
        lines.append(f"{token} {guard.position.state} {guard.position.amount} wants {guard.pending}")
    return "\n".join(lines)
