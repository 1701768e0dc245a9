from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper_app_report.metrics import DAY, drawdown, expected_shortfall, measured, value_at_risk

ANNUAL = 365


def returns(count: int = 400) -> list[float]:
    found, x = [], 12345
    for _ in range(count):
        x = (x * 1103515245 + 12345) % 2**31
        found.append((x / 2**31 - 0.48) * 0.04)
    return found


def curve(each: list[float]) -> list[tuple[int, int]]:
    value, found = 10**24, [(0, 10**24)]
    for number, change in enumerate(each, 1):
        value = round(value * (1 + change))
        found.append((number * DAY, value))
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("total", 0.12482575567094978),
        ("annual", 0.11330790426486881),
        ("volatility", 0.2206604107936111),
        ("sharpe", 0.5965343687517974),
        ("sortino", 0.8658157885752683),
        ("calmar", 0.537448379769522),
        ("max_drawdown", -0.21082565048099966),
        ("var", -0.01785032921452075),
        ("es", -0.018525374814681705),
    ],
)
def test_metrics_are_those_of_empyrical(name: str, expected: float) -> None:
    """By empyrical-reloaded 0.7.1 of the same returns, with 365 days a year."""
    assert isclose(getattr(measured(curve(returns())), name), expected, rel_tol=1e-9)


def test_returns_are_those_of_days_however_often_equity_was_looked_at() -> None:
    days = curve(returns(60))
    hours = [(time + DAY * part // 4, value) for time, value in days for part in range(4)]
    assert (measured(hours).period, measured(hours).returns) == (DAY, 60)
    assert measured(hours).volatility == pytest.approx(measured(days).volatility)


def test_few_days_are_measured_between_samples() -> None:
    found = measured([(number * DAY // 24, 100 + number) for number in range(48)])
    assert (found.period, found.returns) == (DAY // 24, 47)


def test_what_is_not_defined_is_not_invented() -> None:
    flat = measured([(0, 100), (60, 100)])
    assert (flat.total, flat.annual, flat.sharpe, flat.sortino, flat.calmar, flat.max_drawdown) == (0, *[None] * 4, 0)
    ruined = measured([(0, 100), (DAY, 50), (2 * DAY, 0)])
    assert (ruined.total, ruined.annual, ruined.max_drawdown) == (-1, None, -1)


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=60))
def test_the_largest_fall_is_that_of_all_pairs(values: list[int]) -> None:
    series = list(enumerate(values))
    fall, begin, end = drawdown(series)
    assert fall == min(min((after - before) / before for after in values[at:]) for at, before in enumerate(values))
    assert fall == (values[end] - values[begin]) / values[begin]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=200))
def test_the_expected_shortfall_is_never_better_than_the_value_at_risk(each: list[float]) -> None:
    risk, shortfall = value_at_risk(each), expected_shortfall(each)
    assert risk is not None
    assert shortfall is not None
    assert shortfall <= risk or isclose(shortfall, risk, abs_tol=1e-12)
