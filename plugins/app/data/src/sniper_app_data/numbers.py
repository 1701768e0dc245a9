"""Columns of decimal numbers as whole steps: ticks of a price, lots of a size. Exact, or told.

Most columns are converted by pyarrow and numpy at once. Where one value of a column does not fit, each is looked at by
itself, by the same rules: these are `step_of`.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from sniper.errors import SniperError
from sniper.instrument import COIN, BadNumber, from_decimal
from sniper_app_data.arrays import Ints

_PLACES: Final = 18
_EXACT_FLOAT: Final = 2**53
_MOST: Final = 2**63 - 1
_DUST: Final = Fraction(1, 1000)
_EXACT_POWER: Final = 22
"""Powers of ten up to this one are floats exactly."""


class OffStep(SniperError, ValueError):
    """A number between two steps."""

    code = "off-tick"


class Dust(OffStep):
    """A float that is next to a step, and not the float of that step: arithmetic was done. ``nearest``: the step."""

    code = "dust"

    def __init__(self, value: float, nearest: int) -> None:
        super().__init__(f"{value} is next to a step")
        self.nearest = nearest


class Wrong(NamedTuple):
    """A value that is no whole number of steps. ``code``: as in `problems`."""

    row: int
    code: str
    value: str


class Steps(NamedTuple):
    """``values``: whole steps; 0, or of dust the step next to it, at the rows that are in ``wrong``."""

    values: Ints
    wrong: list[Wrong]


def step_of(value: Any, step: int) -> int:
    """How many steps of ``step`` base units (10⁻¹⁸) a number is. Any: a text, `Decimal`, int or float.

    A float is the step whose decimal number it is the nearest float of, so nothing is invented: 0.1 is 0.1, and
    0.09946999000000001, which somebody's arithmetic left behind, is not 0.09946999.

    Raises `OffStep` for what is between two steps, `Dust` where that is less than a thousandth of one, and `BadNumber`
    for what is no number.
    """
    if isinstance(value, float):
        if not np.isfinite(value):
            raise BadNumber(f"{value} is no number")
        exact = Fraction(value) * COIN / step
        nearest = round(exact)
        if float(Fraction(nearest * step, COIN)) != value:
            raise Dust(value, nearest) if abs(exact - nearest) < _DUST else OffStep(f"{value} is between two steps")
        return nearest
    try:
        numerator, denominator = Decimal(value).as_integer_ratio()
        from_decimal(str(value))
    except BadNumber:
        if not Decimal(value).is_finite():
            raise
    except (ArithmeticError, TypeError, ValueError) as error:
        raise BadNumber(f"{value!r} is no decimal number") from error
    number, rest = divmod(numerator * COIN, denominator * step)
    if rest:
        raise OffStep(f"{value} is between two steps")
    return number


def steps_of(column: Any, step: int) -> Steps:
    """A column of texts, decimals, ints or floats as steps. Any: an array of pyarrow."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    fast = _floats(column, step) if pa.types.is_floating(column.type) else _decimals(column, step)
    return fast if fast is not None else _one_by_one(column, step)


def _decimals(column: Any, step: int) -> Steps | None:
    """None where a value does not fit."""
    places, units = _scaled(step)
    if column.null_count:
        return None
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.utf8_trim_whitespace(column)
        elif pa.types.is_integer(column.type):
            column = column.cast(pa.decimal128(20, 0))
        scaled = column.cast(pa.decimal128(38, places))
    except pa.ArrowInvalid:
        return None
    low, high = _words(scaled)
    if not np.array_equal(high, low >> 63):
        return None
    values, rest = np.divmod(low, units)
    return None if rest.any() else Steps(values, [])


def _floats(column: Any, step: int) -> Steps | None:
    """None where a value does not fit, or where it is not certain."""
    places, units = _scaled(step)
    if column.null_count or places > _EXACT_POWER:
        return None
    floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not np.isfinite(floats).all():
        return None
    scale = 10.0**places
    with np.errstate(over="ignore"):
        values = np.rint(floats * scale / units)
    # Quotients of floats that are whole numbers and powers of ten are the floats nearest to the decimal number.
    if (np.abs(values) * units >= _EXACT_FLOAT).any() or not np.array_equal(values * units / scale, floats):
        return None
    return Steps(values.astype(np.int64), [])


def _one_by_one(column: Any, step: int) -> Steps:
    values = np.zeros(len(column), np.int64)
    wrong: list[Wrong] = []
    for row, value in enumerate(column.to_pylist()):
        found = value.strip() if isinstance(value, str) else value
        try:
            number = step_of(found, step)
        except OffStep as error:
            number = error.nearest if isinstance(error, Dust) else 0
            wrong.append(Wrong(row, error.code, str(value)))
        except BadNumber:
            number = 0
            wrong.append(Wrong(row, "no-number", "nothing" if value is None or value == "" else str(value)))
        if abs(number) > _MOST:
            number = 0
            wrong.append(Wrong(row, "too-large", str(value)))
        values[row] = number
    return Steps(values, wrong)


def _scaled(step: int) -> tuple[int, int]:
    """A step as ``units`` of 10^-``places``, with as few places as can be."""
    places, units = _PLACES, step
    while places and units % 10 == 0:
        places, units = places - 1, units // 10
    return places, units


def _words(decimals: Any) -> tuple[Ints, Ints]:
    """The lower and upper words of decimals of 128 bits."""
    words = np.frombuffer(decimals.buffers()[1], "<i8").reshape(-1, 2)
    words = words[decimals.offset : decimals.offset + len(decimals)]
    return words[:, 0], words[:, 1]
