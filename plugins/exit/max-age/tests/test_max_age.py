import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import TimerFired
from sniper.exit import Sell, SetTimer
from sniper.types import SECOND
from sniper_exit_max_age.rule import MaxAge, MaxAgeConfig
from sniper_sdk.builders import position, view

HELD = position(opened_at=100 * SECOND)
END = 160 * SECOND


def rule(*, urgent: bool = False) -> MaxAge:
    return MaxAge(config=MaxAgeConfig(max_age_s=60, urgent=urgent))


def test_asks_to_be_woken_when_the_time_is_up_and_sells_then() -> None:
    exit = rule()
    timers = list(exit.opened(HELD, view(now=105 * SECOND)))
    assert timers == [SetTimer(key="max-age", at=END)]
    fired = list(exit.fired(TimerFired(time=END, key="max-age"), HELD, view(now=END)))
    assert fired == [Sell(reason="held for 60 s")]


def test_a_sale_that_failed_is_asked_for_again() -> None:
    assert rule(urgent=True).valued(HELD, 1, view(now=END + SECOND)) == Sell(reason="held for 61 s", urgent=True)


@given(opened=st.integers(0, 10**19), age=st.integers(0, 10**12), seconds=st.integers(1, 2000))
def test_sells_exactly_from_the_age_on(opened: int, age: int, seconds: int) -> None:
    exit, here = MaxAge(config=MaxAgeConfig(max_age_s=seconds)), view(now=opened + age)
    held = position(opened_at=opened)
    assert (exit.valued(held, 0, here) is not None) == (age >= seconds * SECOND)
    fired = list(exit.fired(TimerFired(time=opened + age, key="max-age"), held, here))
    assert bool(fired) == (age >= seconds * SECOND)


def test_refuses_a_section_that_makes_no_sense() -> None:
    with pytest.raises(ValidationError):
        MaxAgeConfig(max_age_s=0)
