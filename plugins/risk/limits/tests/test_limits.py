from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from sniper.events import Block, WorthChanged
from sniper.risk import Finding, Retry, Roundtrip, Trip
from sniper.types import DAY, SECOND
from sniper_risk_limits.check import Limits, LimitsConfig
from sniper_risk_limits.losses import MANY
from sniper_sdk.builders import TOKEN, BuiltView, address, entry, position, view

NOW = 10 * DAY
MINUTE = 60 * SECOND
OTHER = f"1:{address(0x71)}"


def check(**section: Any) -> Limits:
    return Limits(config=LimitsConfig(**{"max_spend_per_trade": "1 ether", "max_spend_per_day": "10 ether", **section}))


def found(limits: Limits, here: BuiltView, amount: int = 10**17) -> dict[str, Finding]:
    return {finding.rule: finding for finding in limits.judge(entry(amount), here)}


def failed(limits: Limits, here: BuiltView, amount: int = 10**17) -> list[str]:
    return [rule for rule, finding in found(limits, here, amount).items() if not finding.ok]


def test_an_empty_account_may_buy_and_every_rule_says_so() -> None:
    everything = check(
        max_spend_per_token="1 ether",
        max_exposure="1 ether",
        max_exposure_per_venue="1 ether",
        max_exposure_per_strategy="1 ether",
        max_daily_loss=0,
        max_weekly_loss=0,
        max_monthly_loss=0,
        max_drawdown=0,
        max_daily_drawdown=0,
        max_weekly_drawdown=0,
        max_monthly_drawdown=0,
        cooldown_s=60,
        token_cooldown_s=600,
    )
    findings = found(everything, view(now=NOW))
    assert list(findings) == [
        "new-token", "positions", "trade-spend", "token-spend", "exposure", "venue-exposure", "strategy-exposure",
        "daily-spend", "daily-loss", "weekly-loss", "monthly-loss", "drawdown", "daily-drawdown", "weekly-drawdown",
        "monthly-drawdown", "cooldown", "token-cooldown",
    ]  # fmt: skip
    assert all(finding.ok for finding in findings.values())


@pytest.mark.parametrize(("amount", "refused"), [(10**18, []), (10**18 + 1, ["trade-spend"])])
def test_caps_one_trade(amount: int, refused: list[str]) -> None:
    assert failed(check(), view(now=NOW), amount) == refused


def test_caps_what_is_spent_in_a_day_and_forgets_it_after_that() -> None:
    here = view(now=NOW, spending=[(NOW - DAY, 10**19), (NOW - DAY + 1, 9 * 10**18)])
    assert failed(check(), here, 10**18) == []
    assert failed(check(max_spend_per_trade="2 ether"), here, 10**18 + 1) == ["daily-spend"]


def test_does_not_add_to_a_position_unless_told_so() -> None:
    here = view(now=NOW, positions=[position(state="opening")])
    assert failed(check(), here) == ["new-token"]
    assert failed(check(add_to_position=True), here) == []


def test_caps_what_one_token_has_cost() -> None:
    here = view(now=NOW, positions=[position(cost=9 * 10**17)])
    adding = check(add_to_position=True, max_spend_per_token="1 ether")
    assert failed(adding, here, 10**17) == []
    assert failed(adding, here, 10**17 + 1) == ["token-spend"]


@pytest.mark.parametrize(
    ("cap", "rule", "counted"),
    [
        ("max_exposure", "exposure", {}),
        ("max_exposure_per_venue", "venue-exposure", {"venue": "uniswap"}),
        ("max_exposure_per_strategy", "strategy-exposure", {"instance": "launch-snipe"}),
    ],
)
def test_caps_what_is_at_stake_with_what_it_buys(cap: str, rule: str, counted: dict[str, str]) -> None:
    here = view(now=NOW, positions=[position(OTHER, cost=9 * 10**17, **counted)])
    limits = check(**{cap: "1 ether"})
    assert failed(limits, here, 10**17) == []
    assert failed(limits, here, 10**17 + 1) == [rule]


@pytest.mark.parametrize(
    ("cap", "elsewhere"),
    [("max_exposure_per_venue", {"venue": "another"}), ("max_exposure_per_strategy", {"instance": "another"})],
)
def test_what_stands_elsewhere_does_not_count(cap: str, elsewhere: dict[str, str]) -> None:
    here = view(now=NOW, positions=[position(OTHER, cost=10**18, **elsewhere)])
    assert failed(check(**{cap: "1 ether"}), here, 10**18) == []


def test_caps_the_number_of_positions_and_counts_those_being_opened() -> None:
    two = [position(OTHER, state="opening"), position(f"1:{address(0x72)}", state="stuck")]
    assert failed(check(max_positions=3), view(now=NOW, positions=two)) == []
    assert failed(check(max_positions=2), view(now=NOW, positions=two)) == ["positions"]


def test_what_is_written_off_takes_no_place() -> None:
    here = view(now=NOW, positions=[position(OTHER, state="written-off")])
    assert failed(check(max_positions=1), here) == []


def test_adding_to_a_position_needs_no_further_place() -> None:
    assert failed(check(max_positions=1, add_to_position=True), view(now=NOW, positions=[position()])) == []


def test_stops_after_a_daily_loss_but_not_for_a_profit() -> None:
    limits = check(max_daily_loss=100)
    assert failed(limits, view(now=NOW, results=[(NOW - 1, -101)])) == ["daily-loss"]
    assert failed(limits, view(now=NOW, results=[(NOW - 1, -101), (NOW - 1, 1)])) == []
    assert found(limits, view(now=NOW, results=[(NOW - 1, 500)]))["daily-loss"].found == 0
    assert failed(limits, view(now=NOW, results=[(NOW - DAY, -101)])) == []


@pytest.mark.parametrize(("name", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
def test_stops_after_the_loss_of_a_window_and_forgets_it_after_that(name: str, days: int) -> None:
    limits, now = check(**{f"max_{name}_loss": 100}), 100 * DAY
    assert failed(limits, view(now=now, results=[(now - days * DAY + 1, -101)])) == [f"{name}-loss"]
    assert failed(limits, view(now=now, results=[(now - days * DAY, -101)])) == []


@pytest.mark.parametrize(("name", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
def test_stops_below_the_highest_value_of_a_window_whatever_was_won_before(name: str, days: int) -> None:
    limits, now = check(**{f"max_{name}_drawdown": 100}), 100 * DAY
    begin = now - days * DAY
    assert failed(limits, view(now=now, results=[(begin, 5_000), (begin + 1, 900), (now, -101)])) == [
        f"{name}-drawdown"
    ]
    assert failed(limits, view(now=now, results=[(begin, -5_000), (begin + 1, -100), (now, 50)])) == []
    assert failed(limits, view(now=now, results=[(begin + 1, -101)])) == [f"{name}-drawdown"]


def test_stops_at_a_drawdown() -> None:
    assert failed(check(max_drawdown=100), view(now=NOW, drawdown=100)) == []
    assert failed(check(max_drawdown=100), view(now=NOW, drawdown=101)) == ["drawdown"]


def test_cools_down_after_any_entry_and_longer_after_one_of_the_same_token() -> None:
    limits = check(cooldown_s=60, token_cooldown_s=600)
    assert failed(limits, view(now=NOW, entries={OTHER: NOW - 59 * SECOND})) == ["cooldown"]
    assert failed(limits, view(now=NOW, entries={OTHER: NOW - 60 * SECOND})) == []
    assert failed(limits, view(now=NOW, entries={TOKEN: NOW - 60 * SECOND})) == ["token-cooldown"]


@given(ago=st.integers(0, 100 * SECOND), seconds=st.integers(1, 90))
def test_asked_again_when_the_cooldown_says_it_passes_and_no_second_earlier(ago: int, seconds: int) -> None:
    limits, last = check(cooldown_s=seconds), NOW - ago
    finding = found(limits, view(now=NOW, entries={OTHER: last}))["cooldown"]
    if finding.ok:
        assert ago >= seconds * SECOND
        return
    assert finding.retry_after_s is not None
    later = NOW + finding.retry_after_s * SECOND
    assert failed(limits, view(now=later, entries={OTHER: last})) == []
    assert failed(limits, view(now=later - SECOND, entries={OTHER: last})) == ["cooldown"]


@given(
    amounts=st.lists(st.integers(1, 5 * 10**18), max_size=20),
    limit=st.integers(0, 10**19),
)
def test_entries_that_pass_one_after_another_never_exceed_the_day(amounts: list[int], limit: int) -> None:
    limits, spent = check(max_spend_per_trade=2**200, max_spend_per_day=limit), 0
    for amount in amounts:
        if not failed(limits, view(now=NOW, spending=[(NOW, spent)]), amount):
            spent += amount
    assert spent <= limit


@pytest.mark.parametrize("section", [{"max_positions": 0}, {"max_spend_per_day": 0.5}, {"max_spend": 1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        check(**section)


def test_the_caps_on_spending_have_no_default() -> None:
    with pytest.raises(ValidationError):
        LimitsConfig.model_validate({})


SCOPES = [("token", TOKEN), ("venue", "uniswap"), ("strategy", "launch-snipe")]
WINDOWS = [("daily", 1), ("weekly", 7), ("monthly", 30)]


@pytest.mark.parametrize(("scope", "name"), SCOPES)
@pytest.mark.parametrize(("window", "days"), WINDOWS)
def test_stops_after_the_loss_of_one_token_venue_or_strategy(scope: str, name: str, window: str, days: int) -> None:
    limits, now = check(**{f"max_{window}_loss_per_{scope}": 100}), 100 * DAY
    begin = now - days * DAY
    assert failed(limits, view(now=now, results_of={name: [(begin + 1, -101)]})) == [f"{scope}-{window}-loss"]
    assert failed(limits, view(now=now, results_of={name: [(begin, -101), (now, -100)]})) == []
    assert failed(limits, view(now=now, results_of={"another": [(now, -101)]}, results=[(now, -101)])) == []


@pytest.mark.parametrize(("scope", "name"), SCOPES)
def test_an_open_loss_counts_with_what_was_realised_and_an_open_gain_does_not(scope: str, name: str) -> None:
    limits = check(**{f"max_daily_loss_per_{scope}": 100}, add_to_position=True)
    held = [position(cost=1_000), position(OTHER, cost=1_000, venue="another", instance="another")]
    lost = view(now=NOW, positions=held, worths={TOKEN: 950, OTHER: 0}, results_of={name: [(NOW, -51)]})
    assert found(limits, lost)[f"{scope}-daily-loss"].found == 101
    gained = view(now=NOW, positions=held, worths={TOKEN: 9_000, OTHER: 0}, results_of={name: [(NOW, -101)]})
    assert found(limits, gained)[f"{scope}-daily-loss"].found == 101
    made_up = view(now=NOW, positions=held, worths={TOKEN: 800, OTHER: 0}, results_of={name: [(NOW, 150)]})
    assert found(limits, made_up)[f"{scope}-daily-loss"].found == 50


def test_what_nothing_prices_counts_as_lost_for_an_entry_and_not_for_the_breaker() -> None:
    limits = check(max_daily_loss=500, trips=["daily-loss"])
    here = view(now=NOW, positions=[position(OTHER, cost=600)], worths={OTHER: None}, results=[(NOW, 50)])
    finding = found(limits, here)["daily-loss"]
    assert (finding.ok, finding.found, finding.note) == (False, 550, "550 of it in positions that nothing prices now")
    assert tripped(limits, here) == []


def test_many_positions_are_priced_where_it_matters_and_only_there() -> None:
    tokens = [f"1:{address(n)}" for n in range(100, 100 + MANY + 1)]
    held = [position(each, cost=10) for each in tokens]
    here = view(now=NOW, positions=held, worths=dict.fromkeys(tokens, 4), results=[(NOW, -7)])
    most = 10 * (MANY + 1) + 7
    assert found(check(max_positions=999, max_daily_loss=most), here)["daily-loss"].found == 7
    assert found(check(max_positions=999, max_daily_loss=most - 1), here)["daily-loss"].found == 6 * (MANY + 1) + 7


def test_what_is_written_off_is_realised_and_not_lost_twice() -> None:
    written_off = [position(OTHER, cost=0, state="written-off")]
    here = view(now=NOW, positions=written_off, worths={OTHER: None}, results=[(NOW, -70)])
    assert found(check(max_daily_loss=100), here)["daily-loss"].found == 70


@given(
    spent=st.lists(st.tuples(st.integers(0, 2 * DAY), st.integers(1, 6 * 10**18)), max_size=6),
    amount=st.integers(1, 10**18),
)
def test_spending_says_when_enough_of_it_is_older_than_a_day(spent: list[tuple[int, int]], amount: int) -> None:
    limits, now = check(), 10 * DAY
    spending = [(now - ago, paid) for ago, paid in spent]
    finding = found(limits, view(now=now, spending=spending), amount)["daily-spend"]
    if finding.ok:
        assert finding.retry is None
        return
    assert finding.retry is not None
    again = finding.retry.not_before
    assert found(limits, view(now=again, spending=spending), amount)["daily-spend"].ok
    assert not found(limits, view(now=again - MINUTE, spending=spending), amount)["daily-spend"].ok


@pytest.mark.parametrize("rule", ["daily-loss", "daily-drawdown"])
def test_a_loss_says_when_it_leaves_its_window(rule: str) -> None:
    limits, results = check(**{f"max_{rule.replace('-', '_')}": 100}), [(NOW - DAY // 2, -101)]
    finding = found(limits, view(now=NOW, results=results))[rule]
    assert finding.retry == Retry.at(NOW + DAY // 2)
    assert found(limits, view(now=NOW + DAY // 2, results=results))[rule].ok


def test_where_what_is_open_is_too_much_a_sale_must_come_first_and_below_the_highest_ever_nothing_helps() -> None:
    held = [position(OTHER, cost=1_000)]
    here = view(now=NOW, positions=held, worths={OTHER: 0}, drawdown=101)
    findings = found(check(max_daily_loss=100, max_drawdown=100), here)
    assert findings["daily-loss"].retry == Retry.event("position-closed/1")
    assert findings["drawdown"].retry is None


def test_what_is_full_waits_for_a_sale_and_what_is_too_large_alone_waits_for_nothing() -> None:
    here = view(now=NOW, positions=[position()])
    findings = found(check(max_positions=1, max_exposure="1 ether", max_spend_per_token="1 ether"), here)
    assert findings["new-token"].retry == findings["token-spend"].retry == Retry.event("position-closed/1", TOKEN)
    assert findings["exposure"].retry == Retry.event("position-closed/1")
    assert findings["positions"].retry is None, "it holds: the place is the token's own"
    too_much = found(check(max_exposure=1), here)
    assert (too_much["exposure"].ok, too_much["exposure"].retry) == (False, None)


def block(number: int = 1) -> Block:
    return Block(
        time=NOW, chain_id=1, number=number, hash="", parent="", timestamp=0, base_fee=1, gas_used=0, gas_limit=1
    )


def changed() -> WorthChanged:
    return WorthChanged(time=NOW, place="1", token=TOKEN, venue="uniswap", instance="launch-snipe")


def tripped(limits: Limits, here: BuiltView, event: Block | WorthChanged | None = None) -> list[Trip]:
    told = event or changed()
    return list(limits.block(told, here) if isinstance(told, Block) else limits.worth_changed(told, here))


@pytest.mark.parametrize("event", [block(), changed()], ids=["block", "worth changed"])
def test_trips_where_a_cap_that_is_to_trip_is_passed_and_says_which_by_how_much_and_what_to_do(
    event: Block | WorthChanged,
) -> None:
    limits = check(max_weekly_loss=100, trips=["weekly-loss"], trip_level="flatten")
    assert tripped(limits, view(now=NOW, results=[(NOW, -100)]), event) == []
    (trip,) = tripped(limits, view(now=NOW, results=[(NOW, -101)]), event)
    assert trip.level == "flatten"
    assert trip.reason == (
        "weekly-loss: 101 base units of the quote asset in the last 7 days, 100 are allowed. Entries stay denied while "
        "that holds: look at the losses, raise max_weekly_loss or wait, then lower the kill switch with sniper "
        "kill-switch off --account main"
    )


def test_trips_once_and_again_only_after_it_held_in_between() -> None:
    limits = check(max_daily_loss=100, trips=["daily-loss"])
    lost, fine = view(now=NOW, results=[(NOW, -101)]), view(now=NOW)
    assert [len(tripped(limits, here, block())) for here in (lost, lost, fine, lost)] == [1, 0, 0, 1]
    assert limits.passed == [("daily-loss", "")]
    # The window moves on without anything being sold: a block tells.
    assert tripped(limits, view(now=NOW + 2 * DAY, results=[(NOW, -101)]), block()) == []
    assert limits.passed == []


def test_a_block_looks_at_all_that_is_held_and_at_what_was_passed_before() -> None:
    limits = check(max_daily_loss_per_token=100, trips=["token-daily-loss"])
    held = [position(cost=1_000), position(OTHER, cost=1_000)]
    (trip,) = tripped(limits, view(now=NOW, positions=held, worths={OTHER: 899}), block())
    assert trip.reason.startswith(f"token-daily-loss of {OTHER}: 101 base units")
    assert limits.passed == [("token-daily-loss", OTHER)]
    assert tripped(limits, view(now=NOW), block()) == []
    assert limits.passed == []


def test_what_would_deny_for_weeks_trips_by_default_and_what_comes_right_by_itself_denies() -> None:
    caps = {
        "max_drawdown": 1,
        "max_monthly_loss": 1,
        "max_monthly_drawdown": 1,
        "max_daily_loss": 1,
        "max_weekly_loss": 1,
    }
    here = view(now=NOW, results=[(NOW, -9)], drawdown=9)
    rules = [trip.reason.partition(":")[0] for trip in tripped(check(**caps), here)]
    assert rules == ["monthly-loss", "drawdown", "monthly-drawdown"]
    assert tripped(check(**caps, trips=[]), here) == []


def test_a_price_within_a_block_trips_nothing_until_a_block_has_left_it_so() -> None:
    limits = check(max_daily_loss=100, trips=["daily-loss"])
    dip = view(now=NOW, positions=[position(cost=1_000)], worths={TOKEN: 1})
    assert not limits.hears_prices()
    assert tripped(limits, dip, changed()) == []
    assert len(tripped(limits, dip, block())) == 1
    assert tripped(limits, dip, changed()) == []
    assert limits.passed == [("daily-loss", "")], "and one that stands is not forgotten for what was realised"


def test_refuses_to_wait_for_a_cap_that_is_not_set() -> None:
    with pytest.raises(ValidationError, match="trips at venue-daily-loss, but max_daily_loss_per_venue is not set"):
        check(trips=["venue-daily-loss"])


def of_roundtrip(limits: Limits, here: BuiltView, amount: int = 10**17) -> dict[str, bool]:
    intent = Roundtrip(
        intent="main/cycles/1",
        account="main",
        instance="cycles",
        chain_id=1,
        quote=here.quote_asset("1"),
        venue="aggregator",
        legs=(),
        amount=amount,
        expected_out=amount + 1,
        gas_cost=1,
        reason="a test",
    )
    return {finding.rule: finding.ok for finding in limits.judge_roundtrip(intent, here)}


def test_an_arbitrage_may_pay_as_much_as_one_entry_and_is_no_spending_of_the_day() -> None:
    spent = view(now=NOW, spending=[(NOW, 10**19)], positions=[position(f"1:{address(n)}") for n in range(9)])
    assert of_roundtrip(check(), spent, 10**18) == {"trade-spend": True}
    assert of_roundtrip(check(), spent, 10**18 + 1) == {"trade-spend": False}


def test_after_too_much_loss_no_arbitrage_is_traded_either() -> None:
    limits = check(max_daily_loss=10**17, max_drawdown=10**17)
    assert all(of_roundtrip(limits, view(now=NOW, results=[(NOW, -(10**17))], drawdown=10**17)).values())
    lost = of_roundtrip(limits, view(now=NOW, results=[(NOW, -(10**17) - 1)], drawdown=10**17 + 1))
    assert lost == {"trade-spend": True, "daily-loss": False, "drawdown": False}


BINANCE = replace(entry(), token="binance:BTC", quote="binance:USDT", pool="binance:BTC/USDT", chain_id=0)


@pytest.mark.parametrize(("coins", "rules"), [(500, []), (501, ["trade-spend"])])
def test_what_holds_at_an_exchange_is_said_for_it(coins: int, rules: list[str]) -> None:
    limits = check(
        add_to_position=True, at={"binance": {"max_spend_per_trade": "500 coins", "max_spend_per_day": "2000 coins"}}
    )
    here = view(now=NOW, quote="binance:USDT", positions=[position("binance:BTC", quote="binance:USDT")])
    found = limits.judge(replace(BINANCE, amount=coins * 10**18), here)
    assert [each.rule for each in found if not each.ok] == rules
    assert failed(limits, view(now=NOW), 10**18 + 1) == ["trade-spend"]


def test_an_exchange_trips_for_what_is_open_by_its_own_caps() -> None:
    limits = check(max_drawdown="1 ether", at={"binance": {"max_daily_loss": "100 coins", "trips": ["daily-loss"]}})
    held = position("binance:BTC", quote="binance:USDT", cost=1_000 * 10**18)
    event = WorthChanged(time=NOW, place="binance", token="binance:BTC", venue="binance", instance="s")
    fine = view(now=NOW, quote="binance:USDT", positions=[held], worths={"binance:BTC": 900 * 10**18})
    assert list(limits.worth_changed(event, fine)) == []
    worse = view(now=NOW, quote="binance:USDT", positions=[held], worths={"binance:BTC": 899 * 10**18})
    (trip,) = limits.worth_changed(event, worse)
    assert trip.reason.startswith("daily-loss at binance: 101")
    assert list(limits.worth_changed(event, worse)) == []
    assert list(limits.worth_changed(event, fine)) == []
    assert len(list(limits.worth_changed(event, worse))) == 1


def test_what_differs_at_a_place_is_checked_like_the_rest() -> None:
    with pytest.raises(ValidationError, match="max_spend_per_trad"):
        check(at={"binance": {"max_spend_per_trad": "1 coins"}})
    with pytest.raises(ValidationError, match="names places again"):
        check(at={"binance": {"at": {}}})
