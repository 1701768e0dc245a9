"""Prices and amounts in the steps of an instrument, exactly: between floats, which strategies speak, and decimals."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

_MODES: Final = {"near": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}


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
        return float(self.exact_price(price, mode))

    def exact_price(self, price: float, mode: str = "near") -> Decimal:
        return _stepped(price, self.tick, _MODES[mode])

    def amount(self, amount: float) -> float:
        """In whole lots, the rest cut off."""
        return float(self.exact_amount(amount))

    def exact_amount(self, amount: float) -> Decimal:
        return _stepped(amount, self.lot, ROUND_DOWN)


def _stepped(number: float, step: Decimal, mode: str) -> Decimal:
    return (exact(number) / step).quantize(Decimal(1), rounding=mode) * step
