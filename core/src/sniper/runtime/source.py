"""What the runtime listens to: a source of events under supervision."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from sniper.events import Event


class Source(Protocol):
    """One stream of events.

    name   Of its lane in the bus. What overflows there, is begun again.
    hints  Whether nothing depends on it: nothing is stale while it is.
    """

    @property
    def name(self) -> str: ...
    @property
    def hints(self) -> bool: ...
    def events(self) -> AsyncIterator[Sequence[Event]]:
        """From where the kernel stands. Ends or raises where its source is lost, and is called again after a pause."""
        ...

    def stale(self, time: int, *, stale: bool) -> Sequence[Event]:
        """What the kernel has to know where it was lost, and where it is there again: told ahead of what waits."""
        ...
