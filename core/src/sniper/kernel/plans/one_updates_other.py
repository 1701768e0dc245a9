"""Legs that share what is left."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.kernel.plans.legs import remembered, shared
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Rule, Sight, Want
from sniper.kernel.plans.trigger import counts
from sniper.order_types import OneUpdatesOther


class OneUpdatesOtherRule(Rule[OneUpdatesOther]):
    """Remembers the legs whose trigger was reached, in that order."""

    def smallest(self) -> int:
        return min(leg.size for leg in self.spec.legs)

    def left(self, pool: str) -> int:
        return self.spec.size - self.plan.filled()

    def over(self) -> bool:
        plan = self.plan
        return self.left("") <= 0 or all(plan.filled(leg.name) >= leg.size for leg in self.spec.legs)

    def opening(self) -> Iterable[tuple[Side, int]]:
        free = sum(leg.size - self.plan.filled(leg.name) for leg in self.spec.legs if not leg.reduce_only)
        return ((self.spec.legs[0].side, min(free, self.left(""))),)

    def guards(self) -> int:
        free = sum(leg.size - self.plan.filled(leg.name) for leg in self.spec.legs if leg.reduce_only)
        return min(free, self.left(""))

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        if not counts(heard, self.spec.by, sight.last):
            return None
        return remembered(self.plan.memory, self.spec.legs, heard)

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        plan = self.plan
        filled = {name: leg.filled for name, leg in plan.legs.items()}
        yield from shared(self.spec.legs, plan.memory, self.left(""), filled)
