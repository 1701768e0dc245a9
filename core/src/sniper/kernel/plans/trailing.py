"""A stop that follows the best price at a distance."""

from collections.abc import Iterator

from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Sight, Want
from sniper.kernel.plans.single import Single
from sniper.kernel.plans.trail import followed, level
from sniper.kernel.plans.trigger import counts, stopped, touched
from sniper.order_types import TrailingStop

LEG = "order"


class TrailingRule(Single[TrailingStop]):
    """Remembers the best price, once it follows; then that it was touched, and in ``price`` where its trigger was."""

    def begun(self, sight: Sight) -> Memory:
        spec = self.spec
        if spec.activation is not None:
            return Memory()
        best = sight.bid if spec.side == "sell" else sight.ask
        return Memory(best=(sight.last or best) if spec.by == "trades" else best)

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        spec, memory = self.spec, self.plan.memory
        if memory.touched or not counts(heard, spec.by, sight.last):
            return None
        if memory.best:
            # Of what happened between two prices, as in a bar, the order is not known: the worse one comes first.
            trigger = level(spec.side, memory.best, spec.amount, spec.bps)
            if trigger and stopped(heard, spec.side, trigger):
                return Memory(touched=(LEG,), best=memory.best, price=trigger)
        elif spec.activation is not None and not touched(heard, spec.side, spec.activation):
            return None
        best = followed(spec.side, memory.best, heard, spec.step)
        return memory.but(best=best) if best != memory.best else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, memory = self.spec, self.plan.memory
        if memory.touched:
            limit = None
            if spec.limit_gap is not None:
                limit = max(1, memory.price + (spec.limit_gap if spec.side == "buy" else -spec.limit_gap))
            yield Want(LEG, spec.side, self.left(""), limit, reduce_only=self.reduces)
