"""Orders that the kernel carries out with several of the exchange: give one of these to `sniper.types.StartPlan`.

Prices are ticks, sizes lots, times ns UTC. What contradicts itself raises `BadPlan` where it is made; what an
instrument does not allow is denied when it starts. The exact rule of each stands in docs/orders.md.
"""

from typing import Literal

from sniper.errors import SniperError
from sniper.exchange_orders import Side
from sniper.plugin import Frozen

By = Literal["trades", "prices"]
"""Which prices reach a trigger: those of trades, or the best price of the side that would be taken."""


class BadPlan(SniperError, ValueError):
    """A plan that contradicts itself."""

    code = "bad-plan"


def demand(ok: bool, what: str) -> None:
    """Raises `BadPlan`, which says ``what``, where it is not so."""
    if not ok:
        raise BadPlan(what)


class Stop(Frozen, tag="stop", kw_only=True):
    """Sell once the price is at ``trigger`` or below it; buy once it is there or above. At the market, or with a
    ``limit``."""

    instrument: str
    side: Side
    size: int
    trigger: int
    limit: int | None = None
    by: By = "trades"
    reduce_only: bool = False

    def __post_init__(self) -> None:
        demand(self.size > 0, f"a stop for {self.size} lots; it must be one at least")
        demand(self.trigger > 0, f"a stop at {self.trigger} ticks; a trigger is above zero")
        demand(self.limit is None or self.limit > 0, f"a stop with a limit of {self.limit} ticks; it is above zero")


class Unwind(Frozen, tag="unwind", kw_only=True):
    """Out of a position at the market, at once, and again until it is done: it only ever reduces."""

    instrument: str
    side: Side
    size: int

    def __post_init__(self) -> None:
        demand(self.size > 0, f"{self.size} lots to unwind; it must be one at least")


Plan = Stop | Unwind
