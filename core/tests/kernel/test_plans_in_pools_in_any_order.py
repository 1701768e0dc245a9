"""Plans in pools among all that `test_interleavings` tries: reverts, reorgs, crashes, lost answers, exits, people.

Nothing is ever more than what is left of its plan: the fold refuses it, which would halt the account. What the chain
holds in the end is held against what each plan says that it has filled.
"""

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from test_interleavings import ERC20_PURSE, NATIVE_PURSE, SETTINGS, Interleavings, tokens
from world import CHAIN, ETHER, address, hash_of, pool_of, token_of

from sniper.amm import NoLiquidity
from sniper.instrument import pool_price
from sniper.kernel import facts as f
from sniper.order_types import (
    Bracket,
    Dca,
    GoodTill,
    Grid,
    Ladder,
    Leg,
    OneCancelsOther,
    OneTriggersOther,
    OneUpdatesOther,
    Plan,
    Shortfall,
    Stop,
    TakeProfit,
    TrailingStop,
    Twap,
    Unwind,
)
from sniper.types import SECOND

KINDS = (
    "stop", "target", "trailing", "unwind", "oco", "ouo", "oto", "bracket", "twap", "twap", "sale", "shortfall", "dca",
    "grid", "ladder", "good-till",
)  # fmt: skip


def plan_of(kind: str, pool: str, lots: int, now: int, time: int) -> Plan:
    """A plan of a kind around a price, ticks."""
    low, high = max(1, now * 95 // 100), now * 105 // 100 + 1
    minute = 60 * SECOND
    stop = Leg(name="stop", side="sell", size=lots, stop=low, reduce_only=True)
    out = Leg(name="out", side="sell", size=lots, stop=low, reduce_only=True)
    target = Leg(name="target", side="sell", size=lots, price=high, reduce_only=True)
    plans: dict[str, Plan] = {
        "stop": Stop(instrument=pool, side="sell", size=lots, trigger=low),
        "target": TakeProfit(instrument=pool, side="sell", size=lots, trigger=high, limit=high),
        "trailing": TrailingStop(instrument=pool, side="sell", size=lots, bps=300),
        "unwind": Unwind(instrument=pool, side="sell", size=lots),
        "oco": OneCancelsOther(instrument=pool, legs=(stop, target)),
        "ouo": OneUpdatesOther(instrument=pool, size=lots, legs=(stop, target)),
        "oto": OneTriggersOther(
            instrument=pool,
            first=Leg(name="entry", side="buy", size=lots),
            then=(out,),
        ),
        "bracket": Bracket(instrument=pool, side="buy", size=lots, stop=low, target=high),
        "twap": Twap(instrument=pool, side="buy", size=lots, duration=2 * minute, slices=3, limit=high),
        "sale": Twap(instrument=pool, side="sell", size=lots, duration=2 * minute, slices=3),
        "shortfall": Shortfall(instrument=pool, side="sell", size=lots, duration=minute, slices=3, curvature=500_000),
        "dca": Dca(instrument=pool, side="buy", value=ETHER // 50, every=minute, times=3),
        "grid": Grid(instrument=pool, lower=low, upper=high + 2, lines=3, size=lots),
        "ladder": Ladder(instrument=pool, side="buy", size=lots, first=low, last=high + 2, weights=(1, 2)),
        "good-till": GoodTill(instrument=pool, side="sell", size=lots, price=high, until=time + minute),
    }
    return plans[kind]


class WithPlans(Interleavings):
    """Strategies start plans and withdraw them."""

    setup = replace(NATIVE_PURSE, execution=replace(NATIVE_PURSE.execution, trigger_blocks=2))

    @rule(token=tokens, kind=st.sampled_from(KINDS), key=st.sampled_from("abcd"), parts=st.integers(1, 3))
    def plans(self, token: int, kind: str, key: str, parts: int) -> None:
        world = self.world
        pool = world.kernel.market.pool(f"{CHAIN}:{pool_of(token)}")
        held = world.book.positions.get(token_of(token))
        lots = held.amount // parts if held is not None and held.amount >= parts else parts * 10**20
        if pool is None:
            return
        try:
            now = pool_price(pool.amount_out(address(token), lots), lots)
        except NoLiquidity:
            return
        if now:
            world.cue("plan", token, key=key, plan=plan_of(kind, pool.id, lots, now, world.now))

    @initialize(kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)), parts=st.integers(1, 3))
    def begins(self, kinds: tuple[str, str], parts: int) -> None:
        self.world.mine()
        for n, kind in enumerate(kinds):
            self.plans(token=n + 1, kind=kind, key="ab"[n], parts=parts)

    @rule(token=tokens, share=st.sampled_from((-5, -10, -20, 5, 10, 20)), most=st.sampled_from((0, 1, 100)))
    def moves(self, token: int, share: int, most: int) -> None:
        """Others trade so that triggers and limits are reached, and another block is built on that."""
        paid, held = self.world.chain.ledger.reserves[pool_of(token)]
        self.world.answer_all()
        self.world.mine(most=most, trades=((pool_of(token), paid // share if share > 0 else held // share),))
        self.world.mine(most=most)
        self.world.answer_all()

    @rule(key=st.sampled_from("abcd"))
    def withdraws(self, key: str) -> None:
        self.world.cue("cancel", key=key)

    def teardown(self) -> None:
        world = self.world
        if not world.inputs:
            return
        world.kill("off")
        world.life("start")
        while world.held:
            world.release()
        world.deliver()  # a reorg that nobody heard of yet may bring plans back
        for key in "abcd" * 3:  # of a bracket the entry first; and where a reorg brought one back there are two
            world.cue("cancel", key=key)
        super().teardown()
        assert not world.book.plans, [plan.id for plan in world.book.plans.values()]
        self.fills_are_what_the_chain_has()

    def fills_are_what_the_chain_has(self) -> None:
        """For each plan that a reorg could still reach: what its orders have swapped."""
        world = self.world
        of = {hash_of(tx): attempt.partition("#")[0] for attempt, tx in world.sent}
        swapped = {
            of[tx_hash]
            for block in world.chain.blocks
            for tx_hash, receipt in block.receipts.items()
            if receipt.ok and receipt.tx.purpose in ("entry", "exit") and tx_hash in of
        }
        orders = {order.id: order for order in (*world.book.orders.values(), *world.book.ended.values())}
        filled = Counter[str]()
        for order in orders.values():
            if order.placed.part is not None and order.id in swapped:
                filled[order.placed.part.plan] += order.placed.part.size
        for plan in world.book.plans_over.values():
            known = all(leg_order in orders for leg_order in self._placed(plan.id))
            assert not known or filled[plan.id] == plan.filled(), (plan.id, filled[plan.id], plan.filled())

    def _placed(self, plan: str) -> list[str]:
        return [fact.order for fact in self.world.of(f.OrderPlaced) if fact.part is not None and fact.part.plan == plan]


class WithPlansAndAnErc20Purse(WithPlans):
    """With approvals."""

    setup = replace(ERC20_PURSE, execution=replace(ERC20_PURSE.execution, trigger_blocks=1))


FEW = settings(SETTINGS, max_examples=SETTINGS.max_examples // 6)
TestPlansInPools = WithPlans.TestCase
TestPlansInPools.settings = FEW
TestPlansInPoolsWithAnErc20Purse = WithPlansAndAnErc20Purse.TestCase
TestPlansInPoolsWithAnErc20Purse.settings = FEW
