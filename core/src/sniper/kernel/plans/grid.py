"""Buy at each of some prices and sell at the next one above, over and over."""

from collections.abc import Iterable, Iterator

from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Rule, Sight, Want, flagged
from sniper.order_types import Grid
from sniper.risk import Finding
from sniper.types import BPS


class GridRule(Rule[Grid]):
    """Between two lines is a cell: what it holds was bought at the lower one and is sold at the upper one. Each leg is
    a pool of its own: ``b3`` what cell 3 may still buy, ``s3`` what it holds.

    Remembers in ``price`` where the market was when it began, and in ``best`` the highest line that it was above: a
    cell buys only once the market was above it, for else it would take what is offered instead of resting.
    """

    def smallest(self) -> int:
        return self.spec.size

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        return (*super().gates(instrument), flagged(instrument, self.spec.flags))

    def line(self, n: int) -> int:
        """The price of a line, ticks."""
        spec = self.spec
        return spec.lower + (spec.upper - spec.lower) * n // (spec.lines - 1)

    def held(self, cell: int) -> int:
        """Lots that a cell holds."""
        lot = self.plan.started.instrument.lot
        amount = self.plan.leg(f"b{cell}").amount + self.plan.leg(f"s{cell}").amount
        stocked = self.spec.stocked and 0 < self.plan.memory.price <= self.line(cell)
        return amount // lot + (self.spec.size if stocked else 0)

    def pool(self, leg: str) -> str:
        return leg

    def pools(self) -> Iterable[str]:
        return (f"{side}{cell}" for cell in range(self.spec.lines - 1) for side in "bs")

    def left(self, pool: str) -> int:
        held = self.held(int(pool[1:]))
        return self.spec.size - held if pool[0] == "b" else held

    def opening(self) -> Iterable[tuple[Side, int]]:
        return (("buy", sum(self.left(f"b{cell}") for cell in range(self.spec.lines - 1))),)

    def guards(self) -> int:
        return 0

    def measured(self, side: Side) -> int:
        return self.spec.size

    def remnant(self, bps: int) -> int:
        return self.spec.size * bps // BPS

    def begun(self, sight: Sight) -> Memory:
        price = sight.last or sight.to_sell()
        return Memory(price=price, best=self._above(price))

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        memory, best = self.plan.memory, self._above(heard.bid_high)
        if memory.price and best <= memory.best:
            return None
        return memory.but(price=memory.price or heard.bid_high, best=max(best, memory.best))

    def _above(self, price: int) -> int:
        """The highest line below a price, ticks; 0: it is above none."""
        return max((line for n in range(self.spec.lines) if (line := self.line(n)) < price), default=0)

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        spec, memory = self.spec, self.plan.memory
        for cell in range(spec.lines - 1):
            held = self.held(cell)
            if self.line(cell) <= memory.best:
                yield Want(f"b{cell}", "buy", spec.size - held, self.line(cell), flags=spec.flags, settled=False)
            yield Want(f"s{cell}", "sell", held, self.line(cell + 1), flags=spec.flags, settled=False)
