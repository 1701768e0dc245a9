"""Stops and targets: one order, once the price is there.

Where the exchange holds it, that watches the price. While the exchange has no such order, because it was refused or is
gone, the plan watches itself and goes on asking.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, TypeVar

from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Sight, Want
from sniper.kernel.plans.single import Single
from sniper.kernel.plans.trigger import counts, stopped, touched
from sniper.order_types import IfTouched, Stop, TakeProfit

LEG, HELD = "order", "held"
S = TypeVar("S", bound=Stop | IfTouched | TakeProfit)


class Waiting(Single[S]):
    """Two legs: what the exchange holds, and what is placed once the price is there, which waits for no other try of
    the first. Remembers that it was touched, and whether the exchange is to hold it until then.

    type  Of `sniper.exchange_orders.CONDITIONAL`, without a limit.
    """

    type: ClassVar[str]

    @abstractmethod
    def reached(self, heard: Heard) -> bool:
        """Whether the price is there."""

    def begun(self, sight: Sight) -> Memory:
        spec = self.spec
        offered = self._native in self.plan.started.instrument.types
        asked = sight.native == "all" or (sight.native == "asked" and spec.native)
        return Memory(at_exchange=asked and offered and self.reduces and spec.by == "trades")

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        memory = self.plan.memory
        held = memory.at_exchange and self.plan.leg(HELD).working
        if memory.touched or held or not counts(heard, self.spec.by, sight.last):
            return None
        return memory.but(touched=(LEG,)) if self.reached(heard) else None

    def lost(self, state: str, filled: int, sight: Sight) -> Memory | None:
        """What expired was triggered, and met nobody; what the exchange does not take may be at its price already."""
        memory = self.plan.memory
        price = sight.last or (sight.to_buy() if self.spec.side == "buy" else sight.to_sell())
        there = price and self.reached(Heard("trade", price, price, price, price, 0))
        if memory.touched or not (filled or state == "expired" or there):
            return None
        return memory.but(touched=(LEG,))

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, memory = self.spec, self.plan.memory
        want = Want(LEG, spec.side, self.left(""), spec.limit, reduce_only=self.reduces)
        if memory.touched:
            yield want
        elif memory.at_exchange:
            yield want._replace(leg=HELD, type=self._native, trigger=spec.trigger)

    @property
    def _native(self) -> str:
        return self.type if self.spec.limit is None else f"{self.type}-limit"


class StopRule(Waiting[Stop]):
    type = "stop"

    def reached(self, heard: Heard) -> bool:
        return stopped(heard, self.spec.side, self.spec.trigger)


class TouchRule(Waiting[IfTouched | TakeProfit]):
    type = "take-profit"

    @property
    def reduces(self) -> bool:
        return isinstance(self.spec, TakeProfit) or self.spec.reduce_only

    def reached(self, heard: Heard) -> bool:
        return touched(heard, self.spec.side, self.spec.trigger)
