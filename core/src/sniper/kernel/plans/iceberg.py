"""A large limit order that shows a small part at a time."""

from collections.abc import Iterable, Iterator

from sniper.instrument import Instrument
from sniper.kernel.plans.rule import OnWay, Want, flagged
from sniper.kernel.plans.single import Single
from sniper.order_types import Iceberg
from sniper.risk import Finding

LEG = "order"


class IcebergRule(Single[Iceberg]):
    """The next part is placed once nothing of the one before is left."""

    def smallest(self) -> int:
        return self.spec.show

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        return (*super().gates(instrument), flagged(instrument, self.spec.flags))

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec = self.spec
        size = on_way(LEG) or min(spec.show, self.left(""))
        yield Want(LEG, spec.side, size, spec.price, flags=spec.flags)
