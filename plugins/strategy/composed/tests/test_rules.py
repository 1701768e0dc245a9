"""What rules say of bars, against TA-Lib asked directly and against hand-made series."""

import math

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import ConfigError
from sniper_sdk.builders import bar_series, instrument, random_walk
from sniper_strategy_composed.indicators import INDICATORS, Chart
from sniper_strategy_composed.rules import Operand, Rule, check, holds, parse

BTC = instrument()


def said(text: str, closes: list[int], **parameters: float) -> bool:
    rule = parse(text)
    check(rule, parameters)
    return holds(rule, Chart(bar_series(closes, 60), BTC), parameters)


@pytest.mark.parametrize("name", [name for name, each in INDICATORS.items() if each.function])
def test_each_indicator_is_ta_libs_on_prices_in_coins(name: str) -> None:
    made, each = bar_series(random_walk(200, 0.001), 60, wick=5), INDICATORS[name]
    arguments = tuple(
        {"nbdevup": 1.5, "nbdevdn": 2.5, "fastperiod": 5, "slowperiod": 11}.get(p, 7) for p in each.parameters
    )
    found = Chart(made, BTC).values(name, tuple(float(value) for value in arguments))
    units = {"volume": 1e-5}
    inputs = [np.array([getattr(bar, field) for bar in made], float) * units.get(field, 0.01) for field in each.inputs]
    expected = getattr(talib, each.function)(*inputs, *arguments)
    expected = expected[each.output] if isinstance(expected, tuple | list) else expected
    assert len(found) == 200
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9, equal_nan=True)
    assert not np.isnan(found[-1])


def test_prices_are_coins_and_so_are_volumes() -> None:
    assert said("close > 59999.99", [6_000_000])
    assert not said("close > 60000", [6_000_000])
    assert said("volume > 0.0000099", [6_000_000])
    assert not said("volume > 0.0000101", [6_000_000])


def test_numbers_parameters_and_factors_are_operands() -> None:
    closes = [100, 200, 300]
    assert said("close > 1.4 * sma(length)", closes, length=3)
    assert not said("close > 1.5 * sma(length)", closes, length=3)
    assert said("close > floor", closes, floor=2.5)
    assert said("-1 * close < 2 * floor", closes, floor=-1)


def test_a_cross_is_at_the_newest_bar_alone() -> None:
    closes = [100, 100, 90, 110]
    assert said("close crosses above 1", closes)
    assert not said("close crosses above 1", [*closes, 120])
    assert said("close crosses below 1", [*closes, 120, 90])
    assert said("sma(2) crosses above sma(3)", [100, 100, 90, 130])


@given(closes=st.lists(st.integers(100, 10_000), min_size=1, max_size=30), level=st.integers(1, 100))
def test_a_cross_is_what_was_not_and_is(closes: list[int], level: int) -> None:
    def above(upto: int) -> bool:
        return closes[upto] / 100 > level

    crossed = len(closes) > 1 and not above(-2) and above(-1)
    assert said(f"close crosses above {level}", closes) == crossed


def test_nothing_holds_where_there_are_too_few_bars() -> None:
    assert not said("sma(5) > 0", [100] * 4)
    assert said("sma(5) > 0", [100] * 5)
    assert not said("sma(5) crosses above 0", [100] * 5)
    assert not holds(parse("close > 0"), Chart([], BTC), {})


def test_a_rule_is_read_as_it_is_written() -> None:
    assert parse(" 2*macd( 12,slow , 9 )  crosses below -0.5") == Rule(
        Operand(2.0, "macd", (12.0, "slow", 9.0)), "crosses below", Operand(-0.5)
    )


@pytest.mark.parametrize(
    "text",
    ["", "close", "close = 1", "close > ", "> 1", "foo(3) > 1", "ema > 1", "ema(1) > 2", "ema(2.5) > 1", "ema(451) > 1",
     "ema(x) > 1", "macd(1, 2) > 0", "close(3) > 1", "ema(3) > 1 > 2", "close crosses 3", "__import__('os') > 1"],
)  # fmt: skip
def test_what_cannot_be_computed_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        check(parse(text), {})


def test_values_that_nothing_tells_are_no_number() -> None:
    assert math.isnan(Chart(bar_series([100], 60), BTC).values("sma", (3.0,))[-1])
