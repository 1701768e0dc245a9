"""What an exchange can do wrong, to a request or to an event of a stream, when a test wants it to."""

from enum import StrEnum
from typing import Final

from sniper_sdk.faults import Fault, Fired, Schedule

USER: Final = "stream.user"
"""The method of an event of the user stream: faults act on them as on requests."""
DEPTH: Final = "stream.depth"
MARKET: Final = "stream.market"
"""Of trades, tickers and bars."""


class ExchangeFault(StrEnum):
    """What happens. The method of a request is its name in the WebSocket API (``order.place``, ``account.status``),
    whichever way it came."""

    LATE = "late"
    """It is done at once; the answer, or the event, comes some seconds later."""
    TWICE = "twice"
    """Only events: the same one two times."""
    NEVER = "never"
    """It is done, and no answer comes while the connection stands. An event: it is swallowed (a gap, in ``DEPTH``)."""
    CUT = "cut"
    """It is done, and the connection breaks before the answer. An event: the connection breaks instead of it."""
    DEAF = "deaf"
    """The connection breaks before it is done. Only requests."""
    ERROR = "error"
    """Not done; HTTP 503, with the words that Binance has for it."""
    UNKNOWN = "unknown"
    """Done; HTTP 503, which says that it is not known whether it was."""
    TOO_MANY = "too-many"
    """Not done; 429 with ``Retry-After``."""
    BANNED = "banned"
    """Not done; 418 with ``Retry-After``."""
    MAINTENANCE = "maintenance"
    """Not done; 503 "System is under maintenance."."""
    REJECT = "reject"
    """Not done. A cancellation: "Unknown order sent.", though it is open; a new order: "This action is disabled on this
    account."."""
    PARTIAL = "partial"
    """Only new orders: somebody trades with half of what rests of it, before all others in the queue."""


EVENTS: Final = frozenset({ExchangeFault.LATE, ExchangeFault.TWICE, ExchangeFault.NEVER, ExchangeFault.CUT})
"""Those that an event can meet; of others it is sent as ever."""


class Faults(Schedule):
    """A `Schedule` of an exchange's faults: drawn from a seed, written down, and played again."""

    kinds = ExchangeFault


__all__ = ["DEPTH", "EVENTS", "MARKET", "USER", "ExchangeFault", "Fault", "Faults", "Fired"]
