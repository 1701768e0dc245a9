"""Prices and amounts in the steps of an instrument, exactly: between floats, which strategies speak, and decimals."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache
from math import floor
from typing import Final, NamedTuple

_MODES: Final = {"near": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}

_SURE: Final = 1e9
_NOISE: Final = 1e-6
"""Up to so many steps the error of a float's count of them is below the latter."""


def exact(number: float) -> Decimal:
    """The decimal that a float is written as."""
    return Decimal(repr(float(number)))


class Steps(NamedTuple):
    """Of one pair. ``tick``: of prices; ``lot``: of amounts; both as decimal text such as ``0.01``.

    least_amount, least_value  Of one order, 0: no bound; the latter in the stake currency.
    """

    tick: Decimal
    lot: Decimal
    least_amount: float = 0.0
    least_value: float = 0.0

    def price(self, price: float, mode: str = "near") -> float:
        """In whole ticks: the nearest, the next above (``up``) or below (``down``)."""
        return _quickly(price, self.tick, _MODES[mode])

    def exact_price(self, price: float, mode: str = "near") -> Decimal:
        return _stepped(price, self.tick, _MODES[mode])

    def amount(self, amount: float) -> float:
        """In whole lots, the rest cut off."""
        return _quickly(amount, self.lot, ROUND_DOWN)

    def exact_amount(self, amount: float) -> Decimal:
        return _stepped(amount, self.lot, ROUND_DOWN)


def _stepped(number: float, step: Decimal, mode: str) -> Decimal:
    return (exact(number) / step).quantize(Decimal(1), rounding=mode) * step


@cache
def _parts(step: Decimal) -> tuple[int, int]:
    """A step as a fraction of whole numbers, the lower one a power of ten."""
    scale = 10 ** max(0, -int(step.as_tuple().exponent))
    return int(step * scale), scale


def _quickly(number: float, step: Decimal, mode: str) -> float:
    """The float of `_stepped`: by floats where their error cannot matter, which is nearly always."""
    parts, scale = _parts(step)
    count = number * scale / parts
    if 0 < count < _SURE:
        whole = floor(count)
        rest = count - whole
        if _NOISE < rest < 1 - _NOISE and abs(rest - 0.5) > _NOISE:
            up = mode == ROUND_CEILING or (mode == ROUND_HALF_UP and rest > 0.5)
            return (whole + up) * parts / scale
        nearest = round(count) * parts / scale
        if nearest == number:  # a whole number of steps, in fewer digits than a float holds
            return nearest
    return float(_stepped(number, step, mode))
