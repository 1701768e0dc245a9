"""An entry, and a stop and a target for what it has filled."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Rule, Sight, Want
from sniper.kernel.plans.trail import followed, level
from sniper.kernel.plans.trigger import counts, stopped
from sniper.order_types import Bracket

ENTRY, STOP, TARGET = "entry", "stop", "target"
EXIT = "exit"


class BracketRule(Rule[Bracket]):
    """Two pools: what is left of the entry; and what the entry has brought, less what stop and target have taken.

    Remembers which triggers were reached, and of a stop that follows the best price since the first fill.
    """

    @property
    def way_out(self) -> Side:
        """The side of stop and target."""
        return "sell" if self.spec.side == "buy" else "buy"

    def smallest(self) -> int:
        return self.spec.size

    def pool(self, leg: str) -> str:
        return ENTRY if leg == ENTRY else EXIT

    def pools(self) -> Iterable[str]:
        return (ENTRY, EXIT)

    def left(self, pool: str) -> int:
        plan = self.plan
        if pool == ENTRY:
            # once it is stopped, or nothing may be opened, what the entry has not filled is not wanted any more
            return 0 if plan.narrowed or STOP in plan.memory.touched else self.spec.size - plan.filled(ENTRY)
        # a fee in the asset itself was never held
        held = abs(plan.leg(ENTRY).amount) // plan.started.instrument.lot
        bought = held if plan.started.instrument.in_pool else min(held, plan.filled(ENTRY))
        return bought - plan.filled(STOP, TARGET)

    def opening(self) -> Iterable[tuple[Side, int]]:
        return ((self.spec.side, self.left(ENTRY)),)

    def guards(self) -> int:
        return self.left(EXIT)

    def protects(self) -> bool:
        return True

    def trigger(self) -> int:
        """Where the stop is, ticks."""
        spec, best = self.spec, self.plan.memory.best
        if not best or not (spec.trail or spec.trail_bps):
            return spec.stop
        follows = level(self.way_out, best, spec.trail, spec.trail_bps)
        return max(spec.stop, follows) if spec.side == "buy" else min(spec.stop, follows)

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        spec, plan, memory = self.spec, self.plan, self.plan.memory
        if not counts(heard, spec.by, sight.last):
            return None
        if spec.entry_stop is not None and ENTRY not in memory.touched and stopped(heard, spec.side, spec.entry_stop):
            memory = memory.but(touched=(*memory.touched, ENTRY))
        elif plan.filled(ENTRY) and STOP not in memory.touched:
            if stopped(heard, self.way_out, self.trigger()):
                memory = memory.but(touched=(*memory.touched, STOP))
            elif spec.trail or spec.trail_bps:
                memory = memory.but(best=followed(self.way_out, memory.best, heard, 1))
        return memory if memory != plan.memory else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, memory = self.spec, self.plan.memory
        if spec.entry_stop is None or ENTRY in memory.touched:
            yield Want(ENTRY, spec.side, self.left(ENTRY), spec.price)
        settled = self.left(ENTRY) <= 0
        if STOP in memory.touched:
            yield Want(STOP, self.way_out, self.left(EXIT), spec.stop_limit, reduce_only=True)
        elif spec.target is not None:
            yield Want(TARGET, self.way_out, self.left(EXIT), spec.target, reduce_only=True, settled=settled)
