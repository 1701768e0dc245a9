"""Write a feed: a source of events; live, recorded or generated."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Protocol

from sniper.config import Config
from sniper.events import Event
from sniper.instrument import Instrument

__all__ = ["Config", "Event", "Feed", "FeedContext", "Instrument", "Recording", "Wanted"]


class FeedContext(Protocol):
    """What the runtime hands to a feed."""

    @property
    def name(self) -> str:
        """Of its section: what it names as `sniper.events.SignalHeard.source`, or begins that with."""
        ...

    @property
    def chain_id(self) -> int:
        """0 for a feed that is not `sniper.specs.FeedSpec.per_chain`."""
        ...

    @property
    def endpoints(self) -> Any:
        """The chain's `sniper.evm.rpc.Endpoints`. Any: None for a feed that is of no chain."""
        ...

    @property
    def subscriptions(self) -> Sequence[tuple[Sequence[str], Sequence[str]]]:
        """What the enabled plugins want to see: (addresses, first topics); no addresses means any address."""
        ...

    @property
    def resume(self) -> Mapping[str, Any] | None:
        """Where the kernel stands: ``{"number": …, "hash": …, "recent": …}`` of its newest block, or None before the
        first. ``recent``: (number, hash) of the newest blocks, newest first, to find a common ancestor."""
        ...

    def watched(self) -> frozenset[str]:
        """Addresses of all logs to deliver whatever their topic: tokens that are held or being judged."""
        ...

    def own(self) -> frozenset[str]:
        """Addresses of the accounts that trade on this chain."""
        ...

    def now(self) -> int:
        """ns UTC, never decreasing: the time to stamp on an event."""
        ...


class Feed(ABC):
    """Lives in the shell. It ends or raises on a lost connection, and is called again with an up-to-date context."""

    def __init__(self, config: Any, context: FeedContext) -> None:
        self.config = config
        self.context = context

    @abstractmethod
    def events(self) -> AsyncIterator[Sequence[Event]]:
        """Batches of events, in order and without gaps since ``context.resume``. An empty one says that the source is
        there, though it has no news."""


class Wanted(Config):
    """What a backtest wants of a recording."""

    instruments: tuple[str, ...]
    """Ids of those that somebody trades or follows."""
    depth: tuple[str, ...] = ()
    """Those of which somebody follows the order book."""
    bars: tuple[tuple[str, int], ...] = ()
    """(instrument, interval in ns) that somebody follows."""
    begin: int = 0
    end: int = (1 << 63) - 1
    """Events known in [begin, end), ns UTC."""


class Recording(Feed):
    """A feed whose events are all there already: what a backtest trades on. It has no config of its own but a place."""

    @abstractmethod
    def open(self, wanted: Wanted) -> Sequence[Instrument]:
        """Find what is wanted, before anything is played. Raises `ConfigError` for what is not there, by name, and what
        there is instead."""

    @abstractmethod
    def notices(self) -> Iterator[str]:
        """What whoever trades on it should know of it, such as its gaps; one line each."""

    @abstractmethod
    def until(self) -> int:
        """When the last event of what was opened is known, ns UTC, or about then."""

    @abstractmethod
    def batches(self) -> Iterator[Sequence[Event]]:
        """The events of what was opened, in the order in which they could be known; events of one time in one batch.
        The same each time. Raises `SniperError` for data that is damaged."""

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        for batch in self.batches():
            yield batch
