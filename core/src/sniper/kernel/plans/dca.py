"""The same value again and again."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import OnWay, Rule, Sight, Want
from sniper.order_types import Dca
from sniper.risk import Finding

LEG = "slice"


class DcaRule(Rule[Dca]):
    """Remembers how often it was its time, and the lots that were due for that at the prices of those moments. One of
    which no price is known is left out."""

    def smallest(self) -> int:
        return 1

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        return ()

    def left(self, pool: str) -> int:
        return self.plan.memory.due - self.plan.filled()

    def over(self) -> bool:
        return self.plan.memory.count >= self.spec.times and self.left("") <= 0

    def opening(self) -> Iterable[tuple[Side, int]]:
        return () if self.spec.reduce_only else ((self.spec.side, max(1, self.left(""))),)

    def pays(self) -> int:
        return self.spec.value

    def guards(self) -> int:
        return 1 if self.spec.reduce_only and not self.over() else 0

    def begun(self, sight: Sight) -> Memory:
        return self._once_more(Memory(), sight)

    def timed(self, sight: Sight) -> Memory | None:
        at = self.next_at()
        return self._once_more(self.plan.memory, sight) if at is not None and at <= sight.now else None

    def _once_more(self, memory: Memory, sight: Sight) -> Memory:
        price = sight.to_buy() if self.spec.side == "buy" else sight.to_sell()
        lots = self.plan.started.instrument.affordable(self.spec.value, price) if price else 0
        # what was missed while nobody was there is not made up for
        passed = (sight.now - self.plan.started.time) // self.spec.every + 1
        return memory.but(count=min(self.spec.times, passed), due=memory.due + lots)

    def next_at(self) -> int | None:
        count = self.plan.memory.count
        return self.plan.started.time + count * self.spec.every if count < self.spec.times else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec = self.spec
        settled = self.plan.memory.count >= spec.times
        yield Want(LEG, spec.side, self.left(""), spec.limit, reduce_only=spec.reduce_only, settled=settled)
