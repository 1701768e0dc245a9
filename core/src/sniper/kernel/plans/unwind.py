"""Unwind: out of a position at the market, until it is done."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.kernel.plans.rule import Rule, Sight, Want
from sniper.order_types import Unwind


class UnwindRule(Rule[Unwind]):
    """Remembers nothing."""

    def smallest(self) -> int:
        return self.spec.size

    def opening(self) -> Iterable[tuple[Side, int]]:
        return ()

    def guards(self) -> int:
        return self.left("")

    def left(self, pool: str) -> int:
        return self.spec.size - self.plan.filled()

    def wants(self, sight: Sight) -> Iterator[Want]:
        yield Want("unwind", self.spec.side, self.left(""), reduce_only=True)
