"""A limit order that follows the best price of its own side."""

from collections.abc import Iterable, Iterator

from sniper.instrument import Instrument
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Sight, Want, flagged
from sniper.kernel.plans.single import Single
from sniper.order_types import Chase
from sniper.risk import Finding

LEG = "order"


class ChaseRule(Single[Chase]):
    """Remembers in ``price`` where it is; 0: no best price was known yet."""

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        return (*super().gates(instrument), flagged(instrument, self.spec.flags))

    def begun(self, sight: Sight) -> Memory:
        return Memory(price=self._pegged(sight))

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        price, before = self._pegged(sight), self.plan.memory.price
        if not price or price == before:
            return None
        # the limit itself is worth any step: it is as near as the order can come
        moved = abs(price - before) >= self.spec.step or price == self.spec.limit
        return Memory(price=price) if moved or not before else None

    def _pegged(self, sight: Sight) -> int:
        best = sight.bid if self.spec.side == "buy" else sight.ask
        if not best:
            return 0
        return min(best, self.spec.limit) if self.spec.side == "buy" else max(best, self.spec.limit)

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, price = self.spec, self.plan.memory.price
        if price:
            yield Want(LEG, spec.side, self.left(""), price, flags=spec.flags, reduce_only=self.reduces)
