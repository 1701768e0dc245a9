"""What one type of plan is: pure functions of what was asked for, what it remembers and what was filled.

A rule only says which orders there should be now. What is placed and withdrawn to get there, and that it is never more
than what is left, is the affair of `sniper.kernel.plans.plans`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar, Generic, NamedTuple, TypeVar

from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.memory import Memory
from sniper.risk import Finding, at_least, must

S = TypeVar("S")
OnWay = Callable[[str], int]
"""Lots of a leg that are on their way."""


class Sight(NamedTuple):
    """What a rule sees of its market. Prices in ticks, 0: not known.

    native  What the exchange holds: see `sniper.kernel.wiring.DeskWiring`.
    """

    now: int
    last: int
    bid: int
    ask: int
    native: str = "never"

    def to_buy(self) -> int:
        """The price to expect of what buys now."""
        return self.ask or self.last

    def to_sell(self) -> int:
        """The same of what sells."""
        return self.bid or self.last


class Heard(NamedTuple):
    """What the market did, ticks; 0: nobody offers.

    kind               A ``trade``, a ``bar`` that a source tells, or best ``prices``.
    bid_low, bid_high  From where to where it could be sold; ``ask_low``, ``ask_high``: bought. Of trades, their prices.
    size               Lots that were traded.
    """

    kind: str
    bid_low: int
    bid_high: int
    ask_low: int
    ask_high: int
    size: int


class Want(NamedTuple):
    """Orders that there should be of one leg.

    size         Lots that should be on their way, those included that are.
    price        Ticks; None: at the market.
    reduce_only  It is never more than what it can reduce, and only policies judge it.
    settled      False: more may come soon, so what is too small for an order waits for that.
    type         Of what the exchange holds until a price is there: one of `sniper.exchange_orders.CONDITIONAL`;
                 ``trigger``: that price, ticks.
    """

    leg: str
    side: Side
    size: int
    price: int | None = None
    lives: str = "gtc"
    flags: tuple[str, ...] = ()
    reduce_only: bool = False
    settled: bool = True
    type: str = ""
    trigger: int | None = None


def flagged(instrument: Instrument, flags: tuple[str, ...]) -> Finding:
    """Whether the exchange has these flags for its orders."""
    return must("flags", set(flags) <= set(instrument.flags), note=", ".join(flags))


class Rule(ABC, Generic[S]):
    """One plan of a type.

    exclusive  Whether a leg is placed only once nothing of the others is on its way.
    """

    exclusive: ClassVar[bool] = False

    def __init__(self, plan: PlanState, spec: S) -> None:
        self.plan = plan
        self.spec = spec

    # ---- what it is ----

    @abstractmethod
    def smallest(self) -> int:
        """Lots of its smallest order."""

    def gates(self, instrument: Instrument) -> Iterable[Finding]:
        """What must be true of the instrument for it to start, besides what is true of all."""
        return (at_least("size", self.smallest(), instrument.min_size, unit="lots"),)

    @abstractmethod
    def opening(self) -> Iterable[tuple[Side, int]]:
        """Sides and lots that it may still trade without being told to reduce only."""

    @abstractmethod
    def guards(self) -> int:
        """Lots that are left to what only reduces."""

    @abstractmethod
    def left(self, pool: str) -> int:
        """Lots that may still be filled of legs that share a pool."""

    def protects(self) -> bool:
        """Whether it has legs of its own that protect what its other legs open: they outlive those."""
        return False

    def pool(self, leg: str) -> str:
        """With which others a leg shares what is left."""
        return ""

    def pools(self) -> Iterable[str]:
        """All of them."""
        return ("",)

    def over(self) -> bool:
        """Whether all of it is done."""
        return all(self.left(pool) <= 0 for pool in self.pools())

    # ---- what a pool is asked for ----

    def measured(self, side: Side) -> int:
        """The lots whose price is the price in a pool: what may still be traded on a side, or else what it is for."""
        left = max((lots for its, lots in self.opening() if its == side), default=0)
        return max(left, self.guards() if side == "sell" else 0) or self.smallest()

    def pays(self) -> int:
        """The same of a type that is for a value: base units of the quote asset; 0: it is for lots."""
        return 0

    def remnant(self, bps: int) -> int:
        """The most lots in a pool that are not worth an order of their own, where what is bought may be less than what
        was wanted by so many parts of ten thousand."""
        return 0

    # ---- what it learns ----

    def begun(self, sight: Sight) -> Memory:
        """What it remembers of its beginning."""
        return Memory()

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        """The market moved: what it remembers now, where that changes anything."""
        return None

    def timed(self, sight: Sight) -> Memory | None:
        """The time came that `next_at` named: as `heard`."""
        return None

    def lost(self, state: str, filled: int, sight: Sight) -> Memory | None:
        """What the exchange held has ended in this state by itself, with so many lots filled: as `heard`."""
        return None

    def expired(self, now: int) -> bool:
        """Whether its time is over (ns UTC): then it is withdrawn."""
        return False

    def next_at(self) -> int | None:
        """When it wants to look at the clock next, ns UTC."""
        return None

    # ---- what it wants ----

    @abstractmethod
    def wants(self, on_way: OnWay) -> Iterable[Want]:
        """The orders that there should be now; of legs that are not named, none."""
