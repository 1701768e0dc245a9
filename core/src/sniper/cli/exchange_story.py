"""What the record says of orders at exchanges and of plans; see `sniper.cli.story`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sniper.kernel import facts as f
from sniper.kernel.exchange.states import WORKING
from sniper.plugin import Frozen

if TYPE_CHECKING:
    from sniper.cli.story import OrderStory


@dataclass
class ExchangeOrderStory:
    """One order at an exchange. ``cancelled``: when it was first to be cancelled, ns UTC; None: never."""

    account: str
    placed: f.ExchangeOrderPlaced
    moves: list[f.ExchangeOrderMoved] = field(default_factory=list)
    fills: list[f.ExchangeFilled] = field(default_factory=list)
    cancelled: int | None = None

    @property
    def state(self) -> str:
        """See `sniper.kernel.exchange.states`."""
        return self.moves[-1].state if self.moves else "new"

    @property
    def working(self) -> bool:
        """Whether it may still be filled."""
        return self.state in WORKING

    @property
    def note(self) -> str:
        """What was last said of it."""
        return self.moves[-1].note if self.moves else ""

    @property
    def venue_id(self) -> str:
        """The exchange's own id; empty while it is not known."""
        return next((move.venue_id for move in self.moves if move.venue_id), "")

    @property
    def filled(self) -> int:
        """Lots."""
        return sum(each.fill.size for each in self.fills)

    def total(self, name: str) -> int:
        """The sum of a field of everything that was booked."""
        return sum(getattr(each, name) for each in self.fills)


@dataclass
class PlanStory:
    """One plan, with the orders that it placed in the order of their placing: at an exchange, or (``swaps``) in a
    pool."""

    account: str
    started: f.PlanStarted
    orders: list[ExchangeOrderStory] = field(default_factory=list)
    swaps: list["OrderStory"] = field(default_factory=list)
    waits: list[f.PlanWaits] = field(default_factory=list)
    narrowed: f.PlanNarrowed | None = None
    ending: f.PlanEnding | None = None
    ended: f.PlanEnded | None = None

    @property
    def state(self) -> str:
        """``working``, ``ending`` while it withdraws what is on its way, or how it ended."""
        if self.ended is not None:
            return self.ended.state
        return "working" if self.ending is None else "ending"

    @property
    def note(self) -> str:
        """Why it ended, or does no more than reduce."""
        last = self.ended or self.ending
        return last.note if last is not None else self.narrowed.reason if self.narrowed is not None else ""

    @property
    def type(self) -> str:
        """What kind of plan it is, as `sniper.order_types` tags it."""
        spec: Frozen = self.started.spec
        return str(spec.__struct_config__.tag)  # type: ignore[attr-defined]  # it is a msgspec struct

    @property
    def filled(self) -> int:
        """Lots, of both sides."""
        return sum(order.filled for order in self.orders) + sum(swap.filled for swap in self.swaps)
