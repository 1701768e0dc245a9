"""Ways out: what may stop a sale and what may not, retries, timers, the kill switch, lives of strategies."""

from itertools import pairwise

import pytest
from world import (
    ETHER,
    BrokenExit,
    Looks,
    Raises,
    Says,
    Script,
    Setup,
    TargetConfig,
    Token,
    Venue,
    World,
    address,
    pool_of,
    target,
    token_of,
)

from sniper.kernel import facts as f
from sniper.kernel.asks import Probe, Send, Sign, SimulateSell
from sniper.kernel.wiring import CheckWiring, ExecutionWiring, ExitWiring
from sniper.risk import must
from sniper.types import BPS, SECOND

TOKEN = token_of(1)
NO = must("no", False)


def bought(**setup: object) -> World:
    world = World(Setup(**setup))  # type: ignore[arg-type]
    world.bought()
    return world


def sales(world: World) -> list[f.OrderPlaced]:
    return [fact for fact in world.of(f.OrderPlaced) if fact.side == "reduce"]


def wanted(world: World) -> object:
    return world.account.exits.guards[TOKEN].pending


# ---- what may refuse a sale ----


def test_a_check_does_not_stop_a_sale_and_a_probe_does_not_delay_it() -> None:
    world = World(
        Setup(
            checks=(
                CheckWiring("law", Looks(), policy=True),
                CheckWiring("look", Looks()),
                CheckWiring("only-sales", Says(findings=(NO,), side="reduce")),
            )
        )
    )
    world.open()
    world.settle()
    decided = world.close()
    assert [type(fact) for fact in decided if isinstance(fact, f.OrderPlaced)]
    assert not world.asked(Probe)
    assert world.asked(Sign, purpose="exit")


def test_a_policy_that_denies_refuses_a_sale_which_is_tried_again() -> None:
    world = bought(checks=(CheckWiring("law", Says(findings=(NO,), side="reduce"), policy=True),))
    world.close()
    assert not sales(world)
    assert world.of(f.Verdict)[-1].rule == "law.no"
    assert wanted(world)
    verdicts = len(world.of(f.Verdict))
    world.mine()
    assert len(world.of(f.Verdict)) == verdicts + 1


class OnSales(Raises):
    def judge(self, intent, view):  # type: ignore[no-untyped-def]
        if intent.side == "reduce":
            raise ValueError("cannot judge")
        yield must("fine", True)


def test_a_policy_that_fails_only_warns_of_a_sale() -> None:
    world = bought(checks=(CheckWiring("law", OnSales(), policy=True),))
    world.close()
    assert sales(world)
    finding = next(j for j in world.of(f.Judged) if j.check == "law" and not j.findings[0].ok).findings[0]
    assert finding.severity == "warn"
    assert world.reports


def test_the_loss_floor_refuses_a_sale_and_bounds_its_slippage() -> None:
    world = bought(execution=ExecutionWiring(loss_floor_bps=9_500))
    world.close()
    cost = world.book.positions[TOKEN].cost
    assert sales(world)[0].min_out == cost * 9_500 // BPS, "above what the slippage alone would allow"
    world.settle()
    world = bought(execution=ExecutionWiring(loss_floor_bps=9_500))
    world.mine(trades=((pool_of(1), -(10**23)),))
    world.close()
    assert not sales(world)
    assert world.of(f.Verdict)[-1].rule == "kernel.loss-floor"


def test_a_venue_that_raises_is_asked_again_for_a_plan_with_each_block() -> None:
    world = bought()
    world.kernel.wiring.venues["router"] = Venue(broken=True)
    world.close()
    assert world.of(f.Verdict)[-1].rule == "kernel.planned"
    world.kernel.wiring.venues["router"] = Venue()
    world.mine()
    assert sales(world)


# ---- the kill switch ----


@pytest.mark.parametrize("level", ["no-entries", "flatten"])
def test_sales_go_on_while_nothing_is_entered(level: str) -> None:
    world = bought()
    world.kill(level)
    world.close()
    world.settle()
    assert not world.book.positions
    world.check_against_chain()


def test_flatten_closes_every_position_urgently() -> None:
    world = World()
    world.bought(1)
    world.bought(2)
    world.kill("flatten")
    assert [(sale.token, sale.urgent) for sale in sales(world)] == [(token_of(1), True), (token_of(2), True)]
    world.settle()
    assert not world.book.positions


def test_flatten_also_closes_what_is_filled_after_it() -> None:
    world = World()
    world.open()
    world.answer_all()
    world.kill("flatten")
    world.settle(12)
    assert not world.book.positions
    assert world.chain.ledger.tokens[address(1)] == 0


def test_freeze_lets_nothing_leave_but_cancellations_and_lifting_it_resumes() -> None:
    world = bought(execution=ExecutionWiring(replace_after_blocks=1))
    world.open(2)
    world.answer_all(Sign)
    world.answer_all(Send)
    world.close()
    world.kill("freeze")
    before = len(world.sent)
    for _ in range(6):
        world.answer_all()
        world.mine(most=0)
    assert {tx.purpose for _, tx in world.sent[before:]} == {"cancel"}
    failures = world.book.positions[TOKEN].failures
    assert failures == 0, "what must wait has not failed"
    world.kill("off")
    world.settle(12)
    assert TOKEN not in world.book.positions, "sold after all"
    world.check()
    world.check_against_chain()


def test_a_sale_that_is_wanted_during_freeze_happens_with_the_first_block_after_it() -> None:
    world = bought()
    world.kill("freeze")
    world.close()
    for _ in range(10):
        world.mine()
    assert not sales(world)
    assert world.book.positions[TOKEN].failures == 0
    world.kill("off")
    world.mine()
    assert sales(world)
    base = ExecutionWiring().exit_slippage_bps
    assert sales(world)[0].min_out == sales(world)[0].expected_out * (BPS - base) // BPS


# ---- sales that fail ----


def test_failing_sales_escalate_slippage_end_as_stuck_and_cost_no_more_gas_until_one_would_work() -> None:
    world = bought(execution=ExecutionWiring(exit_slippage_bps=500, max_exit_slippage_bps=3_000, stuck_after=3))
    world.chain.tokens[address(1)].sellable = False
    world.close()
    for _ in range(30):
        world.answer_all()
        world.mine()
    world.answer_all()
    tried = sales(world)
    slippages = [BPS - -(-sale.min_out * BPS // sale.expected_out) for sale in tried]
    assert slippages == pytest.approx([500, 1_000, 2_000], abs=1)
    assert world.book.positions[TOKEN].state == "stuck"
    simulated = [fact for fact in world.of(f.Asked) if isinstance(fact.ask.body, SimulateSell)]
    blocks = [fact.time // (12 * SECOND) for fact in simulated]
    gaps = [b - a for a, b in pairwise(blocks)]
    assert gaps[-1] > gaps[0], "ever less often"
    world.chain.tokens[address(1)].sellable = True
    for _ in range(40):
        world.answer_all()
        world.mine()
    assert not world.book.positions
    world.check()
    world.check_against_chain()


def test_a_taxed_token_is_sold_by_what_the_balance_says() -> None:
    world = bought()
    world.chain.tokens[address(1)] = Token(sell_tax_bps=300)
    world.close()
    world.settle()
    assert not world.book.positions
    world.check()
    world.check_against_chain()


def test_a_share_is_sold_and_costs_are_split_exactly() -> None:
    world = bought()
    before = world.book.positions[TOKEN]
    cost, amount = before.cost, before.amount
    world.close(share_bps=2_500)
    world.settle()
    position = world.book.positions[TOKEN]
    assert position.amount == amount - amount // 4
    assert position.cost == cost - cost * (amount // 4) // amount
    assert position.state == "open"
    assert wanted(world) is None
    world.check()
    world.check_against_chain()


def test_a_larger_wish_survives_a_more_urgent_one() -> None:
    world = bought()
    world.kill("freeze")
    world.close(share_bps=BPS)
    world.account.sales.close(TOKEN, "now", share_bps=1_000, urgent=True)
    pending = world.account.exits.guards[TOKEN].pending
    assert (pending.share_bps, pending.urgent) == (BPS, True)


# ---- exits ----


def test_an_exit_sells_when_the_pool_makes_it_worth() -> None:
    world = bought(strategies=(("script", (target(take=12_000),)),))
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert not world.book.positions
    assert "target: take" in [fact.reason for fact in world.of(f.IntentFormed)]


def test_an_exit_of_an_emergency_is_urgent() -> None:
    world = bought()
    world.chain.burn(pool_of(1), 5_000)
    world.deliver()
    assert sales(world)[0].urgent
    assert world.of(f.IntentFormed)[-1].reason == "target: liquidity leaves"


def test_a_broken_exit_does_not_stop_the_others() -> None:
    broken = ExitWiring(name="broken", exit=BrokenExit, config=TargetConfig())
    world = bought(strategies=(("script", (broken, target(stop=9_000))),))
    world.mine(trades=((pool_of(1), -(10**23)),))
    assert sales(world)
    assert world.reports


def test_a_timer_fires_at_its_deadline_before_the_event_that_reaches_it() -> None:
    world = World()
    at = world.now + 5 * SECOND
    world.cue("timer", key="first", at=at)
    world.cue("timer", key="replaced", at=at)
    world.cue("timer", key="replaced", at=at + SECOND)
    world.mine()
    heard = world.script().heard[-3:]
    assert heard[0] == f"fired first at {at}"
    assert heard[1] == f"fired replaced at {at + SECOND}"
    assert heard[2].startswith("block 2")


def test_an_exit_timer_sells() -> None:
    world = bought(strategies=(("script", (target(max_age=60 * SECOND),)),))
    world.clock(world.now + 59 * SECOND - 24 * SECOND)
    assert not sales(world)
    world.clock(world.now + 60 * SECOND)
    assert sales(world)


def test_a_simulated_sale_measures_the_tax_that_a_token_takes_now() -> None:
    world = bought(strategies=(("script", (target(simulates=True),)),))
    world.chain.tokens[address(1)] = Token(sell_tax_bps=5_000)
    world.mine()
    world.answer_all(SimulateSell)
    token = world.account.view.token(TOKEN)
    assert token.sell_tax_bps == pytest.approx(5_000, abs=5)


# ---- lives of strategies ----


def test_a_strategy_that_raises_is_stopped_and_its_position_keeps_its_exits() -> None:
    world = bought(strategies=(("script", (target(take=12_000),)), ("second", ())))
    world.cue("raise")
    assert world.book.instances["script"].state == "stopped"
    heard = len(world.script().heard)
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert len(world.script().heard) == heard, "it hears nothing more"
    assert not world.book.positions, "its exit went on"
    world.open(2, instance="second")
    assert world.of(f.Verdict)[-1].allowed, "the other one is not concerned"


def test_pausing_a_stopped_strategy_does_not_let_it_hear_again_and_starting_it_does() -> None:
    world = World()
    world.cue("raise")
    assert world.book.instances["script"].state == "stopped"
    world.life("pause")
    assert world.book.instances["script"].state == "stopped"
    world.life("start")
    assert world.book.instances["script"].state == "active"


def test_dust_that_somebody_sends_does_not_keep_a_sold_position_open() -> None:
    world = bought(strategies=(("script", (target(take=12_000),)),))
    world.chain.head.ledger.tokens[address(1)] += 12_345
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert len(sales(world)) == 1
    assert TOKEN not in world.book.positions


def test_a_position_that_the_chain_shows_empty_is_written_off_and_not_sold_any_more() -> None:
    world = bought()
    world.chain.head.ledger.tokens[address(1)] = 0
    world.crash()
    world.answer_all()
    lost = world.book.positions[TOKEN]
    assert (lost.state, lost.cost, lost.exit_gas) == ("written-off", 0, 0)
    assert lost.realised < 0, "what it cost is a loss now, which limits count"
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert sales(world) == []


def test_a_strategy_that_yields_nonsense_is_stopped() -> None:
    world = World()
    world.cue("nonsense")
    assert world.book.instances["script"].state == "stopped"
    world.life("start")
    world.open()
    assert world.of(f.Verdict)[-1].allowed


def test_a_strategy_that_says_that_it_opens_nothing_has_no_sizer_and_is_stopped_where_it_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Script, "opens", False)
    world = World(Setup(sizer=None))
    world.open()
    assert world.of(f.IntentFormed) == []
    assert world.book.instances["script"].state == "stopped"
    assert "its class says that it opens none" in world.of(f.InstanceMoved)[-1].reason


@pytest.mark.parametrize("action", ["pause", "drain", "remove"])
def test_no_entry_but_every_exit_with_positions_open(action: str) -> None:
    world = bought(strategies=(("script", (target(take=12_000),)),))
    world.life(action)
    world.open(2)
    verdicts = world.of(f.Verdict)
    assert not verdicts[-1].allowed or action == "remove"
    assert token_of(2) not in world.book.positions
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert not world.book.positions
    assert world.book.instances["script"].state == {"pause": "paused"}.get(action, "removed")


def test_draining_with_nothing_held_removes_at_once() -> None:
    world = World()
    world.life("drain")
    assert world.book.instances["script"].state == "removed"


def test_an_entry_whose_strategy_is_paused_while_its_probe_is_out_is_denied() -> None:
    world = World(Setup(checks=(CheckWiring("look", Looks()),)))
    world.open()
    world.life("pause")
    world.answer_all(Probe)
    assert world.of(f.Verdict)[-1].rule == "kernel.strategy-active"


def test_parameters_change_while_it_runs_and_bad_ones_change_nothing() -> None:
    world = World()
    world.life("configure", '{"words": "hello"}')
    world.cue("say")
    assert world.script().heard[-1] == "hello"
    for bad in ("{", '{"words": 7}', '{"nonsense": 1}', "[]"):
        assert world.life("configure", bad) == []
    assert world.life("dance") == []
    assert len(world.reports) == 5
    world.cue("say")
    assert world.script().heard[-1] == "hello"
    world.check_replay()


def test_a_holding_that_shrank_by_itself_is_sold_after_the_sale_that_shows_it() -> None:
    world = bought()
    ledger = world.chain.ledger
    ledger.tokens[address(1)] = ledger.tokens[address(1)] * 9 // 10
    world.close()
    world.settle()
    world.mine()
    world.settle()
    assert len(sales(world)) == 2
    assert TOKEN not in world.book.positions
    world.check()
    assert world.book.cash[world.account.quote] == world.chain.ledger.native
    assert not world.chain.ledger.tokens[address(1)]


# ---- a person's sale beside another one ----


@pytest.mark.parametrize(("first", "then"), [(6_000, 2_500), (6_000, 6_000), (2_500, 6_000), (BPS, BPS), (BPS, 2_500)])
def test_a_sale_by_hand_beside_one_that_is_on_its_way_is_refused_and_says_why(first: int, then: int) -> None:
    world = bought()
    world.close(share_bps=first)
    facts = world.close(share_bps=then)
    assert [type(fact) for fact in facts] == [f.IntentFormed, f.Judged, f.Verdict]
    (finding,) = facts[1].findings  # type: ignore[attr-defined]
    assert finding.note.startswith(f"{first} bps of it are being sold (by hand")
    assert facts[2].rule == "kernel.no-other-sale"  # type: ignore[attr-defined]
    world.settle()
    world.check()
    world.check_against_chain()


def test_a_sale_of_all_by_hand_follows_one_of_a_part_that_is_on_its_way() -> None:
    world = bought()
    world.close(share_bps=2_500)
    assert world.close() == []
    world.settle(12)
    assert TOKEN not in world.book.positions
    world.check_against_chain()


def test_a_larger_sale_by_hand_takes_the_place_of_one_that_waits() -> None:
    world = bought()
    world.kill("freeze")
    world.close(share_bps=2_500)
    refused = world.close(share_bps=2_000)
    assert "2500 bps of it are to be sold" in refused[1].findings[0].note  # type: ignore[attr-defined]
    world.close(share_bps=5_000)
    held = world.book.positions[TOKEN].amount
    world.kill("off")
    world.mine()
    world.settle()
    assert world.book.positions[TOKEN].amount == held - held // 2
