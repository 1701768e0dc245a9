"""Arbitrages: a cycle is quoted again, must pay its gas, is traded in one transaction, and leaves nothing but money."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from world import (
    CHAIN,
    ETHER,
    FUNDS,
    GAS_APPROVE,
    GAS_ROUTE,
    GWEI,
    SPLITTER,
    USD,
    WETH,
    Looks,
    Says,
    Script,
    Seen,
    Setup,
    SpendLimit,
    Splitting,
    Venue,
    World,
    address,
    pool_of,
    twin_of,
)

from sniper.config import Config
from sniper.errors import IllegalTransition
from sniper.events import ArbitrageEnded, Block, PoolTips
from sniper.executor import Swap
from sniper.fee import FeeEstimator
from sniper.kernel import facts as f
from sniper.kernel.asks import Send, Settle, Sign
from sniper.kernel.book import allowance_id
from sniper.kernel.fold import fold
from sniper.kernel.wiring import CheckWiring, ExecutionWiring
from sniper.proposal import WHOLE, Leg
from sniper.risk import Findings, RiskCheck, Roundtrip, at_most, must
from sniper.runtime.playing import PlayContext
from sniper.strategy import Actions, Arbitrage, on
from sniper.types import DAY, NATIVE, Entry, FeeBid, Stake
from sniper.view import View

COIN = address(1)
GAP = ETHER // 2
SETUP = Setup(twins=True, venue=Splitting())
DOLLARS = replace(SETUP, quote=USD, rate=True)


def legs(money: str = WETH) -> tuple[Leg, ...]:
    """The token is bought in the second pool and sold in the first."""
    return (
        Leg(pool=twin_of(1), token_in=money, token_out=COIN),
        Leg(pool=pool_of(1), token_in=COIN, token_out=money),
    )


def gap(setup: Setup = SETUP) -> World:
    """Somebody has bought in the first pool, where the token is dear now."""
    world = World(setup)
    world.mine(trades=((pool_of(1), GAP),))
    world.answer_all()
    return world


def cue(world: World, *ways: Leg, **more: Any) -> list[f.Fact]:
    money = WETH if world.setup.quote == NATIVE else world.setup.quote
    return world.cue("arbitrage", legs=ways or legs(money), **more)


def left(world: World, native: int) -> None:
    """The wallet holds no more than this, and the account has read it."""
    world.chain.ledger.native = native
    world.mine()
    world.mine()
    world.answer_all()
    assert world.book.cash.get(f"{CHAIN}:{NATIVE}", 0) == native


def gain(world: World, amount: int) -> int:
    """Of the cycle, before gas, by UniswapV2Library."""
    x, y = world.chain.ledger.reserves[twin_of(1)]
    bought = amount * 997 * y // (x * 1000 + amount * 997)
    x, y = world.chain.ledger.reserves[pool_of(1)]
    return bought * 997 * x // (y * 1000 + bought * 997) - amount


def placed(world: World) -> f.OrderPlaced:
    found = world.of(f.OrderPlaced)[-1]
    assert isinstance(found, f.OrderPlaced)
    return found


def rule(world: World) -> str:
    """What denied the newest intent; empty where nothing did."""
    verdict = world.of(f.Verdict)[-1]
    assert verdict.allowed == (not verdict.rule)
    return str(verdict.rule)


def test_a_gap_between_two_pools_is_taken_in_one_transaction_for_the_gain_that_was_confirmed() -> None:
    world = gap()
    cue(world)
    order = placed(world)
    assert (order.side, order.token, order.quote) == ("arbitrage", f"{CHAIN}:{NATIVE}", f"{CHAIN}:{NATIVE}")
    confirmed = gain(world, order.amount_in)
    assert order.expected_out - order.amount_in == confirmed > 0
    assert order.min_out == order.amount_in + 1
    assert all(gain(world, order.amount_in + d) <= confirmed for d in (-(10**12), 10**12)), "more or less gains less"
    assert [step.purpose for step in order.steps] == ["entry"]
    world.settle()
    (booked,) = world.of(f.Booked)
    assert (booked.amount, booked.cost, booked.cash) == (0, 0, confirmed)
    assert booked.realised == confirmed - booked.gas > 0
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == FUNDS + booked.realised == world.chain.ledger.native
    assert f"main/script/1 over 2 pools: done {booked.realised}" in world.script().heard
    assert not world.book.positions
    assert not world.book.orders
    assert world.book.reserved(f"{CHAIN}:{NATIVE}") == 0
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_with_a_token_as_money_gas_is_counted_in_it_and_paid_in_the_native_coin() -> None:
    world = gap(DOLLARS)
    cue(world)
    order = placed(world)
    assert order.route is not None
    confirmed = gain(world, order.amount_in)
    estimate = order.route.direct_out - order.amount_in - 1
    units = (50_000 + 2 * 120_000 + GAS_APPROVE) * 997 // 1000
    assert estimate - units * 30 * GWEI in (0, units), "the approval counts too, and an ether brings 0.997 dollars"
    assert [(step.purpose, step.to) for step in order.steps] == [("approve", USD), ("entry", SPLITTER)]
    world.settle()
    gas = sum(booked.gas for booked in world.of(f.Booked))
    assert [(booked.cash, booked.realised) for booked in world.of(f.Booked)] == [(0, 0), (confirmed, confirmed)]
    assert world.book.cash == {f"{CHAIN}:{USD}": 1_000 * ETHER + confirmed, f"{CHAIN}:{NATIVE}": FUNDS - gas}
    assert world.book.allowances == {}
    world.check()
    world.check_replay()
    world.check_against_chain()


class Shares(FeeEstimator):
    """Bids half of what is at stake. ``told``: (value, gas, tip, won) of each outcome; ``seen``: what was pending."""

    config: Config
    told: tuple[tuple[int, int, int, bool], ...] = ()
    seen: int = 0

    def block(self, block: Block) -> None:
        """Nothing is learned from it."""

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        return FeeBid(max_priority_fee=GWEI, max_fee=30 * GWEI)

    def bid_for(self, stake: Stake, *, urgent: bool, blocks_waited: int) -> FeeBid:
        tip = stake.value // (2 * stake.gas)
        return FeeBid(max_priority_fee=tip, max_fee=11 * GWEI + tip)

    def outcome(self, stake: Stake, bid: FeeBid, *, won: bool) -> None:
        assert stake.account == "main"
        self.told = (*self.told, (stake.value, stake.gas, bid.max_priority_fee, won))

    def pending(self, pool: PoolTips) -> None:
        self.seen += sum(gas for _, gas in pool.offers)


SHARES = replace(SETUP, fee=Shares(config=Config()))


def told(world: World) -> tuple[tuple[int, int, int, bool], ...]:
    fee = world.kernel.market.chains[CHAIN].fee
    assert isinstance(fee, Shares)
    return fee.told


def test_the_estimator_bids_for_what_is_at_stake_and_hears_that_it_won() -> None:
    world = gap(SHARES)
    cue(world)
    order = placed(world)
    value, gas = order.expected_out - order.amount_in, sum(step.gas for step in order.steps)
    bid = world.of(f.AttemptMade)[-1].bid
    assert bid.max_priority_fee == value // (2 * gas)
    assert order.gas == gas * bid.max_fee
    assert told(world) == ()
    world.settle()
    assert told(world) == ((value, gas, bid.max_priority_fee, True),)
    world.check()
    world.check_replay()


def test_the_estimator_hears_that_somebody_else_was_faster() -> None:
    world = gap(SHARES)
    cue(world)
    world.answer_all()
    world.mine(trades=((twin_of(1), GAP),))
    world.settle()
    assert [won for *_, won in told(world)] == [False]
    world.check_replay()


def test_the_estimator_hears_nothing_of_a_bid_that_never_left() -> None:
    world = gap(SHARES)
    world.open(2)
    cue(world)
    world.mine(trades=((twin_of(1), GAP),))
    world.settle()
    assert next(fact.state for fact in world.of(f.OrderEnded)) == "cancelled"
    assert told(world) == ()


@pytest.mark.parametrize("faster", [False, True])
def test_what_became_of_a_bid_is_told_once_whatever_a_reorg_makes_of_it(faster: bool) -> None:
    world = gap(SHARES)
    cue(world)
    world.settle()
    world.chain.reorg(1)
    world.deliver()
    if faster:
        world.mine(most=0, trades=((twin_of(1), GAP),))
    world.settle()
    assert [fact.state for fact in world.of(f.OrderEnded)] == ["done", "failed" if faster else "done"]
    assert [won for *_, won in told(world)] == [True]
    world.check_replay()


def test_an_approval_that_a_reorg_takes_back_does_not_hide_what_became_of_the_trade() -> None:
    world = gap(replace(DOLLARS, fee=Shares(config=Config())))
    cue(world)
    world.answer_all()
    world.mine(most=1)
    world.answer_all(Settle)
    world.chain.reorg(1)
    world.settle()
    assert [won for *_, won in told(world)] == [True]
    world.check_replay()


def test_what_is_pending_is_shown_to_the_estimator() -> None:
    world = gap(SHARES)
    pool = PoolTips(time=world.kernel.now, chain_id=CHAIN, block=world.chain.head.number, offers=((GWEI, 50_000),))
    world.kernel.handle(pool)
    fee = world.kernel.market.chains[CHAIN].fee
    assert isinstance(fee, Shares)
    assert fee.seen == 50_000


def test_an_allowance_that_stands_saves_the_next_cycles_their_approval() -> None:
    world = gap(DOLLARS)
    cue(world, allowance=100 * ETHER)
    first = placed(world).amount_in
    world.settle()
    left = 100 * ETHER - first
    assert world.book.allowances == {allowance_id(f"{CHAIN}:{USD}", SPLITTER): left}
    world.mine(trades=((pool_of(1), GAP),))
    cue(world, allowance=100 * ETHER)
    assert [step.purpose for step in placed(world).steps] == ["entry"]
    world.settle()
    assert world.book.allowances == {allowance_id(f"{CHAIN}:{USD}", SPLITTER): left - placed(world).amount_in}
    world.check()
    world.check_against_chain()


def test_where_nothing_says_what_gas_is_worth_in_the_money_nothing_is_traded() -> None:
    world = gap(replace(DOLLARS, rate=False))
    cue(world)
    assert rule(world) == "kernel.gas-worth"


def test_without_ether_for_gas_nothing_is_traded() -> None:
    world = gap(replace(DOLLARS, execution=ExecutionWiring(read_wallet_blocks=1)))
    left(world, GAS_ROUTE * 30 * GWEI)
    cue(world)
    assert rule(world) == "kernel.free-gas"


def test_a_gap_that_closes_while_the_allowance_is_approved_costs_that_gas_alone() -> None:
    world = gap(replace(DOLLARS, execution=ExecutionWiring(together=False)))
    cue(world)
    world.answer_all()
    world.mine(trades=((twin_of(1), GAP),))
    world.answer_all()
    assert [fact.state for fact in world.of(f.OrderEnded)] == ["cancelled"]
    assert [tx.purpose for _, tx in world.sent] == ["approve"]
    assert world.book.cash[f"{CHAIN}:{USD}"] == 1_000 * ETHER
    world.check()
    world.check_against_chain()


def test_nothing_is_traded_where_gas_eats_the_gain() -> None:
    world = World(SETUP)
    world.mine(trades=((pool_of(1), ETHER // 20),))
    cue(world)
    assert rule(world) == "kernel.profit"
    assert not world.of(f.OrderPlaced)
    (finding,) = [each for fact in world.of(f.Judged) for each in fact.findings if each.rule == "profit"]
    assert finding.found < finding.limit == 1
    assert not world.book.asks


def test_the_least_profit_of_the_strategy_is_what_must_remain_after_gas() -> None:
    world = gap()
    cue(world)
    order = placed(world)
    assert order.route is not None
    left = order.expected_out - order.route.direct_out + 1
    world = gap()
    cue(world, min_profit=left)
    assert rule(world) == ""
    world = gap()
    cue(world, min_profit=left + 1)
    assert rule(world) == "kernel.profit"


@pytest.mark.parametrize("amount", [ETHER // 50, ETHER // 20])
def test_no_more_is_paid_than_the_strategy_allows(amount: int) -> None:
    world = gap()
    cue(world, amount=amount)
    assert placed(world).amount_in == amount


def test_no_more_is_paid_than_what_is_free_beside_the_gas() -> None:
    world = gap(replace(SETUP, execution=ExecutionWiring(read_wallet_blocks=1)))
    has = ETHER // 10
    left(world, has)
    cue(world)
    order = placed(world)
    assert order.amount_in == has - order.gas > 0
    assert world.account.view.cash(f"{CHAIN}:{NATIVE}") == 0
    world.settle()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] > has


def test_without_cash_nothing_is_traded() -> None:
    world = gap(replace(SETUP, execution=ExecutionWiring(read_wallet_blocks=1)))
    left(world, 0)
    cue(world)
    assert rule(world) == "kernel.free-cash"


BAD: dict[str, tuple[Leg, ...]] = {
    "one leg": (Leg(pool=pool_of(1), token_in=WETH, token_out=WETH),),
    "not round": (legs()[0], Leg(pool=pool_of(2), token_in=WETH, token_out=COIN)),
    "a pool twice": (legs()[0], Leg(pool=twin_of(1), token_in=COIN, token_out=WETH)),
    "a pool that nobody knows": (legs()[0], Leg(pool=address(0xBAD), token_in=COIN, token_out=WETH)),
    "coins that the pool does not trade": (legs()[0], Leg(pool=pool_of(2), token_in=COIN, token_out=WETH)),
    "not of what is paid": (
        Leg(pool=twin_of(1), token_in=USD, token_out=COIN),
        Leg(pool=pool_of(1), token_in=COIN, token_out=USD),
    ),
    "a share": (changed(legs()[0], share=WHOLE // 2), legs()[1]),  # type: ignore[type-var]  # a struct at run time
    "nothing gained": tuple(Leg(pool=leg.pool, token_in=leg.token_out, token_out=leg.token_in) for leg in legs()[::-1]),
}


@pytest.mark.parametrize("ways", BAD.values(), ids=BAD)
def test_legs_that_are_no_cycle_that_gains_are_denied_and_nothing_else_happens(ways: tuple[Leg, ...]) -> None:
    world = gap()
    cue(world, *ways)
    assert rule(world) in ("kernel.cycle", "kernel.gains")
    assert not world.of(f.OrderPlaced)
    assert not world.book.halted
    cue(world)
    assert rule(world) == ""


def test_a_coin_that_is_known_to_take_a_tax_is_in_no_cycle() -> None:
    world = gap(replace(SETUP, checks=(CheckWiring("looks", Looks()),)))
    world.evidence = Seen(good=True, sell_tax_bps=1)
    world.open(1)
    world.settle()
    cue(world)
    assert rule(world) == "kernel.cycle"


def test_no_legs_at_all_are_denied() -> None:
    world = gap()
    world.cue("arbitrage", legs=())
    assert rule(world) == "kernel.cycle"


@pytest.mark.parametrize(
    ("venue", "note"),
    [
        (Venue(), "no venue can carry it out in one transaction"),
        (Splitting(serving=False), "no venue can carry it out in one transaction"),
        (Splitting(unplanned=True), "ValueError: no plan"),
    ],
)
def test_a_cycle_that_no_venue_carries_out_is_denied(venue: Venue, note: str) -> None:
    world = gap(replace(SETUP, venue=venue))
    cue(world)
    assert rule(world) == "kernel.planned"
    (finding,) = [each for fact in world.of(f.Judged) for each in fact.findings if each.rule == "planned"]
    assert finding.note == note


GATES: dict[str, tuple[Callable[[World], object], str]] = {
    "kill switch": (lambda world: world.kill("no-entries"), "kernel.kill-switch-off"),
    "paused": (lambda world: world.life("pause"), "kernel.strategy-active"),
    "one at a time": (cue, "kernel.one-at-a-time"),
}


@pytest.mark.parametrize(("before", "expected"), GATES.values(), ids=GATES)
def test_the_gates_of_entries_hold_for_arbitrages(before: Callable[[World], object], expected: str) -> None:
    world = gap()
    before(world)
    orders = len(world.of(f.OrderPlaced))
    cue(world)
    assert rule(world) == expected
    assert len(world.of(f.OrderPlaced)) == orders


def test_a_strategy_may_have_another_traded_as_soon_as_it_hears_that_one_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = (
        Leg(pool=twin_of(2), token_in=WETH, token_out=address(2)),
        Leg(pool=pool_of(2), token_in=address(2), token_out=WETH),
    )

    @on(ArbitrageEnded)
    def again(self: Script, event: ArbitrageEnded, view: View) -> Actions:
        if event.legs != other:
            yield Arbitrage(legs=other, reason="one is over", min_profit=1)

    monkeypatch.setattr(Script, "went_round", again)
    world = World(replace(SETUP, tokens=2))
    world.mine(trades=((pool_of(1), GAP), (pool_of(2), GAP)))
    world.answer_all()
    cue(world)
    cue(world, *other)
    assert rule(world) == "kernel.one-at-a-time"
    world.settle()
    assert rule(world) == ""
    world.settle()
    assert len(world.of(f.Booked)) == 2
    world.check()
    world.check_replay()


def test_before_the_wallet_is_read_nothing_is_traded() -> None:
    world = World(SETUP, start=False)
    world.deliver()
    world.mine(trades=((pool_of(1), GAP),))
    cue(world)
    assert rule(world) == "kernel.wallet-read"


# ---- checks ----


class Most(RiskCheck):
    most: int

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("an-entry", False)

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        yield at_most("paid", intent.amount, self.most)
        yield must("told-all", intent.expected_out > intent.amount and intent.legs == legs() and intent.gas_cost > 0)


class Silent(Most):
    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        yield from ()


class Broken(Most):
    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        raise ValueError("cannot judge")


@pytest.mark.parametrize(
    ("check", "policy", "expected"),
    [
        (Most(most=ETHER), False, ""),
        (Most(most=ETHER), True, ""),
        (Most(most=1), False, "c.paid"),
        (Silent(most=ETHER), False, "c.answers"),
        (Broken(most=ETHER), False, "c.works"),
        (SpendLimit(limit=0), False, ""),
        (Says(findings=(must("never", False),)), False, ""),
        (Says(), True, "c.judges-roundtrips"),
        (Looks(), False, ""),
        (Looks(), True, "c.judges-roundtrips"),
    ],
)
def test_checks_that_know_arbitrages_judge_them_and_a_policy_that_does_not_denies(
    check: Any, policy: bool, expected: str
) -> None:
    world = gap(replace(SETUP, checks=(CheckWiring("c", check, policy=policy),)))
    cue(world)
    assert rule(world) == expected
    assert bool(world.of(f.OrderPlaced)) == (not expected)


def test_an_arbitrage_is_no_spending_and_no_entry_but_what_it_pays_is_reserved() -> None:
    world = gap()
    free = world.account.view.cash(f"{CHAIN}:{NATIVE}")
    cue(world)
    order = placed(world)
    view = world.account.view
    assert view.cash(f"{CHAIN}:{NATIVE}") == free - order.amount_in - order.gas
    assert view.spent(last_ns=DAY, place=str(CHAIN)) == 0
    assert view.last_entry() is None
    world.settle()
    assert view.spent(last_ns=DAY, place=str(CHAIN)) == 0
    assert view.realised(last_ns=DAY, place=str(CHAIN)) == world.of(f.Booked)[0].realised


# ---- on its way ----


def test_somebody_faster_makes_it_revert_and_only_gas_is_lost() -> None:
    world = gap()
    cue(world)
    world.answer_all()
    world.mine(trades=((twin_of(1), GAP),))
    world.settle()
    (booked,) = world.of(f.Booked)
    assert (booked.cash, booked.realised) == (0, -booked.gas)
    assert [fact.state for fact in world.of(f.OrderEnded)] == ["failed"]
    assert f"main/script/1 over 2 pools: failed {-booked.gas}" in world.script().heard
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == FUNDS - booked.gas
    assert world.book.reserved(f"{CHAIN}:{NATIVE}") == 0
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_a_gap_that_closes_before_anything_left_costs_nothing() -> None:
    world = gap()
    world.open(2)
    entry = placed(world).order
    assert world.asked(Sign), "one signature at a time, so the cycle waits"
    cue(world)
    order = placed(world)
    world.mine(trades=((twin_of(1), GAP),))
    world.answer_all()
    ended = world.of(f.OrderEnded)[0]
    assert (ended.order, ended.state, ended.reason) == (order.order, "cancelled", "the gap closed before it was sent")
    world.settle()
    assert {fact.order for fact in world.of(f.Booked)} == {entry}
    world.check()
    world.check_replay()


def test_one_that_waits_is_cancelled_and_never_outbid() -> None:
    world = gap()
    cue(world)
    world.answer_all()
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    assert [tx.purpose for _, tx in world.sent] == ["entry", "cancel"]
    world.mine()
    world.answer_all()
    assert [fact.state for fact in world.of(f.OrderEnded)] == ["cancelled"]
    assert world.book.reserved(f"{CHAIN}:{NATIVE}") == 0
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_a_reorg_takes_the_profit_back_and_the_same_bytes_win_it_again() -> None:
    world = gap()
    cue(world)
    world.settle()
    before = world.book.cash[f"{CHAIN}:{NATIVE}"]
    world.chain.reorg(1)
    world.deliver()
    world.check()
    assert [booked.cash < 0 for booked in world.of(f.Booked)] == [False, True]
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == FUNDS
    assert len(world.book.orders) == 1
    order = world.book.orders[placed(world).order]
    assert (order.cash, order.gas > 0) == (order.placed.amount_in, True)
    world.settle()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == before
    assert len({tx for _, tx in world.sent}) == 1
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_a_reorg_in_whose_blocks_somebody_else_is_faster_leaves_the_loss_of_gas() -> None:
    world = gap()
    cue(world)
    world.settle()
    world.chain.reorg(1)
    world.mine(most=0, trades=((twin_of(1), GAP),))
    world.settle()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] < FUNDS
    assert [fact.state for fact in world.of(f.OrderEnded)] == ["done", "failed"]
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_a_crash_between_signature_and_block_loses_nothing() -> None:
    world = gap()
    cue(world)
    world.answer_all(Sign)
    world.crash()
    world.settle()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] > FUNDS
    world.check()
    world.check_against_chain()


def test_a_restart_from_a_snapshot_goes_on_with_it() -> None:
    world = gap()
    cue(world)
    world.restart()
    world.settle()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] > FUNDS
    world.check()


def test_a_strategy_that_drains_is_removed_once_its_cycle_is_over() -> None:
    world = gap()
    cue(world)
    world.life("drain")
    assert world.book.instances["script"].state == "draining"
    world.settle()
    assert world.book.instances["script"].state == "removed"


def test_an_order_on_its_way_needs_the_pools_of_its_legs() -> None:
    world = gap()
    cue(world)
    assert world.account.pools() == {f"{CHAIN}:{pool_of(1)}", f"{CHAIN}:{twin_of(1)}"}


def test_a_played_cycle_gives_what_its_pools_give() -> None:
    world = gap()
    cue(world)
    world.answer(world.asked(Sign)[0])
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    swap = send.body.submission.swap
    assert isinstance(swap, Swap)
    assert swap.token_in == swap.token_out == NATIVE
    assert PlayContext(world.kernel, {}).quote(swap) == placed(world).expected_out


# ---- what must never be ----


@pytest.mark.parametrize(
    "change", [{"min_out": 1}, {"token": f"{CHAIN}:{COIN}"}, {"route": None}, {"cash": 2 * FUNDS, "amount_in": 2}]
)
def test_the_fold_takes_no_arbitrage_that_could_lose_or_hold_anything(change: dict[str, Any]) -> None:
    world = gap()
    cue(world)
    order = changed(placed(world), order="other", **change)  # type: ignore[type-var]  # a struct at run time
    with pytest.raises(IllegalTransition):
        fold(world.shadow, order)


@pytest.mark.parametrize("change", [{"amount": 1}, {"cost": 1}, {"cash": -(10**18) * 5}])
def test_the_fold_books_nothing_but_money_for_one(change: dict[str, int]) -> None:
    world = gap()
    cue(world)
    order = placed(world)
    fields: dict[str, Any] = {"amount": 0, "cash": 0, "gas": 0, "cost": 0, "realised": 0, **change}
    booked = f.Booked(time=1, order=order.order, attempt=f"{order.order}#0", block=1, **fields)
    with pytest.raises(IllegalTransition):
        fold(world.shadow, booked)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_money_is_conserved_whatever_others_trade_and_reorgs_take_back(data: st.DataObject) -> None:
    """Every transaction gains, or costs its gas."""
    world = World(replace(SETUP, quote=NATIVE))
    pools = st.sampled_from((pool_of(1), twin_of(1)))
    for _ in range(data.draw(st.integers(1, 6))):
        amount = data.draw(st.integers(-(10**21), ETHER))
        world.mine(trades=((data.draw(pools), amount),), most=data.draw(st.sampled_from((0, 100))))
        world.check()
        ways = legs()
        if data.draw(st.booleans()):
            ways = BAD["nothing gained"]
        cue(world, *ways, amount=data.draw(st.sampled_from((0, ETHER // 10, 5 * ETHER))))
        world.check()
        if data.draw(st.booleans()):
            world.answer_all()
        if len(world.chain.blocks) > 3 and data.draw(st.integers(0, 3)) == 0:
            world.chain.reorg(data.draw(st.integers(1, 2)))
            world.deliver()
            world.check()
    for _ in range(6):
        world.settle()
        world.mine()
    world.check()
    world.check_replay()
    assert not world.book.halted
    assert not world.book.positions
    taken = [receipt for block in world.chain.blocks for receipt in block.receipts.values()]
    assert all(receipt.native_delta >= -receipt.gas_used * receipt.gas_price for receipt in taken)
    world.check_against_chain()
