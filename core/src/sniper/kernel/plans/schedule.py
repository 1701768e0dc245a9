"""Slices at times that are known beforehand: TWAP, VWAP, a given schedule, implementation shortfall."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate

from sniper.exchange_orders import Side
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import OnWay, Rule, Sight, Want
from sniper.kernel.plans.slices import equal, optimal, parts
from sniper.order_types import Scheduled, Shortfall, Twap, Vwap

LEG = "slice"


class ScheduleRule(Rule[Twap | Vwap | Scheduled | Shortfall]):
    """What is due and not filled is on its way: what a slice leaves, the next one takes along. Remembers how many
    slices have begun, and what is due with them."""

    @cached_property
    def _slices(self) -> tuple[tuple[int, int], ...]:
        """(ns UTC, lots) of each, in order."""
        spec = self.spec
        if isinstance(spec, Scheduled):
            return spec.slices
        if isinstance(spec, Twap):
            weights = equal(spec.slices)
        elif isinstance(spec, Vwap):
            weights = spec.profile
        else:
            weights = optimal(spec.slices, spec.curvature)
        began = self.plan.started.time
        times = (began + spec.duration * n // len(weights) for n in range(len(weights)))
        return tuple(zip(times, parts(spec.size, weights), strict=True))

    @cached_property
    def _times(self) -> list[int]:
        return [at for at, _ in self._slices]

    @cached_property
    def _due(self) -> list[int]:
        return [0, *accumulate(lots for _, lots in self._slices)]

    @cached_property
    def size(self) -> int:
        """Lots of all slices."""
        spec = self.spec
        return sum(lots for _, lots in spec.slices) if isinstance(spec, Scheduled) else spec.size

    def smallest(self) -> int:
        return self.size

    def left(self, pool: str) -> int:
        return self.size - self.plan.filled()

    def opening(self) -> Iterable[tuple[Side, int]]:
        return () if self.spec.reduce_only else ((self.spec.side, self.left("")),)

    def guards(self) -> int:
        return self.left("") if self.spec.reduce_only else 0

    def begun(self, sight: Sight) -> Memory:
        count = bisect_right(self._times, sight.now)
        return Memory(count=count, due=self._due[count])

    def timed(self, sight: Sight) -> Memory | None:
        found = self.begun(sight)
        return found if found != self.plan.memory else None

    def next_at(self) -> int | None:
        count = self.plan.memory.count
        return self._times[count] if count < len(self._times) else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, due = self.spec, self.plan.memory.due
        size = due - self.plan.filled()
        yield Want(LEG, spec.side, size, spec.limit, reduce_only=spec.reduce_only, settled=due == self.size)
