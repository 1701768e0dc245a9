"""The machine's clock is set while the bot runs."""

from collections.abc import Callable

import pytest

from sniper.runtime import clock
from sniper.runtime.clock import Clock
from sniper.types import SECOND

HOUR = 3_600 * SECOND
NOW = 1_795_000_000 * SECOND


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Sets the machine's clock, and what has passed since it was switched on."""

    def set_to(wall: int, passed: int) -> None:
        monkeypatch.setattr(clock.time, "time_ns", lambda: wall)
        monkeypatch.setattr(clock.time, "monotonic_ns", lambda: passed)

    set_to(NOW, 0)
    return set_to


def test_it_says_what_the_machines_clock_says(at: Callable[[int, int], None]) -> None:
    clock = Clock()
    assert clock() == NOW
    at(NOW + 5, 5)
    assert clock() == NOW + 5
    at(NOW + HOUR, 6)
    assert clock() == NOW + HOUR


def test_after_a_jump_back_time_neither_decreases_nor_stands_still(at: Callable[[int, int], None]) -> None:
    clock = Clock()
    at(NOW + HOUR, SECOND)
    assert clock() == NOW + HOUR
    at(NOW + SECOND, 2 * SECOND)
    assert clock() == NOW + HOUR + SECOND // 2
    at(NOW + HOUR, HOUR)
    assert clock() < NOW + 2 * HOUR
    at(NOW + 2 * HOUR, 2 * HOUR)
    assert clock() == NOW + 2 * HOUR


def test_a_run_that_begins_with_the_time_of_one_whose_clock_was_ahead_goes_on(at: Callable[[int, int], None]) -> None:
    clock = Clock(NOW + 24 * HOUR)
    assert clock() == NOW + 24 * HOUR
    at(NOW + SECOND, SECOND)
    assert clock() == NOW + 24 * HOUR + SECOND // 2
