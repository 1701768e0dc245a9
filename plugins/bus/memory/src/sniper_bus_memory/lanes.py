"""Which lane an event takes, and the queue of batches that keep their order."""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from enum import Enum
from operator import attrgetter

from sniper.events import Event, EventClass


class Lane(Enum):
    """What the bus must keep true for an event.

    FACT      Never lost.
    ABSOLUTE  Only the newest of a key counts.
    DELTA     Means nothing without its predecessors.
    FRAME     A fact that says where deltas belong: `Block` and `Reorg`. Without the deltas that it frames it would hide
              a gap, so it is dropped together with them, and the resynchronised source sends it again.
    """

    FACT = 0
    ABSOLUTE = 1
    DELTA = 2
    FRAME = 3


FRAMES = frozenset({"block/1", "reorg/1"})
OWNERS = ("chain_id", "venue", "account", "feed", "instrument", "pool", "token", "key")
"""Fields that say whose state an absolute event describes: events of one type that agree in them replace each other."""


def lane_of(kind: type[Event]) -> Lane:
    """The lane of an event type; a type is its tag."""
    if kind.event_class is EventClass.DELTA:
        return Lane.DELTA
    if kind.event_class is EventClass.ABSOLUTE:
        return Lane.ABSOLUTE
    return Lane.FRAME if kind.__struct_config__.tag in FRAMES else Lane.FACT  # type: ignore[attr-defined]


def conflation_key(kind: type[Event]) -> Callable[[Event], Hashable]:
    """What two events of this type must share for the newer to replace the older. A `Clock` has one key for all."""
    fields: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    owners = [name for name in OWNERS if name in fields]
    if not owners:
        return lambda event: kind
    owner = attrgetter(*owners)
    return lambda event: (kind, owner(event))


class Stream:
    """Queued batches in the order of arrival: those of a source that sends deltas, or the facts of all others.

    The facts of a source that sends deltas stay in line with these, or a `Reorg` would overtake the logs that it takes
    back. A batch is the unit of taking and of loss, because the source resumes after the last block that the reader
    has: what else belongs to that block would never come again.
    """

    def __init__(self) -> None:
        self.batches: deque[Sequence[Event]] = deque()
        self.size = 0
        self.cut = False

    def append(self, events: Sequence[Event]) -> None:
        self.batches.append(events)
        self.size += len(events)

    def move(self, into: list[Event]) -> None:
        """Move the oldest batch, whole."""
        batch = self.batches.popleft()
        into.extend(batch)
        self.size -= len(batch)

    def lose(self, lanes: Callable[[Event], Lane]) -> None:
        """Drop all that the source can send again; plain facts stay."""
        kept = ([event for event in batch if lanes(event) is Lane.FACT] for batch in self.batches)
        self.batches = deque(facts for facts in kept if facts)
        self.size = sum(map(len, self.batches))
        self.cut = True
