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
    assert empty["age_hours"] == empty["hours_since_trade"] == empty["hours_since_burn"] == NEVER


def test_a_pulled_pool_looks_like_one() -> None:
    history = History()
    kept = {"sender": "0xr", "token_reserve": 1000}
    history.feed(Action(time=0, block=0, kind="mint", quote_in=1000, token_in=1000, quote_reserve=1000, **kept))
    history.feed(
        Action(time=60, block=5, kind="swap", to="0xb", quote_in=250, token_out=200, quote_reserve=1250, **kept)
    )
    assert not history.is_drained
    history.feed(Action(time=7200, block=600, kind="burn", to="0xd", quote_out=1240, quote_reserve=10, **kept))
    said = history.features(10_800)
    assert history.is_drained
    assert said["largest_burn"] == pytest.approx(0.992)
    assert said["burnt_of_minted"] == pytest.approx(1.24)
    assert (said["drains"], said["hours_to_drain"], said["hours_since_burn"]) == (1, 2.0, 1.0)
    assert said["quote_of_highest"] == pytest.approx(0.008)
    assert (said["buys"], said["sells"], said["traders"]) == (1, 0, 1)
    assert said["largest_buy"] == pytest.approx(0.25)


def test_a_tax_shows_as_what_is_missing_from_the_pairs_own_formula() -> None:
    actions = story()
    fair = fed(list(actions)).features(actions[-1].time)
    taken = [
        structs.replace(each, quote_out=each.quote_out * 9 // 10) if each.kind == "swap" else each for each in actions
    ]
    short = fed(taken).features(actions[-1].time)
    assert fair["short_share"] == 0
    assert short["short_share"] == pytest.approx(short["sells"] / (short["sells"] + short["buys"]))
    assert short["mean_shortfall"] == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize("factor", [3, 10**12])
def test_a_coin_with_more_decimals_is_the_same_launch(factor: int) -> None:
    quote = ("quote_in", "quote_out", "quote_reserve")
    actions = list(story())
    scaled = [structs.replace(each, **{name: getattr(each, name) * factor for name in quote}) for each in actions]
    now = actions[-1].time
    assert vector(fed(scaled), now) == pytest.approx(vector(fed(actions), now), rel=1e-6, abs=1e-6)
