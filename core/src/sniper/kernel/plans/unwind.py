"""Unwind: out of a position at the market, until it is done."""

from collections.abc import Iterator

from sniper.kernel.plans.rule import OnWay, Want
from sniper.kernel.plans.single import Single
from sniper.order_types import Unwind


class UnwindRule(Single[Unwind]):
    """Remembers nothing."""

    @property
    def reduces(self) -> bool:
        return True

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        yield Want("unwind", self.spec.side, self.left(""), reduce_only=True)
