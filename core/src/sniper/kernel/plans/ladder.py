"""Limit orders at prices in equal steps."""

from collections.abc import Iterable, Iterator

from sniper.instrument import Instrument
from sniper.kernel.plans.rule import OnWay, Want, flagged
from sniper.kernel.plans.single import Single
from sniper.kernel.plans.slices import parts
from sniper.order_types import Ladder
from sniper.risk import Finding


class LadderRule(Single[Ladder]):
    """A leg for each order, by its number from ``first``."""

    def smallest(self) -> int:
        return min(size for size in parts(self.spec.size, self.spec.weights) if size)

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        return (*super().gates(instrument), flagged(instrument, self.spec.flags))

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec = self.spec
        steps = len(spec.weights) - 1
        for n, size in enumerate(parts(spec.size, spec.weights)):
            price = spec.first + ((spec.last - spec.first) * n // steps if steps else 0)
            left = size - self.plan.filled(str(n))
            yield Want(str(n), spec.side, left, price, flags=spec.flags, reduce_only=self.reduces)
