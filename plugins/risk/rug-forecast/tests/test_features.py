from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from stories import story

from sniper_risk_rug_forecast.actions import Action
from sniper_risk_rug_forecast.features import NAMES, NEVER, History, vector

AMOUNT = st.integers(0, 10**30)


def fed(actions: list[Action]) -> History:
    history = History()
    for action in actions:
        history.feed(action)
    return history


@st.composite
def streams(draw: st.DrawFn) -> list[Action]:
    """Anything in the order of time, sensible or not."""
    time, made = 1_000, []
    for _ in range(draw(st.integers(1, 25))):
        time += draw(st.integers(0, 10_000))
        made.append(
            Action(
                time=time,
                block=time // 12,
                kind=draw(st.sampled_from(["mint", "burn", "swap", "sync"])),
                sender=draw(st.sampled_from(["0xa", "0xb"])),
                to=draw(st.sampled_from(["0xc", "0xd", "0xe"])),
                quote_in=draw(AMOUNT),
                quote_out=draw(AMOUNT),
                token_in=draw(AMOUNT),
                token_out=draw(AMOUNT),
                quote_reserve=draw(AMOUNT),
                token_reserve=draw(AMOUNT),
            )
        )
    return made


@given(stream=streams(), known=st.integers(0, 25), wait=st.integers(0, 100_000))
def test_what_is_said_at_a_moment_does_not_depend_on_what_comes_later(
    stream: list[Action], known: int, wait: int
) -> None:
    now = (stream[known - 1].time if 0 < known <= len(stream) else 0) + wait
    happened = [action for action in stream if action.time <= now]
    said = vector(History.until(stream, now), now)
    assert said == vector(History.until(happened, now), now) == vector(fed(happened), now)
    assert all(isfinite(value) for value in said)


def test_what_happened_before_does_matter() -> None:
    actions = list(story())
    now = actions[-1].time
    assert vector(fed(actions), now) != vector(fed(actions[:-1]), now)


@given(stream=streams())
def test_nothing_can_be_asked_of_a_moment_that_is_over(stream: list[Action]) -> None:
    history = fed(stream)
    with pytest.raises(ValueError, match="is known already"):
        history.features(history.now - 1)
    with pytest.raises(ValueError, match="chain's order"):
        history.feed(structs.replace(stream[0], time=history.now - 1))


def test_an_empty_pool_has_features_too() -> None:
    empty = History().features(5)
    assert tuple(empty) == NAMES
    assert empty["age_hours"] == empty["mean_trade_hours"] == empty["hours_since_burn"] == NEVER


KEPT = {"sender": "0xr", "token_reserve": 1000}
MINT = Action(time=0, block=0, kind="mint", quote_in=1000, token_in=1010, quote_reserve=1000, **KEPT)
BUY = Action(time=60, block=5, kind="swap", to="0xb", quote_in=250, token_out=200, quote_reserve=1250, **KEPT)
PULL = Action(time=7200, block=600, kind="burn", to="0xd", quote_out=1240, quote_reserve=10, **KEPT)


def test_a_pulled_pool_looks_like_one() -> None:
    assert not fed([MINT, BUY]).is_drained
    history = fed([MINT, BUY, PULL])
    said = history.features(10_800)
    assert history.is_drained
    assert said["largest_burn"] == said["newest_burn"] == pytest.approx(0.992)
    assert said["burnt_of_minted"] == pytest.approx(1.24)
    assert (said["burners"], said["hours_since_burn"], said["swaps_since_drain"]) == (1, 1.0, 0)
    assert said["quote_of_highest"] == said["liquidity_of_first"] == pytest.approx(0.008)
    assert said["quote_fall_log10"] == pytest.approx(2.097, abs=0.001)
    assert (said["traders"], said["active_hours"], said["mean_trade_hours"]) == (1, 1, pytest.approx(1 / 60))
    assert (said["first_quote_digits"], said["first_token_digits"]) == (1, 3)


def test_a_trade_after_the_pull_shows_that_the_pool_was_not_left_at_that() -> None:
    dust = structs.replace(BUY, time=8000, quote_in=1, quote_reserve=11)
    said = fed([MINT, BUY, PULL, dust]).features(10_800)
    assert (said["newest_burn"], said["swaps_since_drain"]) == (0, 1)
    assert said["largest_burn"] == pytest.approx(0.992)
    again = fed([MINT, BUY, PULL, dust, structs.replace(PULL, time=8100, quote_out=10, quote_reserve=1)])
    assert (again.features(10_800)["swaps_since_drain"], again.features(10_800)["newest_burn"]) == (0, 10 / 11)


def test_liquidity_that_others_add_counts_beside_that_of_the_first() -> None:
    more = structs.replace(MINT, time=100, quote_in=500, token_in=400, quote_reserve=1750)
    half = structs.replace(PULL, quote_out=875, quote_reserve=875)
    assert fed([MINT, BUY, more]).features(7200)["liquidity_of_first"] == pytest.approx(1.4)
    assert fed([MINT, BUY, more, half]).features(7200)["liquidity_of_first"] == pytest.approx(0.7)


def test_who_buys_and_how_differs() -> None:
    other = structs.replace(BUY, time=120, to="0xr", quote_in=125, quote_reserve=1375)
    said = fed([MINT, BUY, other]).features(7200)
    assert (said["traders"], said["trader_entropy"], said["callers"]) == (2, 1.0, 1)
    assert said["top_buyer_share"] == pytest.approx(2 / 3)
    assert said["to_caller_share"] == 0.5
    assert said["trade_size_spread"] == pytest.approx((0.25 - 0.1) / 2)


@pytest.mark.parametrize("decimals", [1, 12])
def test_a_coin_with_more_decimals_is_the_same_launch(decimals: int) -> None:
    quote = ("quote_in", "quote_out", "quote_reserve")
    actions = list(story())
    scaled = [structs.replace(each, **{name: getattr(each, name) * 10**decimals for name in quote}) for each in actions]
    now = actions[-1].time
    assert vector(fed(scaled), now) == pytest.approx(vector(fed(actions), now), rel=1e-6, abs=1e-6)
