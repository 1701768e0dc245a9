"""Write a bus: how events reach the kernel."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sniper.events import Event

__all__ = ["Bus"]


class Bus(ABC):
    """Bounded lanes by event class: facts never wait behind market data and are never dropped; absolute events are
    conflated; a lane of deltas that overflows says so, and its source resynchronises."""

    @abstractmethod
    async def publish(self, events: Sequence[Event], *, source: str) -> None:
        """Hand over events of one source, in order. Waits while a lane of facts is full."""

    @abstractmethod
    async def take(self, most: int) -> list[Event]:
        """The next events for the kernel, at least one; facts first. Waits for the first.

        No batch begins once there are ``most`` events, but one that has begun is given whole: the kernel journals what
        it takes as one frame, and after a crash a feed goes on behind the newest recorded block, so that logs of this
        block that were in no frame would never come. Absolute events need not stay with their batch.
        """

    @abstractmethod
    def overflowed(self) -> frozenset[str]:
        """Sources whose deltas were lost since the last call, and which must resynchronise."""
