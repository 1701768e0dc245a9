"""What is new about the fills of orders, whose changes say how much of them is filled so far."""

from typing import Final

from sniper.events import OrderChanged

KEPT: Final = 64
"""Orders that are remembered: fills may be told after an order is over, and after its key is used again."""


def fresh(told: dict[str, int], event: OrderChanged) -> int:
    """Lots of an order that were filled since it was told of last; ``told``, lots by order, then knows of them. The
    oldest orders are forgotten."""
    new = event.filled - told.get(event.order, 0)
    if new:
        told[event.order] = event.filled
        if len(told) > KEPT:
            del told[min(told, key=_number)]
    return new


def _number(order: str) -> tuple[int, str]:
    """Orders by their age: ids end with ``/<intent>.<leg>``, and intents are counted."""
    counted = order.rpartition("/")[2].partition(".")[0]
    return (int(counted) if counted.isdecimal() else 0, order)
