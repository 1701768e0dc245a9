"""A share of what is traded (POV)."""

from collections.abc import Iterable, Iterator

from sniper.instrument import Instrument
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Sight, Want
from sniper.kernel.plans.single import Single
from sniper.order_types import Participate
from sniper.risk import Finding, at_least
from sniper.types import BPS

LEG = "slice"


class ParticipateRule(Single[Participate]):
    """Remembers what was traded since it began, what is due for that, and in ``count`` whether trades are heard: then
    bars say the same again."""

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        yield at_least("size", self.spec.size, instrument.min_size, unit="lots")

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        spec, memory = self.spec, self.plan.memory
        if not heard.size or memory.due == spec.size or (heard.kind == "bar" and memory.count):
            return None
        seen = memory.seen + heard.size
        due = min(spec.size, seen * spec.share_bps // BPS)
        return memory.but(seen=seen, due=due, count=int(heard.kind == "trade"))

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, due, filled = self.spec, self.plan.memory.due, self.plan.filled()
        settled = due == spec.size
        missing = due - filled - on_way(LEG)
        size = due - filled if settled or missing >= spec.least else on_way(LEG)
        yield Want(LEG, spec.side, size, spec.limit, reduce_only=self.reduces, settled=settled)
