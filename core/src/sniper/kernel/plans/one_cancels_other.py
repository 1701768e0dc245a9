"""One leg decides, and the others are withdrawn."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.kernel.plans.legs import remembered, wanted
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Rule, Sight, Want
from sniper.kernel.plans.trigger import counts
from sniper.order_types import Leg, OneCancelsOther


class OneCancelsOtherRule(Rule[OneCancelsOther]):
    """Remembers the leg whose trigger was reached first. What is filled decides before that, and for good."""

    exclusive = True

    def smallest(self) -> int:
        return min(leg.size for leg in self.spec.legs)

    def active(self) -> Leg | None:
        """The leg that goes on; None: all wait for their prices."""
        plan, legs = self.plan, self.spec.legs
        filled = [leg for leg in legs if plan.filled(leg.name)]
        reached = [leg for leg in legs if leg.name in plan.memory.touched]
        resting = [leg for leg in legs if leg.rests]
        return next(iter((*filled, *reached, *resting)), None)

    def left(self, pool: str) -> int:
        leg = self.active()
        return (leg.size if leg is not None else self.smallest()) - self.plan.filled()

    def opening(self) -> Iterable[tuple[Side, int]]:
        filled = self.plan.filled()
        return [(leg.side, leg.size - filled) for leg in self._possible() if not leg.reduce_only]

    def guards(self) -> int:
        filled = self.plan.filled()
        return max((leg.size - filled for leg in self._possible() if leg.reduce_only), default=0)

    def _possible(self) -> tuple[Leg, ...]:
        active = self.active()
        if active is not None and (self.plan.filled() or self.plan.memory.touched):
            return (active,)
        return self.spec.legs

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        plan = self.plan
        if plan.memory.touched or plan.filled() or not counts(heard, self.spec.by, sight.last):
            return None
        found = remembered(plan.memory, self.spec.legs, heard)
        return Memory(touched=found.touched[:1]) if found is not None else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        leg = self.active()
        if leg is not None:
            yield wanted(leg, self.left(""))
