"""Legs that begin as far as another one is filled."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.kernel.plans.legs import remembered, wanted
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Rule, Sight, Want
from sniper.kernel.plans.trigger import counts
from sniper.order_types import Leg, OneTriggersOther


class OneTriggersOtherRule(Rule[OneTriggersOther]):
    """Each leg is a pool of its own. Remembers the legs whose trigger was reached: of those behind the first one, only
    from its first fill on."""

    def smallest(self) -> int:
        return self.spec.first.size

    def pool(self, leg: str) -> str:
        return leg

    def pools(self) -> Iterable[str]:
        return (leg.name for leg in (self.spec.first, *self.spec.then))

    def left(self, pool: str) -> int:
        first = self.spec.first
        plan = self.plan
        done = plan.filled(first.name)
        if pool == first.name:
            return 0 if plan.narrowed and not first.reduce_only else first.size - done
        if plan.started.instrument.in_pool and first.side == "buy":
            done = plan.leg(first.name).amount
        (leg,) = (each for each in self.spec.then if each.name == pool)
        return leg.size * done // first.size - plan.filled(pool)

    def opening(self) -> Iterable[tuple[Side, int]]:
        first = self.spec.first
        if not first.reduce_only:
            yield first.side, self.left(first.name)
        for leg in self.spec.then:
            if not leg.reduce_only:
                yield leg.side, leg.size - self.plan.filled(leg.name)

    def guards(self) -> int:
        return sum(self.left(leg.name) for leg in (self.spec.first, *self.spec.then) if leg.reduce_only)

    def protects(self) -> bool:
        return not self.spec.first.reduce_only and any(leg.reduce_only for leg in self.spec.then)

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        if not counts(heard, self.spec.by, sight.last):
            return None
        return remembered(self.plan.memory, self._begun(), heard)

    def _begun(self) -> tuple[Leg, ...]:
        return (self.spec.first, *(self.spec.then if self.plan.filled(self.spec.first.name) else ()))

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        settled = self.left(self.spec.first.name) <= 0
        for leg in self._begun():
            if leg.rests or leg.name in self.plan.memory.touched:
                yield wanted(leg, self.left(leg.name), settled=settled or leg is self.spec.first)
