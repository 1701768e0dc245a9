"""Write a strategy: subclass `Strategy`, declare its state as fields, handle events with `on`."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

from sniper.config import Config
from sniper.events import Event
from sniper.plugin import Frozen, State
from sniper.types import Arbitrage, CancelOrder, Close, Intent, Open, PlaceOrder, Provide, StartPlan, Withdraw
from sniper.view import View

__all__ = [
    "Actions",
    "Arbitrage",
    "CancelOrder",
    "Close",
    "Config",
    "Open",
    "PlaceOrder",
    "Provide",
    "SetTimer",
    "StartPlan",
    "Strategy",
    "View",
    "Withdraw",
    "handlers_of",
    "on",
]


class SetTimer(Frozen, tag="set-timer"):
    """Ask for a `TimerFired` with this key at ``at`` (ns UTC). The same key again replaces it."""

    key: str
    at: int


Actions = Iterator[Intent | SetTimer]


class Strategy(State):
    """Turns events into intents.

    Declare ``config`` (a `Config`) and any state as fields; state fields need defaults. Handlers are pure: they see
    the event, the view and the fields. One that raises stops this strategy for its account; its exits go on.

    opens  Whether it may yield `Open`. False: it needs no sizer, and an `Open` of it stops it.
    """

    opens: ClassVar[bool] = True

    def cycle_hops(self) -> int:
        """Most pools of the cycles that it wants to hear of (`sniper.events.CycleFound`), at least 2. Up to 3 a router
        knows at once; more it may have to search for. Asked when a run starts."""
        return 3

    def instruments(self) -> tuple[str, ...]:
        """Ids of the instruments whose trades, prices and staleness (`sniper.events.InstrumentStale`) it wants to hear
        of. Asked when a run starts."""
        return ()

    def bars(self) -> tuple[tuple[str, int], ...]:
        """Bars that it wants to hear of (`sniper.events.Bar`) and to read (`View.bars`): instrument id, interval in ns.
        Asked when a run starts."""
        return ()

    def depth(self) -> tuple[str, ...]:
        """Ids of the instruments whose order books it follows: it hears of each `sniper.events.BookChanged` of theirs,
        and `View.depth` tells the book as it is then. `sniper.events.Prices` of it are made of the book. Asked when a
        run starts."""
        return ()


H = TypeVar("H", bound=Callable[..., Iterator[Any]])


def on(kind: type[Event], /) -> Callable[[H], H]:
    """Call the decorated method for each event of this type in the strategy's markets.

    Works for any `Event`, sniper's or a plugin's own; only these events reach the strategy (and, in a worker, cross
    the socket).
    """

    def mark(handler: H) -> H:
        setattr(handler, "__sniper_on__", kind)  # noqa: B010  (mypy: functions declare no such attribute)
        return handler

    return mark


def handlers_of(cls: type) -> dict[type[Event], str]:
    """Which method of ``cls`` handles which event type. Two handlers for one type are a `TypeError`."""
    found: dict[type[Event], str] = {}
    for name in dir(cls):
        kind = getattr(getattr(cls, name, None), "__sniper_on__", None)
        if kind is None:
            continue
        if kind in found:
            raise TypeError(f"{cls.__name__}: both {found[kind]} and {name} handle {kind.__name__}; keep one")
        found[kind] = name
    return found
