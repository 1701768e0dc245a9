"""Stop, and stop with a limit: one order, once the price is there."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, Rule, Sight, Want
from sniper.kernel.plans.trigger import counts, stopped
from sniper.order_types import Stop

LEG = "stop"


class StopRule(Rule[Stop]):
    """Remembers that it was touched."""

    def smallest(self) -> int:
        return self.spec.size

    def opening(self) -> Iterable[tuple[Side, int]]:
        return () if self.spec.reduce_only else ((self.spec.side, self.left("")),)

    def guards(self) -> int:
        return self.left("") if self.spec.reduce_only else 0

    def left(self, pool: str) -> int:
        return self.spec.size - self.plan.filled()

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        spec = self.spec
        if self.plan.memory.touched or not counts(heard, spec.by, sight.last):
            return None
        return Memory(touched=(LEG,)) if stopped(heard, spec.side, spec.trigger) else None

    def wants(self, sight: Sight) -> Iterator[Want]:
        if self.plan.memory.touched:
            yield Want(LEG, self.spec.side, self.left(""), self.spec.limit, reduce_only=self.spec.reduce_only)
