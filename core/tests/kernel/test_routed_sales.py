"""Sales over several pools: worth a short wait where there is no hurry, and nothing that keeps one from being sold."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace as changed
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    GAS_APPROVE,
    GAS_ROUTE,
    GAS_SWAP,
    SPLITTER,
    USD,
    WETH,
    Looks,
    Plain,
    Setup,
    Splitting,
    World,
    address,
    pool_of,
    target,
    token_of,
    twin_of,
)

from sniper.events import RouteProposed, Started
from sniper.executor import Swap
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, ProposeRoute, Send, Settle, Sign
from sniper.kernel.book import allowance_id
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import CheckWiring, ExecutionWiring
from sniper.proposal import WHOLE, Leg, Proposal
from sniper.risk import Entry, Finding, Findings, RiskCheck, View, must
from sniper.runtime.playing import PlayContext
from sniper.types import BPS, NATIVE, Step
from sniper.venue import RouteSwap

TOKEN = token_of(1)
COIN = address(1)
AMOUNT = ETHER // 5
ROUTES = ExecutionWiring(routes=True)
SETUP = Setup(twins=True, venue=Splitting(), execution=ROUTES)
STEPWISE = replace(SETUP, execution=replace(ROUTES, together=False))


def leg(pool: str, share: int = WHOLE) -> Leg:
    return Leg(pool=pool, token_in=COIN, token_out=WETH, share=share)


SPLIT = (leg(pool_of(1), WHOLE * 2 // 3), leg(twin_of(1)))


def holding(setup: Setup = SETUP, amount: int = AMOUNT) -> World:
    """A position that was bought over both pools."""
    world = World(setup)
    world.bought(1, amount)
    return world


def asked(world: World) -> Ask:
    (ask,) = world.asked(ProposeRoute)
    return ask


def answer(world: World, *legs: tuple[Leg, ...]) -> list[f.Fact]:
    ask = asked(world)
    del world.asks[ask.id]
    proposals = tuple(Proposal(legs=each, expected=1, method="test", bound=10**30) for each in legs)
    return world.tell(RouteProposed(time=world.tick(), account=ACCOUNT, ask=ask.id, proposals=proposals))


def sales(world: World) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.side == "reduce"]


def remarks(world: World) -> list[str]:
    """What was said of routes in the judgement of sales, oldest first; empty where one was taken."""
    formed = {fact.intent for fact in world.of(f.IntentFormed) if fact.side == "reduce"}
    found = [x for fact in world.of(f.Judged) if fact.intent in formed for x in fact.findings if x.rule == "routed"]
    assert all(finding.severity == "warn" for finding in found)
    return ["" if finding.ok else finding.note for finding in found]


def out(pool: str, amount: int, world: World) -> int:
    x, y = world.chain.ledger.reserves[pool]
    return amount * 997 * x // (y * 1000 + amount * 997)


def step(world: World) -> None:
    """Answers, and one block."""
    world.answer_all()
    world.mine()
    world.answer_all()


@pytest.mark.parametrize("setup", [SETUP, replace(SETUP, quote=USD, rate=True), replace(SETUP, venue=Plain())])
def test_a_sale_goes_over_the_pools_that_a_router_proposes_and_receives_what_was_quoted(setup: Setup) -> None:
    world = holding(setup)
    held = world.book.positions[TOKEN].amount
    money = WETH if setup.quote == NATIVE else setup.quote
    first = held * (WHOLE * 2 // 3) // WHOLE
    wanted = out(pool_of(1), first, world) + out(twin_of(1), held - first, world)
    alone = out(pool_of(1), held, world)
    world.close()
    assert not sales(world), "it waits for the routers"
    answer(world, tuple(Leg(pool=each.pool, token_in=COIN, token_out=money, share=each.share) for each in SPLIT))
    (order,) = sales(world)
    assert order.route is not None
    assert order.route.amounts[0] == (first, out(pool_of(1), first, world))
    assert (order.expected_out, order.route.direct_out) == (wanted, alone)
    assert order.min_out == wanted * (BPS - ROUTES.exit_slippage_bps) // BPS
    assert [(each.purpose, each.to, each.gas) for each in order.steps] == [
        ("approve", COIN, GAS_APPROVE),
        ("exit", SPLITTER, GAS_ROUTE),
    ]
    assert remarks(world) == [""]
    world.settle()
    assert TOKEN not in world.book.positions
    (sold,) = [fact for fact in world.of(f.Booked) if fact.order == order.order and fact.amount]
    assert (sold.amount, sold.cash) == (-held, wanted)
    assert allowance_id(TOKEN, SPLITTER) not in world.book.allowances, "used up"
    world.check()
    world.check_replay()
    world.check_against_chain()


class WarnsOf(RiskCheck):
    """Warns of sales through one pool, as a policy does that must not hold up a sale."""

    pool: str

    def judge(self, intent: Entry, view: View) -> Findings:
        listed = intent.side == "reduce" and intent.pool == f"{CHAIN}:{self.pool}"
        yield Finding(rule="listed", ok=not listed, found=listed, note=intent.pool, severity="warn")


class Silent(RiskCheck):
    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side != "reduce":
            yield must("fine", True)


def test_a_pool_of_which_a_policy_warns_is_on_no_route_of_a_sale_and_holds_none_up() -> None:
    for pool, routed in ((twin_of(1), False), (pool_of(2), True)):
        world = holding(replace(SETUP, checks=(CheckWiring("law", WarnsOf(pool=pool), policy=True),)))
        world.close(1)
        answer(world, SPLIT)
        (sale,) = sales(world)
        assert (sale.route is not None, sale.pool) == (routed, f"{CHAIN}:{pool_of(1)}")
        if not routed:
            assert remarks(world)[-1] == f"law.listed does not allow pool {pool} at router"
        world.settle()
        assert not world.book.positions
        world.check_replay()


@pytest.mark.parametrize("policy", [Silent(), Looks()])
def test_a_policy_leaves_a_finding_about_each_sale_also_where_it_says_nothing(policy: RiskCheck) -> None:
    world = holding(replace(SETUP, checks=(CheckWiring("law", policy, policy=True),)))
    world.close(1)
    answer(world, SPLIT)
    (sale,) = sales(world)
    (judged,) = (fact for fact in world.of(f.Judged) if fact.check == "law" and fact.intent == sale.intent)
    assert [(finding.rule, finding.ok) for finding in judged.findings] == [("reduces", True)]
    assert (sale.route is not None) == isinstance(policy, Silent), (
        "a probe lets no entry be routed, so one pool is full"
    )


def test_what_is_asked_says_the_amount_the_coins_and_what_gas_is_worth() -> None:
    world = holding()
    held = world.book.positions[TOKEN].amount
    world.close(share_bps=5_000)
    body = asked(world).body
    assert isinstance(body, ProposeRoute)
    route = body.route
    assert (body.intent, route.token_in, route.token_out, route.amount) == ("", COIN, WETH, held // 2)
    assert (route.wei_worth, route.only_coins) == ((1, 1), (WETH,))


def test_what_an_exit_takes_as_profit_is_sold_over_routes_and_a_stop_is_not() -> None:
    world = World(replace(SETUP, strategies=(("script", (target(take=20_000, stop=5_000),)),)))
    world.bought(1, AMOUNT)
    world.mine(trades=((pool_of(1), 10 * ETHER), (twin_of(1), 5 * ETHER)))
    answer(world, SPLIT)
    assert sales(world)[-1].route is not None
    world = World(replace(SETUP, strategies=(("script", (target(take=20_000, stop=5_000),)),)))
    world.bought(1, AMOUNT)
    world.mine(trades=((pool_of(1), -(10**22)),))
    assert not world.asked(ProposeRoute)
    assert [(sale.route, sale.urgent) for sale in sales(world)] == [(None, True)]


def test_an_emergency_does_not_wait_for_routers() -> None:
    world = holding()
    world.kill("flatten")
    assert not world.asked(ProposeRoute)
    assert [(sale.route, sale.urgent) for sale in sales(world)] == [(None, True)]


def test_an_emergency_ends_the_wait_of_a_sale_and_the_answer_that_comes_after_it_changes_nothing() -> None:
    world = holding()
    world.close()
    world.kill("flatten")
    assert [(sale.route, sale.urgent) for sale in sales(world)] == [(None, True)]
    assert [type(fact) for fact in answer(world, SPLIT)] == [f.Closed]
    world.settle()
    assert TOKEN not in world.book.positions
    world.check_replay()


@pytest.mark.parametrize(
    ("how", "why"), [("late", "deadline: late"), ("nothing", "the routers found nothing"), ("bad", "no route brings")]
)
def test_routers_that_are_late_or_wrong_leave_the_sale_to_its_pool(how: str, why: str) -> None:
    world = holding()
    world.close()
    world.answer(asked(world), how=how)
    (order,) = sales(world)
    assert order.route is None
    assert remarks(world)[0].startswith(why)
    world.settle()
    assert TOKEN not in world.book.positions
    world.check_replay()


def test_a_sale_waits_until_the_second_block_at_most_though_nobody_calls_the_routers_late() -> None:
    world = holding()
    world.close()
    world.mine()
    assert not sales(world)
    world.mine()
    assert [sale.route for sale in sales(world)] == [None]
    assert [type(fact) for fact in answer(world, SPLIT)] == [f.Closed]
    assert len(sales(world)) == 1


def test_more_of_it_that_is_wanted_while_routers_are_asked_is_sold_with_their_answer() -> None:
    world = holding()
    held = world.book.positions[TOKEN].amount
    world.close(share_bps=5_000)
    world.close()
    answer(world, SPLIT)
    (order,) = sales(world)
    assert order.amount_in == held
    assert order.route is not None
    assert sum(sold for sold, _ in order.route.amounts) == held
    assert order.route.bound is None, "it was the bound of another amount"


def test_what_is_left_of_a_position_is_sold_over_routes_again() -> None:
    world = holding(amount=ETHER)
    world.close(share_bps=5_000)
    answer(world, SPLIT)
    world.settle()
    world.close()
    answer(world, SPLIT)
    world.settle()
    assert [sale.route is not None for sale in sales(world)] == [True, True]
    assert TOKEN not in world.book.positions
    world.check()
    world.check_against_chain()


def test_a_routed_sale_that_reverts_is_followed_by_one_through_the_pool_alone() -> None:
    world = holding()
    world.close()
    answer(world, SPLIT)
    world.answer_all()
    world.mine(trades=((pool_of(1), -(10**22)),))  # right before the approval and the swap
    world.answer_all()
    assert [(fact.state, fact.reason) for fact in world.of(f.OrderEnded)][-1] == ("failed", "too little out")
    first, second = sales(world)
    assert (first.route is not None, second.route) == (True, None), "at once"
    world.settle()
    assert TOKEN not in world.book.positions
    assert not world.asked(ProposeRoute)
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_a_routed_sale_that_the_signer_refuses_is_followed_by_one_through_the_pool_alone_at_once() -> None:
    world = holding()
    world.close()
    answer(world, SPLIT)
    world.answer(world.asked(Sign)[0], how="refused")
    assert [sale.route is None for sale in sales(world)] == [False, True]
    world.settle()
    assert TOKEN not in world.book.positions
    world.check_replay()


def test_a_routed_sale_whose_legs_do_not_bring_its_minimum_once_it_is_approved_is_not_sent() -> None:
    world = holding(STEPWISE)
    world.close()
    answer(world, SPLIT)
    world.answer_all()
    world.mine(trades=((pool_of(1), -(10**22)),))  # the block of the approval
    world.answer_all()
    (ended,) = [fact for fact in world.of(f.OrderEnded) if fact.order == sales(world)[0].order]
    assert (ended.state, ended.reason) == ("cancelled", "its pool alone is the better way by now")
    world.settle()
    assert [sale.route is None for sale in sales(world)] == [False, True]
    assert TOKEN not in world.book.positions
    world.check_replay()
    world.check_against_chain()


def test_a_routed_sale_that_fails_while_everything_is_held_is_tried_again_when_that_ends() -> None:
    world = holding()
    world.close()
    answer(world, SPLIT)
    world.kill("freeze")
    world.answer(world.asked(Sign)[0], how="refused")
    assert len(sales(world)) == 1
    world.kill("off")
    world.mine()
    assert [sale.route is None for sale in sales(world)] == [False, True]


def test_an_emergency_does_not_wait_for_the_rest_of_a_routed_sale() -> None:
    world = holding(STEPWISE)
    world.close()
    answer(world, SPLIT)
    world.answer_all()
    world.kill("flatten")
    world.mine()  # the block of the approval
    world.answer_all(Sign)
    world.answer_all()
    assert [(sale.route is None, sale.urgent) for sale in sales(world)] == [(False, False), (True, True)]
    assert [attempt.step for attempt in world.book.orders[sales(world)[1].order].attempts] == [0], "no block was lost"
    world.settle()
    assert TOKEN not in world.book.positions
    world.check_replay()


class Dear(Splitting):
    """Its approvals take much gas."""

    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        steps = super().approve_route(chain_id, token, amount, allowance)
        return tuple(changed(step, gas=10 * GAS_APPROVE) for step in steps)  # type: ignore[type-var]  # a struct


def test_the_gas_of_its_approvals_counts_against_a_route() -> None:
    """The way through the pool alone is approved since the purchase."""
    world = holding(replace(SETUP, venue=Dear()))
    world.close()
    answer(world, SPLIT)
    (order,) = sales(world)
    assert order.route is None
    assert remarks(world)[0].startswith("no route brings more")


def test_a_token_that_takes_a_tax_is_sold_in_its_pool_at_once() -> None:
    world = holding()
    world.account.emit(f.Measured(time=world.tick(), token=TOKEN, buy_tax_bps=None, sell_tax_bps=300))
    world.close()
    assert not world.asked(ProposeRoute)
    assert [sale.route for sale in sales(world)] == [None]


def test_a_tax_that_is_measured_while_routers_are_asked_leaves_the_sale_to_its_pool() -> None:
    world = holding()
    world.close()
    world.account.emit(f.Measured(time=world.tick(), token=TOKEN, buy_tax_bps=None, sell_tax_bps=300))
    answer(world, SPLIT)
    assert [sale.route for sale in sales(world)] == [None]
    assert remarks(world) == ["the token takes a tax, which a route would pay twice"]


def test_routers_are_not_asked_where_routes_are_off_nobody_carries_one_out_or_there_is_one_pool() -> None:
    for setup in (
        replace(SETUP, execution=ExecutionWiring()),
        replace(SETUP, venue=Splitting(serving=False)),
        replace(SETUP, twins=False),
    ):
        world = holding(setup)
        world.close()
        assert not world.asked(ProposeRoute)
        assert [sale.route for sale in sales(world)] == [None]


class Hungry(Splitting):
    """Its routes may use as much gas as is said."""

    gas: ClassVar[list[int]] = []

    def plan_route(self, route: RouteSwap) -> tuple[Step, ...]:
        *approvals, trade = super().plan_route(route)
        return (*approvals, changed(trade, gas=self.gas[-1]))  # type: ignore[type-var]  # a struct


@pytest.mark.parametrize(("left", "routed"), [(-1, False), (GAS_SWAP - 1, False), (GAS_SWAP, True)])
def test_a_route_is_left_where_the_cash_would_not_pay_for_its_gas_and_then_for_that_of_the_pool_alone(
    left: int, routed: bool
) -> None:
    world = World(replace(SETUP, venue=Hungry()))
    world.cue("open", 1, amount=AMOUNT, pool=f"{CHAIN}:{pool_of(1)}")
    world.settle()
    world.mine(trades=((twin_of(1), AMOUNT),))  # so that a split would pay
    account = world.account
    free = account.view.cash(f"{CHAIN}:{NATIVE}") + world.book.positions[TOKEN].exit_gas
    most = free // account.execution.attempts.bid(urgent=False, blocks_waited=0).max_fee
    Hungry.gas.append(most - GAS_APPROVE - left)
    world.close()
    answer(world, SPLIT)
    assert [sale.route is not None for sale in sales(world)] == [routed]
    assert remarks(world) == ["" if routed else "too little cash for the gas of the route"]


def test_nothing_is_asked_while_the_kill_switch_holds_everything() -> None:
    world = holding()
    world.kill("freeze")
    world.close()
    assert not world.asked(ProposeRoute)
    assert not sales(world)
    world.kill("off")
    world.mine()
    answer(world, SPLIT)
    assert [sale.route is not None for sale in sales(world)] == [True]


def test_a_freeze_while_routers_are_asked_holds_the_sale_until_it_is_lifted() -> None:
    world = holding()
    world.close()
    world.kill("freeze")
    answer(world, SPLIT)
    assert not sales(world)
    world.kill("off")
    world.mine()
    world.mine()
    world.settle()
    assert TOKEN not in world.book.positions
    world.check_replay()


def test_routers_that_had_not_answered_before_a_crash_are_asked_again() -> None:
    world = holding()
    world.close()
    before = asked(world)
    world.crash()
    assert asked(world) == before
    world.answer_all()
    assert [sale.route is not None for sale in sales(world)] == [True]
    world.settle()
    assert TOKEN not in world.book.positions


def test_a_kernel_restored_while_routers_are_asked_goes_on_alike() -> None:
    world = holding()
    world.close()
    other = World(SETUP, start=False)
    assert restore(other.kernel, dump(world.kernel)) == ()
    ask = asked(world)
    proposal = Proposal(legs=SPLIT, expected=1, method="test", bound=None)
    for event in (
        Started(time=world.tick(), mode="live"),
        RouteProposed(time=world.tick(), account=ACCOUNT, ask=ask.id, proposals=(proposal,)),
    ):
        world.kernel.handle(event)
        other.kernel.handle(event)
    assert world.kernel.facts == other.kernel.facts
    assert sum(isinstance(fact, f.OrderPlaced) and fact.route is not None for _, fact in other.kernel.facts) == 1


def test_a_routed_sale_that_a_reorg_takes_back_is_sent_again_over_the_same_legs() -> None:
    world = holding()
    world.close()
    answer(world, SPLIT)
    world.settle()
    world.chain.reorg(1)
    world.deliver()
    assert world.book.positions[TOKEN].amount
    world.settle()
    world.mine()
    world.settle()
    assert TOKEN not in world.book.positions
    assert [sale.route is not None for sale in sales(world)] == [True]
    world.check()
    world.check_against_chain()


def test_a_played_sale_is_what_all_its_legs_bring() -> None:
    world = holding(STEPWISE)
    world.close()
    answer(world, SPLIT)
    world.answer_all()
    world.mine()  # the approval
    world.answer_all(Settle)
    world.answer_all(Sign)
    (order,) = sales(world)
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    swap: Any = send.body.submission.swap
    assert isinstance(swap, Swap)
    assert (swap.opens, [each.pool for each in swap.legs]) == (False, [pool_of(1), twin_of(1)])
    context = PlayContext(world.kernel, {})
    assert context.quote(swap) == order.expected_out
    world.account.emit(f.Measured(time=world.tick(), token=TOKEN, buy_tax_bps=None, sell_tax_bps=300))
    assert context.quote(swap) < order.expected_out
