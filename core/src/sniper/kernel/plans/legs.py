"""Legs of a plan that wait for prices, and how they share what is left."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, Want
from sniper.kernel.plans.trigger import stopped, touched
from sniper.order_types import Leg

T = TypeVar("T")


def reached(leg: Leg, heard: Heard) -> bool:
    """Whether the price is there that a leg waits for."""
    if leg.stop is not None:
        return stopped(heard, leg.side, leg.stop)
    return leg.touch is not None and touched(heard, leg.side, leg.touch)


def remembered(memory: Memory, legs: Iterable[Leg], heard: Heard) -> Memory | None:
    """What is remembered with the legs whose trigger was reached now; None where there is none."""
    news = tuple(leg.name for leg in legs if leg.name not in memory.touched and reached(leg, heard))
    return memory.but(touched=(*memory.touched, *news)) if news else None


def shared(legs: Iterable[Leg], memory: Memory, left: int, filled: dict[str, int]) -> Iterator[Want]:
    """Legs of one pool: those whose trigger was reached come first, in that order; then those that wait for none."""
    known = {leg.name: leg for leg in legs}
    order = [*(name for name in memory.touched if name in known), *(name for name in known if known[name].rests)]
    for name in order:
        leg = known[name]
        size = min(leg.size - filled.get(name, 0), left)
        if size > 0:
            left -= size
            yield wanted(leg, size)


def wanted(leg: Leg, size: int, *, settled: bool = True) -> Want:
    """So many lots of a leg."""
    return Want(leg.name, leg.side, size, leg.price, reduce_only=leg.reduce_only, settled=settled)
