"""Stages in the kernel: what is traded at each, who moves an instance, and what takes it back."""

from typing import Any

from ladder import BROKEN, BTC, FAILED, LADDER, PASSED, World, order, wiring

from sniper.events import StageOrdered, Started
from sniper.instrument import COIN
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.fold import fold
from sniper.kernel.kernel import Kernel
from sniper.kernel.promotion.scaling import scaled
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import PromotionWiring
from sniper.order_types import Bracket, Dca, Iceberg, Ladder, Leg, OneTriggersOther, Scheduled, Stop, Twap
from sniper.strategy import CancelOrder, Close
from sniper.types import SECOND, Open, StartPlan


def test_nothing_is_entered_before_a_live_stage_and_why_says_so() -> None:
    stop = StartPlan(key="p", plan=Stop(instrument=BTC.id, side="buy", size=100, trigger=1_000_001), reason="test")
    world = World({1: [order()], 2: [Open(token=BTC.base, reason="test")], 3: [stop]})
    world.trades(1_000_000, 1_000_000, 1_000_000, 1_000_002)
    assert world.rules() == ["kernel.stage"] * 3
    assert world.held == 0
    (finding,) = [each for each in world.of(f.Judged)[0].findings if each.rule == "stage"]
    assert (finding.ok, finding.found, finding.note) == (False, 0, "paper")


def test_a_share_of_an_order_is_traded_and_all_of_what_closes_it() -> None:
    world = World({1: [order(size=105)], 3: [order("sell", size=10, key="b")]})
    world.rise(1)
    world.trades(1_000_000, 1_000_000)
    assert world.held == 10  # a tenth of 105, rounded down
    world.trades(1_000_000, 1_000_000)
    assert world.held == 0  # it sells what it sees that it holds, not a tenth of that


def test_a_strategy_that_sells_what_it_meant_to_hold_sells_what_it_holds() -> None:
    world = World({1: [order(size=100)], 3: [order("sell", size=100, key="b")]})
    world.rise(1)
    world.trades(1_000_000, 1_000_000, 1_000_000, 1_000_000)
    assert world.held == 0
    assert world.rules() == []


def test_a_share_of_what_the_sizer_says_is_spent() -> None:
    world = World({1: [Open(token=BTC.base, reason="test")]})
    world.rise(1)
    world.trades(1_000_000, 1_000_000)
    (placed,) = world.of(f.ExchangeOrderPlaced)
    assert placed.new.size == 9  # 100 dollars at 10,100 a coin, lots of 0.001


def test_without_a_ladder_all_is_traded() -> None:
    world = World({1: [order()]}, promotion=None)
    world.trades(1_000_000, 1_000_000)
    assert world.held == 100
    assert world.book.stages == {}


def test_a_promotion_waits_for_a_person_and_skips_nothing() -> None:
    world = World({})
    world.ordered("promote")
    assert world.stage == "paper"  # nothing is proposed
    world.measured(FAILED)
    world.ordered("promote")
    assert world.stage == "paper"
    world.measured(PASSED)
    assert (world.stage, world.book.stages["s"].proposed) == ("paper", "live-10%")
    world.ordered("promote", stage="live-100%", force=True)
    assert world.stage == "paper"
    world.ordered("promote", reason="looks good")
    assert world.stage == "live-10%"
    moved = world.of(f.StageMoved)[-1]
    assert (moved.reason, moved.evidence, moved.back) == ("looks good", PASSED, False)
    world.ordered("promote")
    assert world.stage == "live-10%"  # proposed anew at each stage


def test_a_proposal_is_withdrawn_where_its_gates_fail_again() -> None:
    world = World({})
    world.measured(PASSED)
    world.measured(PASSED)
    world.measured(FAILED)
    assert [fact.stage for fact in world.of(f.StageProposed)] == ["live-10%", ""]
    world.ordered("promote")
    assert world.stage == "paper"


def test_it_rises_by_itself_where_the_config_lets_it() -> None:
    world = World({}, PromotionWiring(LADDER, True, 1_000 * COIN, 1_000, 2))
    world.measured(PASSED, stage="live-10%")
    assert world.stage == "paper"  # what was measured at another stage is late
    world.measured(())
    assert world.stage == "paper"  # nothing measured is nothing passed
    world.measured(PASSED)
    assert world.stage == "live-10%"


def test_what_was_measured_against_other_runs_takes_it_back() -> None:
    world = World({})
    world.rise(2)
    world.measured(PASSED, BROKEN)
    assert world.stage == "live-10%"
    moved = world.of(f.StageMoved)[-1]
    assert moved.back
    assert moved.reason == "slippage 200, limit 150 bps"
    world.measured(PASSED, BROKEN)
    assert world.stage == "paper"
    world.measured((), BROKEN)
    assert world.stage == "paper"  # nothing is at stake any more


def test_a_loss_takes_it_back_and_what_is_open_is_still_closed() -> None:
    """Bought 10 lots at 10,000, 100 dollars of capital at this stage: 10% of that are lost at 9,000."""
    world = World({1: [order()], 5: [order(key="c")], 7: [Close(token=BTC.base, reason="test")]})
    world.rise(1)
    world.trades(1_000_000, 1_000_000, 950_000)
    assert (world.stage, world.held) == ("live-10%", 10)
    world.trades(880_000)
    world.trades(880_000)  # a second later what watches looks at it
    world.trades(880_000)
    assert world.stage == "paper"
    assert world.of(f.StageMoved)[-1].evidence[0].rule == "drawdown"
    assert "kernel.stage" in world.rules()
    assert world.held == 10
    world.trades(880_000, 880_000)
    assert world.held == 0


def test_a_loss_that_was_realised_counts_once() -> None:
    """At 100%, 1,000 dollars: a loss of 120 takes it to 10%; there, what was lost before is not lost again."""
    world = World({1: [order()], 2: [order("sell", key="b")], 5: [order(key="c")], 7: [order("sell", 10, key="d")]})
    world.rise(2)
    world.trades(1_000_000, 1_000_000, 880_000, 880_000)
    assert (world.stage, world.held) == ("live-10%", 0)
    assert world.book.stages["s"].base == {"x": -120 * COIN}
    world.trades(880_000, 880_000, 880_000, 880_000)
    assert (world.stage, world.held) == ("live-10%", 0)


def test_too_many_errors_take_it_back() -> None:
    world = World({})
    world.rise(1)
    account = world.kernel.accounts["main"]
    for n in range(3):
        world.trades(1_000_000)
        account.trading.place("s", order(size=10, key=f"k{n}"))
        (open_order,) = account.book.desks["x"].orders.values()
        account.trading.desks["x"]._move(open_order, "rejected", note="no")
        world.kernel.asks.clear()
        world.kernel._drain()
        assert world.stage == ("live-10%" if n < 2 else "paper")


def test_what_would_enter_is_withdrawn_when_it_is_taken_back() -> None:
    world = World({1: [order(price=900_000)], 2: [order("sell", key="b"), CancelOrder(key="none")]})
    world.rise(1)
    world.trades(1_000_000)
    assert len(world.book.desks["x"].orders) == 1
    world.ordered("demote", reason="a person")
    world.trades(1_000_000)
    assert world.book.desks["x"].orders == {}
    assert world.of(f.StageMoved)[-1].reason == "a person"


def test_a_person_takes_it_down_to_any_lower_stage() -> None:
    world = World({})
    world.rise(2)
    world.ordered("demote", stage="live-100%")
    assert world.stage == "live-100%"
    world.ordered("demote", stage="paper")
    assert world.stage == "paper"
    world.ordered("demote")
    assert world.stage == "paper"


def test_stages_survive_a_crash_and_are_the_fold_of_their_facts() -> None:
    world = World({1: [order()]})
    world.measured(PASSED)
    world.rise(1)
    world.trades(1_000_000, 1_000_000)
    world.measured(PASSED)
    restored = Kernel(world.wiring)
    assert not restore(restored, dump(world.kernel))
    book = restored.accounts["main"].book
    assert book.stages == world.book.stages
    assert (book.stages["s"].stage, book.stages["s"].proposed) == ("live-10%", "live-100%")
    again = Book(account="main")
    for _, fact in world.kernel.facts:
        fold(again, fact)
    assert again.stages == world.book.stages
    restored.handle(Started(time=world.time, mode="live"))
    assert restored.accounts["main"].book.stages["s"].stage == "live-10%"


def test_another_ladder_begins_at_its_first_stage_where_it_lacks_the_old_one() -> None:
    world = World({})
    world.rise(2)
    kept = dump(world.kernel)
    other = Kernel(wiring(PromotionWiring((("paper", 0), ("live-100%", 5_000)), False, 1_000 * COIN, 1_000, 2)))
    restore(other, kept)
    other.handle(Started(time=world.time, mode="live"))
    assert other.accounts["main"].book.stages["s"].share_bps == 5_000
    gone = Kernel(wiring(PromotionWiring((("shadow", 0), ("live-50%", 5_000)), False, 1_000 * COIN, 1_000, 2)))
    restore(gone, kept)
    gone.handle(Started(time=world.time, mode="live"))
    assert gone.accounts["main"].book.stages["s"].stage == "shadow"


def test_what_counts_begins_anew_when_it_was_taken_back() -> None:
    world = World({})
    world.time = 7 * SECOND
    world.rise(1)
    assert world.book.stages["s"].counts_from == 0
    world.ordered("demote")
    assert world.book.stages["s"].counts_from == 7 * SECOND
    world.time = 9 * SECOND
    world.rise(1)
    assert (world.book.stages["s"].counts_from, world.book.stages["s"].since) == (7 * SECOND, 9 * SECOND)


def test_a_share_of_a_plan_is_a_share_of_each_of_its_orders() -> None:
    ladder = Ladder(instrument=BTC.id, side="buy", size=100, first=1, last=3, weights=(1, 1, 1))
    assert scaled(ladder, 1_000) == Ladder(instrument=BTC.id, side="buy", size=10, first=1, last=3, weights=(1, 1, 1))
    iceberg = scaled(Iceberg(instrument=BTC.id, side="buy", size=100, price=5, show=5), 1_000)
    assert isinstance(iceberg, Iceberg)
    assert (iceberg.size, iceberg.show) == (10, 1)
    dca = scaled(Dca(instrument=BTC.id, side="buy", value=1_000, every=5, times=3), 1_000)
    assert isinstance(dca, Dca)
    assert dca.value == 100
    scheduled = scaled(Scheduled(instrument=BTC.id, side="buy", slices=((1, 30), (2, 40))), 1_000)
    assert isinstance(scheduled, Scheduled)
    assert scheduled.slices == ((1, 3), (2, 4))
    triggers = OneTriggersOther(
        instrument=BTC.id,
        first=Leg(name="in_", side="buy", size=100),
        then=(Leg(name="out", side="sell", size=50, price=9),),
    )
    made = scaled(triggers, 1_000)
    assert isinstance(made, OneTriggersOther)
    assert (made.first.size, made.then[0].size, made.then[0].price) == (10, 5, 9)
    assert scaled(Bracket(instrument=BTC.id, side="buy", size=9, stop=5), 1_000) is None
    twap = Twap(instrument=BTC.id, side="sell", size=100, duration=5, slices=2)
    reduced = scaled(twap, 1_000, least=40)
    assert isinstance(reduced, Twap)
    assert (reduced.size, reduced.slices) == (40, 2)


def test_a_plan_of_which_the_share_leaves_no_lot_is_denied() -> None:
    world = World({1: [StartPlan(key="p", plan=Bracket(instrument=BTC.id, side="buy", size=9, stop=5), reason="t")]})
    world.rise(1)
    world.trades(1_000_000)
    assert world.rules() == ["kernel.stage-leaves"]


def test_why_an_order_of_a_person_is_refused() -> None:
    world = World({})
    stages = world.kernel.accounts["main"].stages

    def why(action: str, **how: Any) -> str:
        return stages.refusal(StageOrdered(time=0, account="main", action=action, **({"instance": "s"} | how)))

    assert "its gates are not all passed" in why("promote")
    assert "no stage is skipped" in why("promote", stage="live-100%", force=True)
    assert "its first stage" in why("demote")
    assert "[promotion.other]" in why("promote", instance="other")
    world.rise(2)
    assert "its last stage" in why("promote", force=True)
    assert "no live-100%" in why("demote", stage="live-100%")
    assert why("demote", stage="paper") == ""
