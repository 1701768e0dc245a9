"""Amounts of money as people write them, without a float on the way.

Config fields of the type `Amount` hold base units and accept an ``int`` (or digits), or a decimal number with a unit:
of the chain's own coin, such as ``"0.05 ether"`` or ``"50 gwei"``, or of any asset of an exchange, such as ``"250
coins"``. For other coins of a chain write base units.

Fields of the type `Coins` are for exchanges, whose assets all have 18 decimal places inside: they accept a whole number
of coins, or a decimal one as text, such as ``"0.001"``.
"""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainSerializer

from sniper.errors import ConfigError
from sniper.instrument import BadNumber, from_decimal, to_decimal

__all__ = ["Amount", "Coins", "PositiveAmount", "PositiveCoins", "in_coins", "parse_amount", "parse_coins"]

UNITS: Final = {"wei": 0, "gwei": 9, "ether": 18, "coins": 18}
"""Decimal places of each unit."""

LARGEST: Final = 2**256 - 1
"""What a contract can hold."""

_WRITTEN = re.compile(r"([0-9][0-9_]*)(?:\.([0-9]+))?(?:\s*([A-Za-z]+))?")


def parse_amount(value: object) -> int:
    """Base units of an ``int``, or of text such as ``"0.05 ether"``, ``"50 gwei"``, ``"1_000_000"``; exact.

    Raises `ConfigError` for a float, a negative amount, an unknown unit, and more decimals than the unit has.
    """
    if isinstance(value, str):
        amount = _parse_text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        amount = value
    else:
        raise ConfigError(
            f"amount {value!r} is a {type(value).__name__}: write base units, or text such as '0.05 ether'"
        )
    if not 0 <= amount <= LARGEST:
        raise ConfigError(f"amount {value!r} must be between 0 and 2**256 - 1 base units")
    return amount


def in_coins(amount: int, decimals: int) -> str:
    """The exact decimal number of coins, for people: ``in_coins(5 * 10**16, 18)`` is ``"0.05"``."""
    sign, digits = "-" if amount < 0 else "", str(abs(amount)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def _parse_text(text: str) -> int:
    written = _WRITTEN.fullmatch(text.strip())
    if written is None or len(text) > 120:
        raise ConfigError(f"amount {text[:120]!r} is not understood: write base units, or text such as '0.05 ether'")
    whole, fraction, unit = written[1].replace("_", ""), (written[2] or "").rstrip("0"), written[3] or "wei"
    if unit not in UNITS:
        raise ConfigError(f"amount {text!r}: unknown unit {unit!r}; the units are {', '.join(UNITS)}")
    places = UNITS[unit]
    if len(fraction) > places:
        raise ConfigError(f"amount {text!r}: {unit} has {places} decimal places, this is less than one base unit")
    return int(whole + fraction.ljust(places, "0"))


Amount = Annotated[int, BeforeValidator(parse_amount)]
"""Base units, 0 or more; in a config file an integer or text such as ``"0.05 ether"``."""

PositiveAmount = Annotated[int, Field(gt=0), BeforeValidator(parse_amount)]
"""As `Amount`, but not 0."""


def parse_coins(value: object) -> int:
    """Base units of 10⁻¹⁸ of a number of coins: an ``int``, or text such as ``"1000.50"``; exact.

    Raises `ConfigError` for a float, which is not the number that was written, and for a negative one.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ConfigError(f'{value!r} is no number of coins: write a whole one, or text, such as "1000.50"')
    try:
        amount = from_decimal(str(value))
    except BadNumber as error:
        raise ConfigError(str(error)) from None
    if amount < 0:
        raise ConfigError(f"{value} is below zero")
    return amount


def _written(amount: int) -> str:
    """As it is read again."""
    return f"{to_decimal(amount):f}"


Coins = Annotated[int, BeforeValidator(parse_coins), PlainSerializer(_written)]
"""Base units of 10⁻¹⁸, 0 or more; in a config file a whole number of coins or text such as ``"0.001"``."""

PositiveCoins = Annotated[int, Field(gt=0), BeforeValidator(parse_coins), PlainSerializer(_written)]
"""As `Coins`, but not 0."""
