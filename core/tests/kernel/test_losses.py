"""What was lost, by token, venue and strategy, and the breaker on it: real pools, reorgs, restarts."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import CHAIN, ETHER, GAS_SWAP, Drifting, Setup, World, pool_of, target, token_of

from sniper.kernel import facts as f
from sniper.kernel.wiring import WatchWiring
from sniper.types import DAY, KillLevel
from sniper_risk_limits.check import Limits, LimitsConfig

TENTH = ETHER // 10
STRATEGIES = (("script", (target(),)), ("second", (target(),)))


def limits(**caps: object) -> WatchWiring:
    amounts = {"max_spend_per_trade": ETHER, "max_spend_per_day": 100 * ETHER, "max_positions": 9}
    return WatchWiring("limits", Limits, LimitsConfig.model_validate({**amounts, **caps}))


def world(**caps: object) -> World:
    return World(Setup(tokens=4, watches=(limits(**caps),), strategies=STRATEGIES))


def falls(at: World, token: int = 1) -> None:
    """Others sell so much of it that what is held is worth nearly nothing."""
    at.mine(trades=((pool_of(token), -(10**25)),))


def realised(at: World, **of: str) -> int:
    found: int = at.account.view.realised(last_ns=DAY, place=str(CHAIN), **of)
    return found


def test_a_loss_is_of_the_token_the_venue_and_the_strategy_that_bought_and_of_no_other() -> None:
    here = world()
    here.bought(1)
    falls(here)
    here.close(1)
    here.settle()
    lost = realised(here)
    assert lost < -TENTH // 2
    assert [realised(here, token=token_of(1)), realised(here, venue="router"), realised(here, instance="script")] == [
        lost
    ] * 3
    assert [realised(here, token=token_of(2)), realised(here, venue="x"), realised(here, instance="second")] == [0] * 3
    here.restart()
    assert realised(here, token=token_of(1)) == lost
    here.check_replay()


def test_what_a_reorg_takes_back_counts_in_no_window_any_more() -> None:
    here = world()
    here.bought(1)
    falls(here)
    before = {cap: realised(here, **of) for cap, of in (("all", {}), ("token", {"token": token_of(1)}))}
    here.close(1)
    here.answer_all()
    here.mine()
    here.answer_all()
    assert realised(here) < before["all"]
    here.chain.reorg(1, keep=False)
    here.clock(here.now + 3_600 * 10**9)
    here.deliver()
    assert realised(here) == before["all"]
    assert realised(here, token=token_of(1)) == before["token"]
    assert here.account.view.realised(last_ns=1, place=str(CHAIN)) == 0, "what is undone is no gain of now"


def test_what_is_held_is_worth_what_its_pool_gives_now() -> None:
    here = world()
    view = here.account.view
    assert view.worth(token_of(1)) is None
    here.bought(1)
    first = view.worth(token_of(1))
    falls(here)
    assert 0 <= view.worth(token_of(1)) < first // 10
    here.chain.reorg(1, keep=False)
    here.mine()
    assert view.worth(token_of(1)) == first
    here.check()


def test_what_is_held_is_worth_nothing_certain_once_its_pool_is_outdated_and_until_it_is_read() -> None:
    here = World(Setup(tokens=4, watches=(limits(),), strategies=STRATEGIES, amm=Drifting))
    here.bought(1)
    view = here.account.view
    first = view.worth(token_of(1))
    assert first
    for _ in range(Drifting.LASTS // 12 + 1):
        here.mine()
    assert view.worth(token_of(1)) is None
    here.answer_all()
    assert view.worth(token_of(1)) == first
    here.check()


@pytest.mark.parametrize(
    ("cap", "rule", "subject"),
    [
        ("max_daily_loss", "daily-loss", ""),
        ("max_daily_loss_per_token", "token-daily-loss", f" of {token_of(1)}"),
        ("max_weekly_loss_per_venue", "venue-weekly-loss", " of router"),
        ("max_monthly_loss_per_strategy", "strategy-monthly-loss", " of script"),
    ],
)
def test_an_open_loss_trips_once_a_block_has_left_it_so(cap: str, rule: str, subject: str) -> None:
    here = world(**{cap: TENTH // 2}, trips=[rule])
    here.bought(1)
    assert here.book.kill == "off"
    falls(here)
    assert not here.of(f.Tripped), "within the block anybody may still put the price back"
    here.mine()
    (trip,) = here.of(f.Tripped)
    assert trip.check == "limits"
    assert trip.reason.startswith(f"{rule}{subject}: ")
    assert f"{TENTH // 2} are allowed" in trip.reason
    assert here.kernel.tripped[0][:2] == ("main", KillLevel.NO_ENTRIES)
    here.close(1)
    here.settle()
    assert len(here.kernel.tripped) == 1, "one that has tripped does not trip again"
    here.kill("off")
    here.mine()
    assert here.book.kill == "off"
    here.open(2, TENTH)
    denied = [fact.rule for fact in here.of(f.Verdict) if not fact.allowed]
    assert denied == ([] if "token" in rule else [f"limits.{rule}"]), "it still denies what counts against it"
    here.check_replay()


def test_the_loss_of_another_strategy_and_token_trips_nothing() -> None:
    rules = ["token-daily-loss", "strategy-daily-loss"]
    caps = dict.fromkeys(("max_daily_loss_per_token", "max_daily_loss_per_strategy"), TENTH)
    here = world(**caps, trips=rules)
    for token, instance in ((1, "script"), (2, "second")):
        here.open(token, TENTH * 6 // 10, instance=instance)
        here.settle()
        falls(here, token)
    assert here.book.kill == "off"
    here.open(3, TENTH * 6 // 10)
    here.settle()
    falls(here, 3)
    here.mine()
    (trip,) = here.of(f.Tripped)
    assert trip.reason.startswith("strategy-daily-loss of script: ")


def test_a_cap_that_only_denies_pulls_no_switch() -> None:
    here = world(max_daily_loss=TENTH // 2)
    here.bought(1)
    falls(here)
    here.open(2, TENTH)
    assert here.book.kill == "off"
    assert [fact.rule for fact in here.of(f.Verdict) if not fact.allowed] == ["limits.daily-loss"]


def test_gas_that_failed_transactions_burn_is_a_loss_too() -> None:
    here = world(max_daily_loss=GAS_SWAP, trips=["daily-loss"])
    here.open(1, TENTH)
    here.answer_all()
    here.mine(trades=((pool_of(1), 50 * ETHER),))  # the price runs away: the entry reverts
    here.settle()
    assert not here.book.positions
    assert here.book.kill == "no-entries"


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(("open", "close", "falls", "mine", "answer", "reorg", "restart")),
            st.integers(1, 4),
            st.sampled_from(("script", "second")),
        ),
        min_size=10,
        max_size=40,
    )
)
def test_the_parts_are_the_whole_in_every_history(steps: list[tuple[str, int, str]]) -> None:
    """Profits by venue and by strategy add up to all, those by token as well, and to what the chain has paid."""
    here = World(replace(Setup(), tokens=4, watches=(limits(),), strategies=STRATEGIES))
    for what, which, instance in steps:
        if what == "open":
            here.open(which, TENTH, instance=instance)
        elif what == "close":
            here.close(which)
        elif what == "falls":
            falls(here, which)
        elif what == "mine":
            here.mine()
        elif what == "answer":
            here.answer_all()
        elif what == "reorg" and here.chain.head.number > 12:
            here.chain.reorg(1)
            here.mine()
        elif what == "restart":
            here.restart()
        whole = realised(here)
        assert sum(flow.since(0) for flow in here.book.token_profits.values()) == whole
        assert sum(flow.since(0) for flow in here.book.instance_profits.values()) == whole
        assert realised(here, venue="router") == whole
        assert whole == sum(booked.realised for booked in here.of(f.Booked))
    here.check_replay()
