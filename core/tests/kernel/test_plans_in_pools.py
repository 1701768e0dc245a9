"""Orders of several that are carried out with swaps in a pool."""

from dataclasses import replace

import pytest
from world import CHAIN, ETHER, USD, Looks, Says, Seen, Setup, SpendLimit, World, address, pool_of, target, token_of

from sniper.instrument import POOL_PRICE, pool_price
from sniper.kernel import facts as f
from sniper.kernel.asks import Send, Sign
from sniper.kernel.wiring import CheckWiring, ExecutionWiring
from sniper.order_types import (
    Bracket,
    Chase,
    Dca,
    GoodTill,
    Grid,
    Iceberg,
    Ladder,
    Leg,
    MarketToLimit,
    OneCancelsOther,
    OneTriggersOther,
    OneUpdatesOther,
    Participate,
    Plan,
    Scheduled,
    Stop,
    TakeProfit,
    TrailingStop,
    Twap,
    Unwind,
)
from sniper.risk import must
from sniper.types import SECOND

POOL = f"{CHAIN}:{pool_of(1)}"
TOKEN = token_of(1)
MINUTE = 60 * SECOND
PLAIN = Setup(strategies=(("script", ()),))


def start(world: World, plan: Plan, key: str = "plan") -> None:
    world.cue("plan", key=key, plan=plan)


def price(world: World, lots: int) -> int:
    """What selling so many brings now, for each."""
    pool = world.kernel.market.pool(POOL)
    assert pool is not None
    return pool_price(pool.amount_out(address(1), lots), lots)


def held(world: World) -> int:
    found = world.book.positions.get(TOKEN)
    return found.amount if found is not None else 0


def fall(world: World, share: int = 10) -> None:
    """Others sell a part of what the pool has, in a block, and another block is built on it."""
    world.mine(trades=((pool_of(1), -(world.chain.ledger.reserves[pool_of(1)][1] // share)),))
    world.mine()


def rise(world: World, share: int = 10) -> None:
    world.mine(trades=((pool_of(1), world.chain.ledger.reserves[pool_of(1)][0] // share),))
    world.mine()


def heard(world: World) -> list[str]:
    """What the strategy heard of its plans, without what it means."""
    return [" ".join(each.split()[1:4]) for each in world.script().heard if each.startswith("plan")]


def placed(world: World) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.part is not None]


def holding(setup: Setup = PLAIN) -> World:
    world = World(setup)
    world.bought()
    return world


def ended(world: World) -> None:
    """Nothing is left of any plan, and the books are right."""
    assert not world.book.plans
    assert not world.book.orders
    world.check()
    world.check_replay()
    world.check_against_chain()


# ---- triggers ----


def test_a_stop_sells_once_its_price_is_there_at_the_end_of_a_block() -> None:
    world = holding()
    lots = held(world)
    start(world, Stop(instrument=POOL, side="sell", size=lots, trigger=price(world, lots) * 9 // 10))
    world.mine()
    assert not placed(world)
    fall(world)
    world.settle()
    assert held(world) == 0
    assert heard(world) == ["plan working 0", "plan working 0", f"plan working {lots}", f"plan done {lots}"]
    ended(world)


def test_what_happens_within_a_block_reaches_no_trigger() -> None:
    world = holding()
    lots = held(world)
    start(world, Stop(instrument=POOL, side="sell", size=lots, trigger=price(world, lots) * 9 // 10))
    dumped = world.chain.ledger.reserves[pool_of(1)][1] // 10
    block = world.chain.mine(trades=((pool_of(1), -dumped),))
    low = list(block.logs)
    x, y = block.ledger.reserves[pool_of(1)]
    world.chain.reorg(1)
    back = world.chain.mine()
    back.logs[:0] = low  # the pool is moved and put back: both are told, one after the other
    back.logs.append(world.chain._sync(back.ledger, pool_of(1)))
    world.deliver()
    world.mine()
    assert (x, y) != back.ledger.reserves[pool_of(1)]
    assert not placed(world)


def test_a_trigger_waits_for_as_many_blocks_as_the_account_says() -> None:
    setup = replace(PLAIN, execution=ExecutionWiring(trigger_blocks=3))
    world = holding(setup)
    lots = held(world)
    for _ in range(3):
        world.mine()
    start(world, Stop(instrument=POOL, side="sell", size=lots, trigger=price(world, lots) * 9 // 10))
    fall(world)
    rise(world, share=9)
    world.mine()
    assert not placed(world)
    fall(world)
    assert not placed(world)
    world.mine()
    assert not placed(world)
    world.mine()
    assert len(placed(world)) == 1


def test_a_target_sells_at_its_limit_and_never_for_less() -> None:
    world = holding()
    lots = held(world)
    limit = price(world, lots) * 11 // 10
    start(world, TakeProfit(instrument=POOL, side="sell", size=lots, trigger=limit, limit=limit))
    rise(world)
    (order,) = placed(world)
    assert order.min_out >= -(-lots * limit // POOL_PRICE)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_a_swap_whose_limit_is_not_met_any_more_reverts_and_is_tried_again_when_it_is() -> None:
    world = holding()
    lots = held(world)
    limit = price(world, lots) * 11 // 10
    start(world, TakeProfit(instrument=POOL, side="sell", size=lots, trigger=limit, limit=limit))
    rise(world)
    world.answer_all()
    fall(world, share=5)  # in the block that has the swap
    world.answer_all()
    assert held(world) == lots
    assert len(placed(world)) == 1
    world.mine()
    world.answer_all()
    assert len(placed(world)) == 1  # it waits for its price
    position = world.book.positions[TOKEN]
    assert (position.state, position.failures) == ("open", 0)
    rise(world, share=4)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_a_trailing_stop_follows_and_sells_when_the_price_comes_back() -> None:
    world = holding()
    lots = held(world)
    start(world, TrailingStop(instrument=POOL, side="sell", size=lots, bps=500))
    rise(world)
    world.answer_all()
    best = world.book.plans[next(iter(world.book.plans))].memory.best
    assert best == price(world, lots)
    fall(world, share=100)
    assert not placed(world)
    fall(world, share=20)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_a_stop_that_buys_pays_no_more_than_its_limit() -> None:
    world = World(PLAIN)
    lots = 10**21
    ask = -(-price(world, lots) * 102 // 100)
    start(world, Stop(instrument=POOL, side="buy", size=lots, trigger=ask, limit=ask * 11 // 10))
    rise(world, share=30)
    (order,) = placed(world)
    assert order.side == "increase"
    assert order.min_out >= -(-order.amount_in * POOL_PRICE // (ask * 11 // 10))
    world.settle()
    assert held(world) >= lots
    ended(world)


# ---- groups ----


def oco(lots: int, now: int) -> OneCancelsOther:
    return OneCancelsOther(
        instrument=POOL,
        legs=(
            Leg(name="stop", side="sell", size=lots, stop=now * 9 // 10, reduce_only=True),
            Leg(name="target", side="sell", size=lots, price=now * 11 // 10, reduce_only=True),
        ),
    )


@pytest.mark.parametrize("up", [True, False])
def test_of_stop_and_target_one_alone_sells(up: bool) -> None:
    world = holding()
    lots = held(world)
    start(world, oco(lots, price(world, lots)))
    world.mine()
    assert not placed(world)
    (rise if up else fall)(world)
    world.settle()
    fall(world) if up else rise(world, share=4)
    world.settle()
    assert [order.part.leg for order in placed(world) if order.part] == ["target" if up else "stop"]
    assert held(world) == 0
    ended(world)


def test_a_stop_waits_until_the_target_that_is_on_its_way_is_known_to_be_gone() -> None:
    world = holding()
    lots = held(world)
    start(world, oco(lots, price(world, lots)))
    rise(world)
    world.answer_all(Sign)
    assert [order.part.leg for order in placed(world) if order.part] == ["target"]
    world.mine(most=0, trades=((pool_of(1), -(world.chain.ledger.reserves[pool_of(1)][1] // 4)),))
    world.mine(most=0)
    assert len(placed(world)) == 1
    world.settle(rounds=12)
    assert [order.part.leg for order in placed(world) if order.part] == ["target", "stop"]
    assert held(world) == 0
    ended(world)


def test_a_bracket_buys_and_sells_all_that_it_bought() -> None:
    world = World(PLAIN)
    now = price(world, 10**21)
    bracket = Bracket(instrument=POOL, side="buy", size=10**21, stop=now * 9 // 10, target=now * 12 // 10)
    start(world, bracket)
    world.answer_all()
    world.mine(trades=((pool_of(1), -(10**21)),))  # so that more than was asked for comes in
    world.settle()
    assert held(world) > 10**21
    fall(world)
    world.settle()
    assert held(world) == 0
    assert [order.part.leg for order in placed(world) if order.part] == ["entry", "stop"]
    ended(world)


def test_what_one_fills_another_begins_with() -> None:
    world = World(PLAIN)
    now, lots = price(world, 10**21), 10**21
    first = Leg(name="entry", side="buy", size=lots)
    then = Leg(name="out", side="sell", size=lots, touch=now * 11 // 10, reduce_only=True)
    start(world, OneTriggersOther(instrument=POOL, first=first, then=(then,)))
    world.settle()
    assert held(world) >= lots
    rise(world)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_legs_share_what_they_sell() -> None:
    world = holding()
    lots = held(world)
    now = price(world, lots)
    legs = (
        Leg(name="half", side="sell", size=lots // 2, price=now * 105 // 100, reduce_only=True),
        Leg(name="all", side="sell", size=lots, stop=now * 8 // 10, reduce_only=True),
    )
    start(world, OneUpdatesOther(instrument=POOL, size=lots, legs=legs))
    rise(world)
    world.settle()
    assert held(world) == lots - lots // 2
    fall(world, share=3)
    world.settle()
    assert held(world) == 0
    ended(world)


# ---- slices ----


def test_a_twap_buys_in_equal_parts_at_equal_distances() -> None:
    world = World(PLAIN)
    lots = 4 * 10**20
    start(world, Twap(instrument=POOL, side="buy", size=lots, duration=8 * MINUTE, slices=4))
    for n in range(4):
        world.settle()
        assert len(placed(world)) == n + 1
        world.clock(world.now + 2 * MINUTE)
    world.settle()
    assert [order.part.size for order in placed(world) if order.part] == [10**20] * 4
    assert held(world) >= lots * 99 // 100
    ended(world)


def test_slices_of_a_sale_wait_for_the_limit_and_are_then_sold_together() -> None:
    world = holding()
    lots = held(world)
    floor = price(world, lots) * 98 // 100
    start(world, Twap(instrument=POOL, side="sell", size=lots, duration=4 * MINUTE, slices=4, limit=floor))
    world.settle()
    assert held(world) == lots - lots // 4
    fall(world)
    for _ in range(3):
        world.clock(world.now + MINUTE)
    world.settle()
    assert held(world) == lots - lots // 4
    rise(world, share=5)
    world.settle()
    assert held(world) == 0
    assert len(placed(world)) == 2
    ended(world)


def test_a_slice_that_is_due_waits_for_the_one_on_its_way() -> None:
    world = World(PLAIN)
    start(world, Twap(instrument=POOL, side="buy", size=2 * 10**20, duration=2 * MINUTE, slices=2))
    world.clock(world.now + 5 * MINUTE)
    assert len(placed(world)) == 1
    world.settle()
    assert len(placed(world)) == 2
    world.settle()
    ended(world)


def test_a_dca_pays_its_value_each_time() -> None:
    world = World(PLAIN)
    world.mine()  # before that no price is known
    start(world, Dca(instrument=POOL, side="buy", value=ETHER // 100, every=MINUTE, times=3))
    for _ in range(3):
        world.settle()
        world.clock(world.now + MINUTE)
    world.settle()
    paid = [order.amount_in for order in placed(world)]
    assert len(paid) == 3
    assert all(ETHER // 100 * 99 // 100 < each <= ETHER // 100 * 101 // 100 for each in paid)
    ended(world)


def test_a_grid_buys_low_and_sells_what_it_bought_higher() -> None:
    world = World(PLAIN)
    now, lots = price(world, 10**20), 10**20
    grid = Grid(instrument=POOL, lower=now * 90 // 100, upper=now * 98 // 100, lines=2, size=lots)
    start(world, grid)
    fall(world)
    world.settle()
    first = held(world)
    assert first >= lots * 97 // 100
    rise(world, share=9)
    world.settle()
    assert held(world) == 0
    fall(world)
    world.settle()
    assert held(world)
    assert [order.side for order in placed(world)] == ["increase", "reduce", "increase"]
    world.cue("cancel", key="plan")
    ended(world)


def test_a_ladder_sells_each_rung_at_its_price() -> None:
    world = holding()
    lots = held(world)
    now = price(world, lots)
    start(
        world,
        Ladder(instrument=POOL, side="sell", size=lots, first=now * 105 // 100, last=now * 125 // 100, weights=(1, 1)),
    )
    rise(world, share=20)
    world.settle()
    assert held(world) == lots - lots // 2
    rise(world)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_what_is_good_till_a_time_is_withdrawn_then() -> None:
    world = holding()
    lots = held(world)
    until = world.now + MINUTE
    plan = GoodTill(instrument=POOL, side="sell", size=lots, price=price(world, lots) * 2, until=until)
    start(world, plan)
    world.clock(until)
    assert heard(world)[-1] == "plan expired 0"
    assert held(world) == lots
    ended(world)


def test_what_is_not_taken_at_once_rests_at_that_price() -> None:
    world = World(PLAIN)
    start(world, MarketToLimit(instrument=POOL, side="buy", size=10**20))
    world.answer_all()
    rise(world)  # the swap reverts
    world.settle()
    assert not held(world)
    fall(world, share=8)
    world.settle()
    assert held(world)
    assert [order.part.leg for order in placed(world) if order.part] == ["now", "rest"]
    ended(world)


# ---- what a pool cannot do ----


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (Iceberg(instrument=POOL, side="sell", size=10, price=5, show=2), "iceberg"),
        (Chase(instrument=POOL, side="buy", size=10, limit=5), "chase"),
        (Participate(instrument=POOL, side="sell", size=10, share_bps=100), "participate"),
        (GoodTill(instrument=POOL, side="sell", size=10, price=5, flags=("post-only",)), "post-only"),
        (Ladder(instrument=POOL, side="sell", size=9, first=5, last=5, weights=(1,), flags=("hidden",)), "hidden"),
        (Stop(instrument=POOL, side="sell", size=9, trigger=5, reduce_only=True, native=True), "native"),
        (Unwind(instrument=POOL, side="buy", size=10), "short"),
        (TakeProfit(instrument=POOL, side="buy", size=10, trigger=5), "short"),
        (Bracket(instrument=POOL, side="sell", size=10, stop=20), "short"),
        (Stop(instrument=POOL, side="buy", size=10, trigger=5, reduce_only=True), "short"),
    ],
)
def test_what_makes_no_sense_in_a_pool_is_refused_by_its_name_and_with_the_reason(plan: Plan, rule: str) -> None:
    world = holding()
    start(world, plan)
    assert heard(world) == ["plan denied 0"]
    assert world.script().heard[-1].endswith(f"kernel.{rule}")
    (judged,) = [
        finding for fact in world.of(f.Judged) for finding in fact.findings if finding.rule == rule and not finding.ok
    ]
    assert len(judged.note) > 20
    assert not world.book.plans


def test_a_plan_for_a_token_is_one_for_the_pool_that_holds_it() -> None:
    world = holding()
    start(world, Unwind(instrument=TOKEN, side="sell", size=held(world)))
    assert placed(world)[0].pool == POOL
    world.settle()
    ended(world)


def test_a_plan_for_what_is_not_known_is_denied() -> None:
    world = World(PLAIN)
    start(world, Unwind(instrument=f"{CHAIN}:{address(0xDEAD)}", side="sell", size=5))
    assert world.script().heard[-1].endswith("kernel.pool-known")


# ---- checks, people, the kill switch ----


def test_a_purchase_that_a_check_denies_ends_the_plan() -> None:
    world = World(replace(PLAIN, checks=(CheckWiring("no", Says(findings=(must("never", False),))),)))
    start(world, Twap(instrument=POOL, side="buy", size=10**20, duration=MINUTE, slices=2))
    assert world.script().heard[-1] == "plan plan denied 0 no.never"
    ended(world)


def test_a_purchase_that_a_check_denies_for_now_is_tried_again() -> None:
    world = World(replace(PLAIN, checks=(CheckWiring("looks", Looks(retry_after_s=30)),)))
    world.evidence = Seen(good=False)
    start(world, Twap(instrument=POOL, side="buy", size=10**20, duration=MINUTE, slices=1))
    world.answer_all()
    assert world.book.plans
    assert not placed(world)
    world.evidence = Seen(good=True)
    world.clock(world.now + 31 * SECOND)
    world.settle()
    assert held(world)
    ended(world)


def test_neither_checks_nor_the_kill_switch_stop_a_sale() -> None:
    checks = (CheckWiring("most", SpendLimit(limit=ETHER // 10)), CheckWiring("looks", Looks()))
    world = holding(replace(PLAIN, checks=checks))
    world.evidence = Seen(good=False)
    world.kill("no-entries")
    start(world, Unwind(instrument=POOL, side="sell", size=held(world)))
    world.settle()
    assert held(world) == 0
    ended(world)


def test_what_is_being_judged_is_dropped_with_its_plan() -> None:
    world = World(replace(PLAIN, checks=(CheckWiring("looks", Looks()),)))
    start(world, Twap(instrument=POOL, side="buy", size=10**20, duration=MINUTE, slices=2))
    assert world.book.pending
    world.cue("cancel", key="plan")
    assert not world.book.pending
    assert heard(world)[-1] == "plan cancelled 0"
    world.settle()
    ended(world)


def test_what_was_not_signed_yet_is_not_sent_once_its_plan_is_cancelled() -> None:
    world = World(PLAIN)
    start(world, Twap(instrument=POOL, side="buy", size=10**20, duration=MINUTE, slices=1))
    assert world.asked(Sign)
    world.cue("cancel", key="plan")
    world.settle()
    assert not world.sent
    assert not held(world)
    assert heard(world)[-1] == "plan cancelled 0"
    ended(world)


def test_the_kill_switch_ends_what_buys_and_a_bracket_goes_on_protecting() -> None:
    world = World(PLAIN)
    now = price(world, 10**21)
    start(world, Bracket(instrument=POOL, side="buy", size=10**21, stop=now * 9 // 10), key="bracket")
    world.settle()
    start(world, Dca(instrument=POOL, side="buy", value=ETHER // 100, every=MINUTE, times=3), key="dca")
    world.settle()
    world.kill("no-entries")
    assert [plan.started.key for plan in world.book.plans.values()] == ["bracket"]
    fall(world)
    world.settle()
    assert len([order for order in placed(world) if order.side == "reduce"]) == 1


def test_flatten_ends_all_plans_and_sells_everything_once() -> None:
    world = holding()
    lots = held(world)
    start(world, oco(lots, price(world, lots)))
    world.kill("flatten")
    world.settle()
    assert held(world) == 0
    assert not placed(world)
    ended(world)


def test_a_person_who_closes_a_position_ends_its_plans_and_a_sale_on_its_way_is_waited_for() -> None:
    world = holding()
    lots = held(world)
    start(world, Twap(instrument=POOL, side="sell", size=lots, duration=MINUTE, slices=2))
    world.answer_all()
    world.close()
    assert len(world.book.orders) == 1
    assert world.book.plans
    world.settle(rounds=12)
    assert held(world) == 0
    ended(world)


def test_an_exit_comes_before_a_plan() -> None:
    world = holding(Setup(strategies=(("script", (target(stop=9_500),)),)))
    lots = held(world)
    start(world, Stop(instrument=POOL, side="sell", size=lots, trigger=price(world, lots) * 9 // 10))
    fall(world)
    world.settle()
    assert held(world) == 0
    assert not placed(world)
    ended(world)


def test_two_plans_never_sell_more_than_is_held() -> None:
    world = holding()
    lots = held(world)
    start(world, Twap(instrument=POOL, side="sell", size=lots, duration=MINUTE, slices=2), key="one")
    start(world, Unwind(instrument=POOL, side="sell", size=lots), key="other")
    world.settle(rounds=12)
    assert held(world) == 0
    assert sum(order.part.size for order in placed(world) if order.part) == lots
    world.clock(world.now + 2 * MINUTE)
    world.settle()
    ended(world)


# ---- what goes wrong ----


def test_a_purchase_that_reverts_three_times_in_a_row_fails() -> None:
    world = World(PLAIN)
    start(world, Twap(instrument=POOL, side="buy", size=10**22, duration=MINUTE, slices=1))
    for _ in range(3):
        world.answer_all()
        rise(world, share=8)  # in the block of the swap
        world.answer_all()
        world.clock(world.now + 10 * SECOND)
    assert heard(world)[-1] == "plan failed 0"
    assert len(placed(world)) == 3
    ended(world)


def test_a_sale_that_reverts_takes_more_slippage_and_is_never_given_up() -> None:
    world = holding()
    lots = held(world)
    world.chain.tokens[address(1)].sellable = False
    start(world, Unwind(instrument=POOL, side="sell", size=lots))
    for _ in range(4):
        world.settle()
        world.clock(world.now + 70 * SECOND)
    assert world.book.plans
    least = [order.min_out for order in placed(world)]
    assert len(least) >= 4
    assert least == sorted(least, reverse=True)
    assert least[0] > least[1]
    world.chain.tokens[address(1)].sellable = True
    world.settle()
    world.clock(world.now + 70 * SECOND)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_a_reorg_of_a_sale_puts_its_plan_back_and_the_same_transaction_ends_it_again() -> None:
    world = holding()
    lots = held(world)
    start(world, Unwind(instrument=POOL, side="sell", size=lots))
    world.settle()
    assert not world.book.plans
    assert held(world) == 0
    sent = len(world.sent)
    world.chain.reorg(1)
    world.chain.mine(most=0)
    world.deliver()
    (plan,) = world.book.plans.values()
    assert plan.filled() == 0
    assert held(world) == lots
    assert len(world.book.orders) == 1
    world.check()
    world.settle()
    assert held(world) == 0
    assert len(placed(world)) == 1
    assert len({tx.nonce for _, tx in world.sent[sent:]} - {tx.nonce for _, tx in world.sent[:sent]}) == 0
    ended(world)


def test_a_reorg_of_one_slice_of_many_lets_the_rest_go_on() -> None:
    world = World(PLAIN)
    start(world, Twap(instrument=POOL, side="buy", size=2 * 10**20, duration=4 * MINUTE, slices=2))
    world.settle()
    (plan,) = world.book.plans.values()
    assert plan.filled() == 10**20
    world.chain.reorg(2)
    world.chain.mine(most=0)
    world.chain.mine(most=0)
    world.deliver()
    assert plan.filled() == 0
    assert [leg.working for leg in plan.legs.values()] == [[placed(world)[0].order]]
    world.clock(world.now + 5 * MINUTE)
    world.settle(rounds=16)
    assert [order.part.size for order in placed(world) if order.part] == [10**20, 10**20]
    ended(world)


def test_a_plan_is_forgotten_once_no_reorg_can_bring_it_back() -> None:
    world = holding()
    start(world, Unwind(instrument=POOL, side="sell", size=held(world)))
    world.settle()
    assert world.book.plans_over
    for _ in range(12):
        world.mine()
    assert not world.book.plans_over


@pytest.mark.parametrize("snapshot", [True, False])
def test_plans_go_on_after_a_crash_and_nothing_is_sent_twice(snapshot: bool) -> None:
    world = holding()
    lots = held(world)
    start(world, oco(lots, price(world, lots)), key="oco")
    start(world, Twap(instrument=f"{CHAIN}:{pool_of(2)}", side="buy", size=10**20, duration=MINUTE, slices=2))
    world.answer_all(Sign)
    (send,) = world.asked(Send)
    world.answer(send, how="lost")
    if snapshot:
        world.restart()
    world.crash()
    assert len(world.book.plans) == 2
    world.clock(world.now + 2 * MINUTE)
    world.settle(rounds=12)
    assert [order.part.size for order in placed(world) if order.part] == [10**20 // 2] * 2
    fall(world)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_an_outcome_that_nobody_knows_holds_the_plan() -> None:
    world = World(PLAIN)
    start(world, Twap(instrument=POOL, side="buy", size=2 * 10**20, duration=MINUTE, slices=2))
    world.answer_all(Sign)
    world.answer(world.asked(Send)[0], how="lost")
    world.clock(world.now + 2 * MINUTE)
    for _ in range(2):
        world.mine(most=0)
    assert len(placed(world)) == 1
    world.settle(rounds=12)
    assert len(placed(world)) == 2
    ended(world)


def test_a_plan_works_with_an_erc20_and_its_approvals() -> None:
    world = World(replace(PLAIN, quote=USD))
    now = price(world, 10**21)
    start(world, Bracket(instrument=POOL, side="buy", size=10**21, stop=now * 9 // 10))
    world.settle()
    assert held(world)
    fall(world)
    world.settle()
    assert held(world) == 0
    ended(world)


def test_a_plan_is_played_where_nothing_is_signed() -> None:
    world = World(replace(PLAIN, signs=False))
    start(world, Scheduled(instrument=POOL, side="buy", slices=((world.now, 10**20), (world.now + MINUTE, 10**20))))
    assert placed(world)
    assert not world.asked(Sign)
