"""Rules as people write them: ``ema(fast) crosses above ema(slow)``, ``rsi(14) < 70``, ``volume > 2 * sma(20)``."""

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from sniper.errors import ConfigError
from sniper_strategy_composed.indicators import FACTORS, INDICATORS, Chart

_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_NAME: Final = r"[a-z][a-z0-9_]*"
_OPERAND: Final = re.compile(rf"(?:({_NUMBER})\s*\*\s*)?({_NAME})(?:\(([^()]*)\))?")
_RULE: Final = re.compile(r"(.+?)\s*(crosses above|crosses below|>|<)\s*(.+)")
LONGEST: Final = 450
"""Bars that an indicator may look back: a view remembers 500."""


class Operand(NamedTuple):
    """``factor`` times an indicator, or, without a ``name``, ``factor`` alone. ``arguments``: numbers, and names of
    parameters."""

    factor: float
    name: str = ""
    arguments: tuple[float | str, ...] = ()


class Rule(NamedTuple):
    """Two operands, and how they must stand to each other: ``>``, ``<``, ``crosses above``, ``crosses below``."""

    left: Operand
    relation: str
    right: Operand


@cache
def parse(text: str) -> Rule:
    """A rule. Raises `ConfigError`."""
    found = _RULE.fullmatch(text.strip())
    if found is None:
        raise ConfigError(
            f"rule {text!r} is not understood: write two operands with >, <, 'crosses above' or 'crosses below' between"
        )
    return Rule(_operand(found[1], text), found[2], _operand(found[3], text))


def check(rule: Rule, parameters: Mapping[str, float]) -> None:
    """Raises `ConfigError` where a rule names what there is not, or cannot be computed with these parameters."""
    for operand in (rule.left, rule.right):
        if not operand.name or (operand.name in parameters and not operand.arguments):
            continue
        indicator = INDICATORS.get(operand.name)
        if indicator is None:
            raise ConfigError(
                f"there is neither an indicator nor a parameter {operand.name!r}; the indicators are "
                f"{', '.join(INDICATORS)}"
            )
        if len(operand.arguments) != len(indicator.parameters):
            raise ConfigError(
                f"{operand.name} takes {len(indicator.parameters)} arguments ({', '.join(indicator.parameters)}), not "
                f"{len(operand.arguments)}"
            )
        for name, value in zip(indicator.parameters, _bound(operand, parameters), strict=True):
            if name in FACTORS:
                continue
            if not value.is_integer() or not 2 <= value <= LONGEST:
                raise ConfigError(
                    f"{operand.name}: {name} is a whole number of bars from 2 to {LONGEST}, not {value:g}"
                )


def holds(rule: Rule, chart: Chart, parameters: Mapping[str, float]) -> bool:
    """Whether it holds at the newest bar; not where there are too few bars to tell."""
    left, right = _newest(rule.left, chart, parameters), _newest(rule.right, chart, parameters)
    if math.isnan(left[1]) or math.isnan(right[1]):
        return False
    if rule.relation == ">":
        return left[1] > right[1]
    if rule.relation == "<":
        return left[1] < right[1]
    if math.isnan(left[0]) or math.isnan(right[0]):
        return False
    if rule.relation == "crosses above":
        return left[0] <= right[0] and left[1] > right[1]
    return left[0] >= right[0] and left[1] < right[1]


def _newest(operand: Operand, chart: Chart, parameters: Mapping[str, float]) -> tuple[float, float]:
    """The values at the last bar but one and at the last."""
    if not operand.name:
        return operand.factor, operand.factor
    if operand.name in parameters and not operand.arguments:
        value = operand.factor * parameters[operand.name]
        return value, value
    values = chart.values(operand.name, _bound(operand, parameters))
    before = float(values[-2]) if len(values) > 1 else math.nan
    return operand.factor * before, operand.factor * (float(values[-1]) if len(values) else math.nan)


def _bound(operand: Operand, parameters: Mapping[str, float]) -> tuple[float, ...]:
    """The arguments, with the values of parameters. Raises `ConfigError`."""
    found = []
    for argument in operand.arguments:
        value = argument if isinstance(argument, float) else parameters.get(argument)
        if value is None:
            raise ConfigError(f"{operand.name}: there is no parameter {argument!r}")
        found.append(float(value))
    return tuple(found)


def _operand(text: str, rule: str) -> Operand:
    if re.fullmatch(_NUMBER, text.strip()):
        return Operand(float(text))
    found = _OPERAND.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"rule {rule!r}: {text!r} is neither a number nor an indicator such as ema(20)")
    given = [each.strip() for each in (found[3] or "").split(",") if each.strip()]
    arguments = tuple(float(each) if re.fullmatch(_NUMBER, each) else each for each in given)
    return Operand(float(found[1] or 1), found[2], arguments)
