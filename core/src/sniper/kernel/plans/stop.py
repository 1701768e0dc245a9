"""Stops and targets: one order, once the price is there."""

from collections.abc import Iterator

from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Sight, Want
from sniper.kernel.plans.single import Single
from sniper.kernel.plans.trigger import counts, stopped, touched
from sniper.order_types import IfTouched, Stop, TakeProfit

LEG = "order"


class StopRule(Single[Stop]):
    """Remembers that it was touched."""

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        spec = self.spec
        if self.plan.memory.touched or not counts(heard, spec.by, sight.last):
            return None
        return Memory(touched=(LEG,)) if stopped(heard, spec.side, spec.trigger) else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        if self.plan.memory.touched:
            yield Want(LEG, self.spec.side, self.left(""), self.spec.limit, reduce_only=self.reduces)


class TouchRule(Single[IfTouched | TakeProfit]):
    """Remembers that it was touched."""

    @property
    def reduces(self) -> bool:
        return isinstance(self.spec, TakeProfit) or self.spec.reduce_only

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        spec = self.spec
        if self.plan.memory.touched or not counts(heard, spec.by, sight.last):
            return None
        return Memory(touched=(LEG,)) if touched(heard, spec.side, spec.trigger) else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        if self.plan.memory.touched:
            yield Want(LEG, self.spec.side, self.left(""), self.spec.limit, reduce_only=self.reduces)
