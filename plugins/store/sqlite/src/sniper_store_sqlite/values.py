"""What SQLite lacks: integers beyond 64 bits, which are text in it, and arithmetic on them."""

from typing import Any

_LOW, _HIGH = -(2**63), 2**63 - 1


def native(chain_id: int) -> str:
    """The asset id of a chain's own coin, in SQL."""
    return f"{chain_id}:0x{'0' * 40}"


def plus(a: str | int, b: str | int) -> str:
    """The sum of two amounts of any size, in SQL."""
    return str(int(a) + int(b))


def minus(a: str | int, b: str | int) -> str:
    """The difference of two amounts of any size, in SQL."""
    return str(int(a) - int(b))


def stored(value: Any) -> Any:  # Any: both sides are what SQLite can bind
    """Integers beyond 64 bits become text: SQLite has none, and amounts are text anyway."""
    if isinstance(value, int) and not _LOW <= value <= _HIGH:
        return str(value)
    return value
