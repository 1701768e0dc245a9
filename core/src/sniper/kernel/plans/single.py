"""What plans have in common that trade one size on one side."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from sniper.exchange_orders import Side
from sniper.kernel.plans.rule import Rule


class OneSide(Protocol):
    @property
    def side(self) -> Side: ...
    @property
    def size(self) -> int: ...


S = TypeVar("S", bound=OneSide)


class Single(Rule[S]):
    """One pool of ``size`` lots. A type that has ``reduce_only`` may say so."""

    @property
    def reduces(self) -> bool:
        """Whether it only reduces."""
        found: bool = getattr(self.spec, "reduce_only", False)
        return found

    def smallest(self) -> int:
        return self.spec.size

    def left(self, pool: str) -> int:
        return self.spec.size - self.plan.filled()

    def opening(self) -> Iterable[tuple[Side, int]]:
        return () if self.reduces else ((self.spec.side, self.left("")),)

    def guards(self) -> int:
        return self.left("") if self.reduces else 0
