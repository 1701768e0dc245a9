"""The way of an entry: stages in their order, findings, verdicts, probes."""

from typing import Any

import pytest
from world import (
    ACCOUNT,
    ETHER,
    AsAsked,
    Cue,
    Looks,
    Raises,
    Says,
    Setup,
    SpendLimit,
    Venue,
    World,
    pool_of,
    token_of,
)

from sniper.events import FeedStale, Started
from sniper.kernel import facts as f
from sniper.kernel.asks import DescribeToken, Probe, ReadBalances, Sign
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import CheckWiring
from sniper.risk import Finding, RiskCheck, RiskProbe, must
from sniper.types import SECOND

TOKEN = token_of(1)
NO = must("no", False)


def check(name: str, check: RiskCheck | RiskProbe[Any], *, policy: bool = False) -> CheckWiring:
    return CheckWiring(name=name, check=check, policy=policy)


def judged(facts: list[f.Fact]) -> list[str]:
    return [fact.check for fact in facts if isinstance(fact, f.Judged)]


def verdict(world: World) -> f.Verdict:
    found = world.of(f.Verdict)[-1]
    assert isinstance(found, f.Verdict)
    return found


def test_stages_come_in_the_order_of_the_design() -> None:
    world = World(Setup(checks=(check("b", Says()), check("a", Says()), check("look", Looks()))))
    first = world.open()
    assert [type(fact).__name__ for fact in first] == [
        "IntentFormed",
        "Judged",
        "EntrySized",
        "Judged",
        "Judged",
        "Asked",
    ]
    assert judged(first) == ["kernel", "a", "b"]
    (probe,) = world.asked(Probe)
    second = world.answer(probe)
    assert [type(fact).__name__ for fact in second] == [
        "Closed",
        "Judged",
        "Judged",
        "Verdict",
        "OrderPlaced",
        "AttemptMade",
        "Asked",
    ]
    assert judged(second) == ["look", "kernel"]
    assert world.asked(Sign)
    world.check()


def test_no_probe_starts_where_a_pure_check_denied() -> None:
    world = World(Setup(checks=(check("pure", Says(findings=(NO,))), check("look", Looks()))))
    world.open()
    assert not world.asked(Probe)
    assert verdict(world).rule == "pure.no"


def test_pure_checks_run_again_once_the_last_probe_answered() -> None:
    limit = 15 * ETHER // 100
    world = World(Setup(checks=(check("limit", SpendLimit(limit=limit)), check("look", Looks()))))
    world.open(1)
    world.open(2)
    probes = world.asked(Probe)
    assert len(probes) == 2, "both passed the limit while nothing was reserved"
    for probe in probes:
        world.answer(probe)
    assert [v.allowed for v in world.of(f.Verdict)] == [True, False]
    assert verdict(world).rule == "limit.day"


def test_policies_deny_first_then_checks_by_name() -> None:
    def denial(*names: tuple[str, bool]) -> str:
        checks = tuple(check(name, Says(findings=(NO,)), policy=policy) for name, policy in names)
        world = World(Setup(checks=checks))
        world.open()
        return verdict(world).rule

    assert denial(("b", False), ("a", False)) == "a.no"
    assert denial(("a", False), ("z", True)) == "z.no"
    assert denial(("a", False), ("z", True), ("y", True)) == "y.no"


@pytest.mark.parametrize("first", ["a", "b"])
def test_the_first_denial_of_probes_is_by_name_not_by_arrival(first: str) -> None:
    world = World(Setup(checks=(check("b", Looks()), check("a", Looks()))))
    world.open()
    probes = {ask.body.check: ask for ask in world.asked(Probe)}
    world.answer(probes.pop(first), how="bad")
    for probe in probes.values():
        world.answer(probe, how="bad")
    assert verdict(world).rule == "a.good"
    assert len(world.of(f.Verdict)) == 1


@pytest.mark.parametrize(
    ("bad", "rule"),
    [(Raises(), "bad.works"), (Says(findings=()), "bad.answers"), (Says(findings=(NO,)), "bad.no")],
)
def test_a_check_that_raises_or_finds_nothing_denies(bad: RiskCheck, rule: str) -> None:
    world = World(Setup(checks=(check("bad", bad),)))
    world.open()
    assert verdict(world).rule == rule
    assert not world.book.orders


@pytest.mark.parametrize(
    ("probe", "how", "rule"),
    [
        (Looks(), "late", "look.answered"),
        (Looks(), "garbage", "look.works"),
        (Looks(), "bad", "look.good"),
        (Looks(broken=True), "", "look.works"),
        (Looks(silent=True), "", "look.answers"),
    ],
)
def test_a_probe_that_is_late_or_raises_or_finds_nothing_denies(probe: Looks, how: str, rule: str) -> None:
    world = World(Setup(checks=(check("look", probe),)))
    world.open()
    world.answer(world.asked(Probe)[0], how=how)
    assert verdict(world).rule == rule
    assert not world.book.orders
    assert not world.book.pending


def test_a_finding_that_warns_does_not_deny() -> None:
    warning = Finding(rule="odd", ok=False, found=False, severity="warn")
    world = World(Setup(checks=(check("warns", Says(findings=(warning,))),)))
    world.open()
    assert verdict(world).allowed


def test_a_denial_says_when_to_try_again_where_all_denials_do() -> None:
    soon, later = must("soon", False, retry_after_s=3), must("later", False, retry_after_s=7)
    world = World(Setup(checks=(check("a", Says(findings=(soon, later))),)))
    world.open()
    told = verdict(world)
    assert told.retry_at == world.now + 7 * SECOND
    assert world.script().heard[-1] == f"denied a.soon {told.retry_at}"


def test_a_denial_without_retry_wins_over_one_with() -> None:
    soon = must("soon", False, retry_after_s=3)
    world = World(Setup(checks=(check("a", Says(findings=(soon, NO))),)))
    world.open()
    assert verdict(world).retry_at is None


def test_late_repeated_and_unknown_probe_answers_change_nothing() -> None:
    world = World(Setup(checks=(check("look", Looks()),)))
    world.open()
    probe = world.asked(Probe)[0]
    world.answer(probe, how="late")
    assert world.tell(world.make(probe)) == [], "the answer after its deadline"
    assert world.repeat(0) == []
    assert len(world.of(f.Verdict)) == 1


def test_nothing_is_entered_before_the_wallet_was_read() -> None:
    world = World(start=False)
    world.tell(Started(time=world.tick(), mode="live"))
    world.deliver()
    world.open()
    assert verdict(world).rule == "kernel.wallet-read"
    world.answer(world.asked(ReadBalances)[0])
    world.open()
    assert verdict(world).allowed


def test_a_wallet_that_cannot_be_read_is_asked_again_with_the_next_block_only() -> None:
    world = World(start=False)
    world.tell(Started(time=world.tick(), mode="live"))
    world.deliver()
    assert world.answer(world.asked(ReadBalances)[0], how="late")
    assert not world.asked(ReadBalances), "asking at once would never end where the node is gone"
    world.mine()
    assert len(world.asked(ReadBalances)) == 1


def test_nothing_is_bought_while_a_feed_is_stale() -> None:
    world = World()
    world.tell(FeedStale(time=world.tick(), feed="logs", chain_id=1, stale=True))
    world.open()
    assert verdict(world).rule == "kernel.feeds-fresh"
    world.tell(FeedStale(time=world.tick(), feed="logs", chain_id=1, stale=False))
    world.open()
    assert verdict(world).allowed


@pytest.mark.parametrize("token", ["0xabc", "weth:0xabc"])
def test_a_token_of_another_chain_or_none_is_denied(token: str) -> None:
    world = World()
    world.tell(Cue(time=world.tick(), instance="script", do="open", token=token))
    assert verdict(world).rule == "kernel.of-this-chain"
    world.open()
    assert verdict(world).allowed


def test_a_token_has_one_entry_at_a_time_and_one_owner() -> None:
    world = World(Setup(strategies=(("script", ()), ("second", ()))))
    world.open()
    world.open()
    assert verdict(world).rule == "kernel.one-at-a-time"
    world.settle()
    world.open(instance="second")
    assert verdict(world).rule == "kernel.one-owner"


@pytest.mark.parametrize("level", ["no-entries", "flatten", "freeze"])
def test_no_level_of_the_kill_switch_lets_an_entry_pass(level: str) -> None:
    world = World(Setup(checks=(check("look", Looks()),)))
    world.open()
    world.kill(level)
    world.answer(world.asked(Probe)[0])
    assert verdict(world).rule == "kernel.kill-switch-off", "set while the probe was out"
    world.open()
    assert verdict(world).rule == "kernel.kill-switch-off"
    world.kill("off")
    world.open()
    assert world.asked(Probe)


def test_a_kill_switch_level_that_does_not_exist_is_ignored_and_reported() -> None:
    world = World()
    assert world.kill("of") == []
    assert world.reports
    assert world.book.kill == "off"


def test_no_more_is_spent_than_is_free_with_gas_for_the_way_back() -> None:
    world = World()
    world.open(1, 10 * ETHER)
    assert verdict(world).rule == "kernel.free-cash"
    world.open(1, 9 * ETHER)
    assert verdict(world).allowed
    order = next(iter(world.book.orders.values()))
    assert order.cash == 9 * ETHER
    assert order.gas > 0
    assert order.exit_gas > 0
    world.open(2, ETHER)
    assert verdict(world).rule == "kernel.free-cash", "reserved cash is not free"


def test_a_quote_that_no_longer_holds_denies() -> None:
    world = World(Setup(checks=(check("look", Looks()),)))
    world.open()
    world.mine(trades=((pool_of(1), 60 * ETHER),))
    world.answer(world.asked(Probe)[0])
    assert verdict(world).rule == "kernel.quote-still-holds"


def test_a_pool_that_went_dry_denies() -> None:
    world = World(Setup(checks=(check("look", Looks()),)))
    world.open()
    world.chain.burn(pool_of(1), 10_000)
    world.deliver()
    world.answer(world.asked(Probe)[0])
    assert verdict(world).rule == "kernel.still-liquid"


def test_a_sizer_or_venue_that_raises_denies() -> None:
    world = World(Setup(sizer=AsAsked(broken=True)))
    world.open()
    assert verdict(world).rule == "kernel.sized"
    world = World(Setup(venue=Venue(broken=True)))
    world.open()
    assert verdict(world).rule == "kernel.planned"
    assert world.reports
    assert not world.book.halted


def test_measured_taxes_count_in_what_is_insisted_on() -> None:
    world = World(Setup(checks=(check("look", Looks()),)))
    world.evidence = type(world.evidence)(good=True, buy_tax_bps=1_000, sell_tax_bps=2_000)
    world.open()
    world.answer(world.asked(Probe)[0])
    order = next(iter(world.book.orders.values()))
    assert order.placed.min_out == order.placed.expected_out * 9_000 // 10_000 * 9_700 // 10_000
    token = world.account.view.token(TOKEN)
    assert (token.buy_tax_bps, token.sell_tax_bps) == (1_000, 2_000)


def test_a_feed_that_was_stale_in_the_process_before_stops_no_entry() -> None:
    world = World()
    world.tell(FeedStale(time=world.tick(), feed="logs", chain_id=1, stale=True))
    world.crash()
    world.answer_all()
    world.open()
    assert verdict(world).allowed


def test_a_halted_account_places_no_orders() -> None:
    world = World()
    world.account.emit(f.Halted(time=world.now, reason="test"))
    world.open()
    assert verdict(world).rule == "kernel.not-halted"
    assert world.account.name == ACCOUNT


def test_a_token_that_was_not_described_before_a_restart_is_asked_again_and_only_that() -> None:
    world = World(start=False)
    world.tell(Started(time=world.tick(), mode="live"))
    world.deliver()
    asked = world.asked(DescribeToken)
    assert len(asked) == 2
    world.answer(asked[0])
    world.crash()
    (again,) = world.asked(DescribeToken)
    assert again == asked[1]
    restored = world.setup.kernel(lambda what, error: None)
    restore(restored, dump(world.kernel))
    restored.handle(Started(time=world.tick(), mode="live"))
    assert [ask for ask in restored.asks if isinstance(ask.body, DescribeToken)] == [again]
    world.answer_all()
    world.crash()
    assert not world.asked(DescribeToken)
