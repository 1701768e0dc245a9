"""A limit order that is withdrawn when its time is over."""

from collections.abc import Iterable, Iterator

from sniper.instrument import Instrument
from sniper.kernel.plans.rule import OnWay, Want, flagged
from sniper.kernel.plans.single import Single
from sniper.order_types import GoodTill
from sniper.risk import Finding, at_least
from sniper.types import DAY

LEG = "order"


class GoodTillRule(Single[GoodTill]):
    """Remembers nothing: the time says it all."""

    @property
    def until(self) -> int:
        """When it is withdrawn, ns UTC."""
        if self.spec.until is not None:
            return self.spec.until
        return (self.plan.started.time // DAY + 1) * DAY

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        yield from super().gates(instrument)
        yield flagged(instrument, self.spec.flags)
        yield at_least("until", self.until, self.plan.started.time + 1, unit="ns")

    def next_at(self) -> int:
        return self.until

    def expired(self, now: int) -> bool:
        return now >= self.until

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        yield Want(LEG, self.spec.side, self.left(""), self.spec.price, flags=self.spec.flags)
