"""Shares of the whole, as people write them, without a float on the way."""

from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

from sniper.errors import ConfigError
from sniper.instrument import COIN, BadNumber, from_decimal, to_decimal
from sniper.types import BPS

PER_BPS: Final = COIN // BPS


def parse_weight(value: object) -> int:
    """Parts of 10¹⁸ of an ``int`` of bps, or of text such as ``"0.35"``; exact.

    Raises `ConfigError` for a float, which is not the number that was written, and for what is no share of one.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ConfigError(f'{value!r} is no weight: write bps, such as 3500, or a share as text, such as "0.35"')
    try:
        weight = value * PER_BPS if isinstance(value, int) else from_decimal(value)
    except BadNumber as error:
        raise ConfigError(str(error)) from None
    if not 0 <= weight <= COIN:
        raise ConfigError(f'{value!r} is no weight: write bps from 0 to 10000, or a share as text from "0" to "1"')
    return weight


def _written(weight: int) -> str:
    """As it is read again."""
    return f"{to_decimal(weight):f}"


Weight = Annotated[int, BeforeValidator(parse_weight), PlainSerializer(_written)]
"""Parts of 10¹⁸ of the whole; in a config file bps as a whole number, or a share as text such as ``"0.35"``."""
