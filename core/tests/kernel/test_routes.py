"""Entries over several pools: what a router proposes is quoted again, and never keeps an entry from its own pool."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    FUNDS,
    GAS_APPROVE,
    GAS_ROUTE,
    GAS_SWAP,
    ROUTER,
    SPLITTER,
    SYNC,
    USD,
    WETH,
    Looks,
    Mined,
    Plain,
    Seen,
    Setup,
    Splitting,
    Venue,
    World,
    address,
    created,
    pool_of,
    target,
    token_of,
    twin_of,
    words,
)

from sniper.codec import decode, encode
from sniper.events import RouteProposed, Started
from sniper.executor import Swap
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Probe, ProposeRoute, Send, Sign
from sniper.kernel.book import allowance_id
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import CheckWiring, ExecutionWiring
from sniper.proposal import WHOLE, Leg, Proposal, RouteAsk
from sniper.risk import Findings, RiskCheck, must
from sniper.runtime.playing import PlayContext
from sniper.types import BPS, Entry
from sniper.view import View
from sniper_amm_constant_product.pool import ConstantProduct

TOKEN = token_of(1)
COIN = address(1)
AMOUNT = ETHER // 5
ROUTES = ExecutionWiring(routes=True)
SETUP = Setup(twins=True, venue=Splitting(), execution=ROUTES)
PROBED = replace(SETUP, checks=(CheckWiring("looks", Looks()),))


def leg(pool: str, share: int = WHOLE, *, coin_in: str = WETH, coin_out: str = COIN) -> Leg:
    return Leg(pool=pool, token_in=coin_in, token_out=coin_out, share=share)


SPLIT = (leg(pool_of(1), WHOLE * 2 // 3), leg(twin_of(1)))


def asked(world: World) -> Ask:
    (ask,) = world.asked(ProposeRoute)
    return ask


def answer(world: World, *legs: tuple[Leg, ...]) -> list[f.Fact]:
    """Routers propose these; each believes to know of a bound."""
    ask = asked(world)
    del world.asks[ask.id]
    proposals = tuple(Proposal(legs=each, expected=1, method="test", bound=10**30) for each in legs)
    return world.tell(RouteProposed(time=world.tick(), account=ACCOUNT, ask=ask.id, proposals=proposals))


def placed(world: World) -> f.OrderPlaced:
    found = world.of(f.OrderPlaced)[-1]
    assert isinstance(found, f.OrderPlaced)
    return found


def remark(world: World) -> str:
    """Why the newest entry is not routed; empty where it is."""
    (finding,) = [x for fact in world.of(f.Judged) for x in fact.findings if x.rule == "routed"]
    assert finding.severity == "warn"
    return "" if finding.ok else finding.note


def out(pool: str, amount: int, world: World) -> int:
    x, y = world.chain.ledger.reserves[pool]
    return amount * 997 * y // (x * 1000 + amount * 997)


def test_an_entry_goes_over_the_pools_that_a_router_proposes_and_receives_what_was_quoted() -> None:
    world = World(SETUP)
    first = AMOUNT * (WHOLE * 2 // 3) // WHOLE
    wanted = out(pool_of(1), first, world) + out(twin_of(1), AMOUNT - first, world)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    order = placed(world)
    assert order.route is not None
    assert [(leg.pool, leg.share) for leg in order.route.legs] == [(each.pool, each.share) for each in SPLIT]
    assert order.route.amounts[0] == (first, out(pool_of(1), first, world))
    assert (order.expected_out, order.route.direct_out) == (wanted, out(pool_of(1), AMOUNT, world))
    assert order.min_out == wanted * (BPS - ROUTES.slippage_bps) // BPS
    assert remark(world) == ""
    world.settle()
    assert world.chain.ledger.tokens[COIN] == world.book.positions[TOKEN].amount == wanted
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_what_is_asked_says_the_amount_the_coins_and_what_gas_is_worth() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    body = asked(world).body
    assert isinstance(body, ProposeRoute)
    route = body.route
    assert (route.chain_id, route.token_in, route.token_out, route.amount) == (CHAIN, WETH, COIN, AMOUNT)
    assert route.gas_price >= 30 * 10**9
    assert route.wei_worth == (out(pool_of(1), AMOUNT, world), AMOUNT)


def test_the_position_is_held_and_sold_in_the_pool_that_the_checks_have_judged() -> None:
    world = World(replace(SETUP, strategies=(("script", (target(take=1),)),)))
    world.open(1, AMOUNT)
    answer(world, tuple(reversed((leg(pool_of(1)), leg(twin_of(1), WHOLE // 10)))))
    world.settle()
    position = world.book.positions.get(TOKEN) or world.book.closed[TOKEN]
    assert position.pool == f"{CHAIN}:{pool_of(1)}"
    sale = placed(world)
    assert (sale.side, sale.pool, sale.venue, sale.route) == ("reduce", position.pool, "router", None)
    world.settle()
    assert not world.chain.ledger.tokens[COIN]
    world.check_replay()
    world.check_against_chain()


def test_nothing_is_asked_where_routes_are_off_or_the_strategy_insists_on_a_pool() -> None:
    world = World(replace(SETUP, execution=ExecutionWiring()))
    world.open(1, AMOUNT)
    assert placed(world).route is None
    world = World(SETUP)
    world.cue("open", 1, amount=AMOUNT, pool=f"{CHAIN}:{twin_of(1)}")
    assert not world.asked(ProposeRoute)
    assert placed(world).pool.endswith(twin_of(1))


@pytest.mark.parametrize("how", ["late", "nothing"])
def test_routers_that_are_late_or_find_nothing_leave_the_entry_to_its_own_pool(how: str) -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    assert not world.of(f.OrderPlaced), "it waits for the routers"
    world.answer(asked(world), how=how)
    assert placed(world).route is None
    assert remark(world) == ("deadline: late" if how == "late" else "the routers found nothing")
    world.settle()
    assert world.book.positions[TOKEN].amount
    world.check_replay()


def test_an_answer_that_comes_after_the_deadline_changes_nothing() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    ask = asked(world)
    world.answer(ask, how="late")
    assert world.tell(world.make(ask)) == []
    assert len(world.of(f.OrderPlaced)) == 1


BAD: dict[str, tuple[Leg, ...]] = {
    "no legs": (),
    "a pool twice": (leg(pool_of(1), WHOLE // 2), leg(pool_of(1))),
    "a pool that nobody knows": (leg(pool_of(1), WHOLE // 2), leg(address(0xBAD))),
    "a rest that is not sold": (leg(pool_of(1), WHOLE // 2), leg(twin_of(1), WHOLE // 2)),
    "coins that the pool does not trade": (leg(pool_of(1), WHOLE // 2), leg(pool_of(2))),
    "another token": (leg(pool_of(2), coin_out=address(2)),),
    "a share of nothing": (leg(pool_of(1), 0), leg(twin_of(1))),
    "more than there is": (leg(pool_of(1), 2 * WHOLE), leg(twin_of(1))),
    "the wrong way round": (leg(pool_of(1), coin_in=COIN, coin_out=WETH),),
}


@pytest.mark.parametrize("legs", BAD.values(), ids=BAD)
def test_legs_that_are_no_route_leave_the_entry_to_its_own_pool(legs: tuple[Leg, ...]) -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    answer(world, legs)
    assert placed(world).route is None
    assert remark(world).startswith("no route brings more")
    world.settle()
    assert world.book.positions[TOKEN].amount == world.chain.ledger.tokens[COIN]
    world.check_replay()


def test_the_best_of_several_proposals_is_taken_by_the_quote_and_not_by_what_they_say() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    poor = (leg(pool_of(1), WHOLE // 2), leg(twin_of(1)))
    answer(world, poor, SPLIT, BAD["a pool twice"])
    route = placed(world).route
    assert route is not None
    assert [each.share for each in route.legs] == [WHOLE * 2 // 3, WHOLE]


@pytest.mark.parametrize(
    "legs", [(leg(pool_of(1), WHOLE // 50), leg(twin_of(1))), (leg(pool_of(1)),), (leg(twin_of(1)),)]
)
def test_a_route_that_brings_no_more_than_the_best_pool_alone_is_left(legs: tuple[Leg, ...]) -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    answer(world, legs)
    assert placed(world).route is None


def test_a_leg_that_does_not_pay_its_gas_is_left() -> None:
    world = World(SETUP)
    world.open(1, ETHER // 50)
    answer(world, SPLIT)
    assert placed(world).route is None


def test_a_route_is_judged_on_the_pools_as_they_are_when_the_last_answer_is_in() -> None:
    world = World(PROBED)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert world.book.pending, "it waits for the probe"
    world.mine(trades=((twin_of(1), ETHER // 2),))
    world.answer(world.asked(Probe)[0])
    assert placed(world).route is None, "the second pool has become dear"
    assert remark(world).startswith("no route brings more")

    world = World(PROBED)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    world.mine(trades=((twin_of(1), -(10**20)),))
    world.answer(world.asked(Probe)[0])
    route = placed(world).route
    assert route is not None
    assert sum(bought for _, bought in route.amounts) == placed(world).expected_out
    world.settle()
    assert world.chain.ledger.tokens[COIN] == placed(world).expected_out


def test_a_denial_does_not_wait_for_routers_and_routers_do_not_lift_it() -> None:
    world = World(PROBED)
    world.open(1, AMOUNT)
    world.answer(world.asked(Probe)[0], how="bad")
    assert [verdict.allowed for verdict in world.of(f.Verdict)] == [False]
    assert answer(world, SPLIT) == []
    assert not world.book.pending
    assert not world.of(f.OrderPlaced)


def test_what_the_checks_say_is_asked_again_once_the_routers_have_answered() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    world.kill("no-entries")
    answer(world, SPLIT)
    assert [(v.allowed, v.rule) for v in world.of(f.Verdict)] == [(False, "kernel.kill-switch-off")]


def test_a_token_that_takes_a_tax_is_not_routed() -> None:
    world = World(PROBED)
    world.evidence = Seen(good=True, buy_tax_bps=300)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    world.answer(world.asked(Probe)[0])
    assert placed(world).route is None
    assert remark(world) == "the token takes a tax, which a route would pay twice"
    world.settle()
    world.close(1)
    world.settle()
    world.open(1, AMOUNT)
    assert not world.asked(ProposeRoute), "it is known by now"


@pytest.mark.parametrize(
    ("venue", "why"),
    [
        (Splitting(pools=(pool_of(1), address(0x3001))), "no venue can carry it out in one transaction"),
        (Splitting(unplanned=True), "ValueError: no plan"),
    ],
)
def test_a_route_that_no_venue_carries_out_leaves_the_entry_to_its_own_pool(venue: Venue, why: str) -> None:
    world = World(replace(OVER, venue=venue))
    over_another_coin(world)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert placed(world).route is None
    assert remark(world) == why


class OnlyThere(RiskCheck):
    """Allows entries through one pool."""

    pool: str

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("there", intent.pool == f"{CHAIN}:{self.pool}", note=intent.pool)


def test_what_a_policy_forbids_does_not_come_in_by_a_route() -> None:
    law = CheckWiring("law", OnlyThere(pool=pool_of(1)), policy=True)
    world = World(replace(SETUP, checks=(law,)))
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert (placed(world).route, placed(world).pool) == (None, f"{CHAIN}:{pool_of(1)}")
    assert remark(world) == f"law.there does not allow pool {twin_of(1)} at router"
    world.settle()
    assert world.book.positions[TOKEN].amount
    world.check_replay()


def test_a_policy_that_must_look_first_allows_no_route_and_a_check_of_the_account_judges_none() -> None:
    world = World(replace(SETUP, checks=(CheckWiring("looks", Looks(), policy=True),)))
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    world.answer(world.asked(Probe)[0])
    assert placed(world).route is None
    assert remark(world).startswith("looks.judges-routes does not allow pool")

    world = World(replace(SETUP, checks=(CheckWiring("own", OnlyThere(pool=pool_of(1))),)))
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert placed(world).route is not None


@pytest.mark.parametrize("venue", [Venue(), Splitting(serving=False), Splitting(pools=(address(0xF),))])
def test_nobody_waits_for_routers_where_no_venue_carries_a_route_out(venue: Venue) -> None:
    world = World(replace(SETUP, venue=venue))
    world.open(1, AMOUNT)
    assert not world.asked(ProposeRoute)
    assert placed(world).route is None
    assert remark(world) == "no venue can carry it out in one transaction"


def test_a_pool_that_follows_a_launch_in_its_block_is_part_of_what_is_asked() -> None:
    world = World(replace(SETUP, twins=False, tokens=1))
    world.open(1, 5 * ETHER)
    (route,) = routes_asked(world)
    another = address(0x3005)
    assert route.allows_pool(another)
    head = world.chain.head
    logs = [created(another, WETH, COIN), (another, (SYNC.topic,), words(100 * ETHER, 10**24))]
    world.chain.blocks.append(Mined(head.number + 1, f"0x{head.number + 1:x}-0", head.ledger, {}, logs))
    world.deliver()
    answer(world, (leg(pool_of(1), WHOLE // 2), leg(another)))
    taken = placed(world).route
    assert taken is not None
    assert [each.pool for each in taken.legs] == [pool_of(1), another]


def routes_asked(world: World) -> tuple[RouteAsk, ...]:
    body = asked(world).body
    assert isinstance(body, ProposeRoute)
    return body.asks


def test_routers_are_asked_for_what_the_venue_can_carry_out() -> None:
    world = World(replace(OVER, venue=Splitting(pools=(pool_of(1), address(0x3001)))))
    over_another_coin(world)
    world.open(1, AMOUNT)
    (route,) = routes_asked(world)
    assert route.without_pools == (twin_of(1), address(0x3002))
    assert route.split_between


def test_a_venue_that_carries_every_pool_limits_none_and_says_what_it_splits() -> None:
    world = World(replace(SETUP, venue=Plain()))
    world.open(1, AMOUNT)
    (route,) = routes_asked(world)
    assert (route.without_pools, route.split_between) == ((), False)


def test_venues_that_carry_out_different_routes_are_asked_about_each_and_alike_ones_once() -> None:
    world = World(replace(SETUP, venue=Splitting(), other_venue=Splitting(router=address(0xF))))
    world.open(1, AMOUNT)
    assert len(routes_asked(world)) == 1
    first = pool_of(1), address(0x3001)
    world = World(replace(OVER, venue=Splitting(pools=first), other_venue=Plain()))
    over_another_coin(world)
    world.open(1, AMOUNT)
    assert [(route.without_pools, route.split_between) for route in routes_asked(world)] == [
        ((twin_of(1), address(0x3002)), True),
        ((), False),
    ]
    answer(world, SPLIT)
    route = placed(world).route
    assert route is not None
    assert route.venue == "other"


def test_where_no_venue_carries_the_best_legs_the_best_of_those_that_one_does_are_taken() -> None:
    third = address(0x3004)  # as deep as the second one, so that it pays to part the coin in between
    parted = (*HALF_OVER[:2], leg(address(0x3002), WHOLE // 2, coin_in=MIDDLE), leg(third, coin_in=MIDDLE))
    orders = []
    for venue in (Splitting(), Plain()):
        world = World(replace(OVER, venue=venue))
        over_another_coin(world)
        head = world.chain.head
        logs = [created(third, MIDDLE, COIN), (third, (SYNC.topic,), words(2 * 10**21, 2 * 10**22))]
        world.chain.blocks.append(Mined(head.number + 1, f"0x{head.number + 1:x}-0", head.ledger, {}, logs))
        world.deliver()
        world.open(1, ETHER)
        answer(world, parted, HALF_OVER)
        orders.append(placed(world))
    assert [[each.pool for each in order.route.legs] for order in orders if order.route] == [
        [each.pool for each in parted],
        [each.pool for each in HALF_OVER],
    ]
    assert orders[0].expected_out > orders[1].expected_out > orders[1].route.direct_out  # type: ignore[union-attr]


def test_a_venue_that_fails_when_it_is_asked_what_it_carries_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(replace(SETUP, venue=Venue(), other_venue=Splitting()))
    monkeypatch.setattr(Venue, "serves_route", lambda *_: 1 // 0)
    world.open(1, AMOUNT)
    assert len(routes_asked(world)) == 1
    assert "does not say whether it serves a route" in world.reports[-1]


def test_a_route_for_whose_gas_the_cash_does_not_suffice_is_left() -> None:
    world = World(replace(SETUP, execution=replace(ROUTES, read_wallet_blocks=1)))
    gas = 2 * (GAS_SWAP + GAS_APPROVE) + GAS_SWAP // 2  # in and out again, and less than a route takes
    world.mine(outside=FUNDS - AMOUNT - gas * 31 * 10**9)
    world.mine()
    world.answer_all()
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert placed(world).route is None
    assert remark(world) == "too little cash for the gas of the route"


def test_what_a_route_is_paid_with_is_approved_to_the_contract_that_carries_it_out() -> None:
    world = World(replace(SETUP, quote=USD))
    world.open(1, AMOUNT)
    answer(world, tuple(changed(each, token_in=USD) for each in SPLIT))  # type: ignore[type-var]  # a struct at run time
    order = placed(world)
    assert order.route is not None
    assert [(step.purpose, step.to, step.gas) for step in order.steps] == [
        ("approve", USD, GAS_APPROVE),
        ("entry", SPLITTER, GAS_ROUTE),
    ]
    asset = f"{CHAIN}:{USD}"
    world.answer_all()
    world.mine(most=1)
    world.answer_all()
    assert world.book.allowances == {allowance_id(asset, SPLITTER): AMOUNT}
    world.settle()
    held = world.book.positions[TOKEN].amount
    assert world.book.allowances == {allowance_id(TOKEN, ROUTER): held}, "used, and the way out approved elsewhere"
    world.check_against_chain()


def test_an_order_on_its_way_needs_the_pools_of_its_legs() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert world.account.pools() == {f"{CHAIN}:{pool_of(1)}", f"{CHAIN}:{twin_of(1)}"}


def test_a_restart_between_proposal_and_probe_forgets_nothing() -> None:
    world = World(PROBED)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    world.restart()
    world.answer(world.asked(Probe)[0])
    assert placed(world).route is not None
    world.check_replay()


def test_routers_that_had_not_answered_before_a_crash_are_asked_again() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    before = asked(world)
    world.crash()
    assert asked(world) == before
    world.answer_all()
    assert placed(world).route is not None


def test_an_order_that_a_reorg_takes_back_is_sent_again_over_the_same_legs() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    world.settle()
    amount = world.book.positions[TOKEN].amount
    world.chain.reorg(2)
    world.deliver()
    world.settle()
    world.mine()
    world.settle()
    assert world.book.positions[TOKEN].amount == amount == world.chain.ledger.tokens[COIN]
    world.check()
    world.check_against_chain()


def test_the_order_keeps_its_route_on_record() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    order = placed(world)
    assert decode(encode(order)) == order
    assert order.route is not None
    assert (order.route.venue, order.route.spender, order.route.method) == ("router", SPLITTER, "test")
    assert order.route.bound == 10**30


def test_a_played_fill_is_what_all_legs_give() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    world.answer(world.asked(Sign)[0])
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    swap: Any = send.body.submission.swap
    assert isinstance(swap, Swap)
    assert [each.pool for each in swap.legs] == [pool_of(1), twin_of(1)]
    context = PlayContext(world.kernel, {})
    assert context.quote(swap) == placed(world).expected_out
    world.mine(trades=((pool_of(1), ETHER // 100),))
    assert context.quote(swap) < placed(world).expected_out


def test_a_kernel_restored_while_routers_are_asked_goes_on_alike() -> None:
    world = World(PROBED)
    world.open(1, AMOUNT)
    other = World(PROBED, start=False)
    assert restore(other.kernel, dump(world.kernel)) == ()
    event = Started(time=world.tick(), mode="live")
    world.kernel.handle(event)
    other.kernel.handle(event)
    assert world.kernel.facts == other.kernel.facts
    assert other.book.pending == world.book.pending
    assert next(iter(other.book.pending.values())).routing


def test_a_pool_that_the_market_does_not_list_is_no_part_of_a_route_though_the_account_holds_something_in_it() -> None:
    world = World(replace(SETUP, tokens=1, max_pools=2))
    world.cue("open", 1, amount=AMOUNT, pool=f"{CHAIN}:{twin_of(1)}")
    world.settle()
    world.mine(trades=((twin_of(1), -2 * 10**21),))  # so that a split would pay again
    world.mine(trades=((pool_of(1), 10**12),))
    world.chain.launch()
    world.deliver()
    chain = world.kernel.market.chains[CHAIN]
    assert twin_of(1) in chain.unlisted
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert placed(world).route is None
    assert remark(world).startswith("no route brings more")


MIDDLE = address(0xC0)
OVER = replace(SETUP, execution=replace(ROUTES, route_through=(MIDDLE,)))


def over_another_coin(world: World) -> tuple[str, str, str]:
    """Two pools, one behind the other, as deep as the token's first one; and the coin between them."""
    first, second, middle = address(0x3001), address(0x3002), MIDDLE
    logs = [
        created(first, WETH, middle),
        (first, (SYNC.topic,), words(2 * ETHER, 2 * 10**21)),
        created(second, middle, COIN),
        (second, (SYNC.topic,), words(2 * 10**21, 2 * 10**22)),
    ]
    head = world.chain.head
    world.chain.blocks.append(Mined(head.number + 1, f"0x{head.number + 1:x}-0", head.ledger, {}, logs))
    world.deliver()
    return first, second, middle


def test_a_way_that_nets_less_than_the_best_pool_alone_is_left_though_no_leg_of_it_can_be() -> None:
    world = World(OVER)
    first, second, middle = over_another_coin(world)
    world.open(1, AMOUNT)
    answer(world, (leg(first, coin_out=middle), leg(second, coin_in=middle)))
    assert placed(world).route is None
    assert remark(world).startswith("no route brings more")


def test_a_way_over_another_coin_is_taken_and_held_in_the_pool_that_was_judged() -> None:
    world = World(OVER)
    first, second, middle = over_another_coin(world)
    world.open(1, AMOUNT)
    answer(
        world,
        (leg(pool_of(1), WHOLE // 2), leg(first, coin_out=middle), leg(second, coin_in=middle)),
    )
    order = placed(world)
    assert order.route is not None
    assert [(each.coin_in, each.coin_out) for each in order.route.legs] == [
        (WETH, COIN),
        (WETH, middle),
        (middle, COIN),
    ]
    (_, out_1), (_, between), (sold, out_2) = order.route.amounts
    assert between == sold
    assert order.expected_out == out_1 + out_2
    assert order.pool == f"{CHAIN}:{pool_of(1)}"
    world.check_replay()


HALF_OVER = (leg(pool_of(1), WHOLE // 2), leg(address(0x3001), coin_out=MIDDLE), leg(address(0x3002), coin_in=MIDDLE))


def test_no_route_goes_through_a_coin_that_nobody_named() -> None:
    world = World(SETUP)
    over_another_coin(world)
    world.open(1, AMOUNT)
    body = asked(world).body
    assert isinstance(body, ProposeRoute)
    assert body.route.only_coins == (WETH,)
    answer(world, HALF_OVER)
    assert placed(world).route is None


@pytest.mark.parametrize("taxes", [(300, None), (0, 300)])
def test_no_route_goes_through_a_coin_that_is_known_to_take_a_tax(taxes: tuple[int | None, int | None]) -> None:
    world = World(OVER)
    over_another_coin(world)
    buy, sell = taxes
    token = f"{CHAIN}:{MIDDLE}"
    world.account.emit(f.Measured(time=world.tick(), token=token, buy_tax_bps=buy, sell_tax_bps=sell))
    world.open(1, AMOUNT)
    answer(world, HALF_OVER)
    assert placed(world).route is None


def test_gates_hold_for_an_entry_that_waited_for_routers_though_routes_are_off_by_now() -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    world.kill("no-entries")
    world.setup = replace(world.setup, execution=ExecutionWiring())
    world.restart()
    answer(world)
    assert not world.of(f.OrderPlaced)
    assert [(verdict.allowed, verdict.rule) for verdict in world.of(f.Verdict)] == [(False, "kernel.kill-switch-off")]


@pytest.mark.parametrize("price", [1.5, None, -1, "much"])
def test_a_price_that_is_none_says_nothing_about_gas(monkeypatch: pytest.MonkeyPatch, price: object) -> None:
    world = World(replace(SETUP, quote=USD))
    money = address(0x3003)
    head = world.chain.head
    logs = [created(money, WETH, USD), (money, (SYNC.topic,), words(2 * ETHER, 2 * 10**10))]
    world.chain.blocks.append(Mined(head.number + 1, f"0x{head.number + 1:x}-0", head.ledger, {}, logs))
    world.deliver()
    monkeypatch.setattr(ConstantProduct, "price", lambda *_: price)
    world.open(1, AMOUNT)
    body = asked(world).body
    assert isinstance(body, ProposeRoute)
    assert body.route.wei_worth[0] == 0


@pytest.mark.parametrize("gas", [None, 1.5, -1])
def test_a_pool_that_does_not_say_what_gas_it_uses_is_traded_alone(
    monkeypatch: pytest.MonkeyPatch, gas: object
) -> None:
    world = World(SETUP)
    world.open(1, AMOUNT)
    monkeypatch.setattr(ConstantProduct, "swap_gas", gas)
    answer(world, SPLIT)
    assert placed(world).route is None


class Odd(Splitting):
    """Its contract's address is no text."""

    def route_spender(self, chain_id: int) -> str:
        return SPLITTER.encode()  # type: ignore[return-value]


def test_a_venue_that_names_no_address_carries_nothing_out() -> None:
    world = World(replace(SETUP, venue=Odd()))
    world.open(1, AMOUNT)
    answer(world, SPLIT)
    assert placed(world).route is None
    assert "an address, as text" in remark(world)
