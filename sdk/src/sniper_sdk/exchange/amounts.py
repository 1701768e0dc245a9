"""Prices, quantities and balances: integers, in units of 10^-8, as Binance shows them."""

import re
from typing import Final

UNIT: Final = 10**8
_NUMBER: Final = re.compile(r"(\d{1,20})(?:\.(\d{0,20}))?")


def parse(text: str) -> int:
    """Decimal text in units of 10^-8. Raises ValueError where it is no number, negative, or finer than that."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no decimal number that is not negative")
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > 8:
        raise ValueError(f"{text[:40]!r} has more than 8 decimals")
    return int(found[1]) * UNIT + int(fraction.ljust(8, "0") or 0)


def show(amount: int) -> str:
    """With its 8 decimals."""
    sign, whole = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{whole // UNIT}.{whole % UNIT:08d}"


def cost(price: int, quantity: int) -> int:
    """In the quote asset. Exact, where tick and step of the symbol are (`Symbol` refuses others)."""
    return price * quantity // UNIT
