"""Bounded lanes in this process: facts, the newest absolute event of each key, and one queue per source of deltas."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

from sniper.bus import Bus
from sniper.events import Event
from sniper_bus_memory.lanes import Lane, Stream, conflation_key, lane_of

FACTS = 65_536
DELTAS = 262_144
KEYS = 65_536


class Memory(Bus):
    """For one event loop; not for threads.

    A source that has sent a delta, a `Block` or a `Reorg` is a stream: all its facts and deltas stay in one line.
    Facts of all other sources (answers, commands) go first. Streams and absolute events take turns, a batch at a time.
    A batch is taken whole, but for its absolute events: these only have to be the newest.

    facts   Queued facts above which `publish` waits.
    deltas  Queued events of one stream above which it overflows. A batch is never split for it: one that finds the
            stream's queue empty always fits.
    keys    Absolute events above which `publish` waits.
    """

    def __init__(self, *, facts: int = FACTS, deltas: int = DELTAS, keys: int = KEYS) -> None:
        for name, bound in (("facts", facts), ("deltas", deltas), ("keys", keys)):
            if bound < 1:
                raise ValueError(f"the bus needs room for at least one event: {name} is {bound}, use 1 or more")
        self._most_facts, self._most_deltas, self._most_keys = facts, deltas, keys
        self._facts = Stream()
        self._absolute: dict[Hashable, Event] = {}
        self._streams: dict[str, Stream] = {}
        self._turns: OrderedDict[str | None, None] = OrderedDict()  # who has something, in turn; None: absolute events
        self._lost: set[str] = set()
        self._lanes: dict[type[Event], Lane] = {}
        self._keys: dict[type[Event], Callable[[Event], Hashable]] = {}
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()

    async def publish(self, events: Sequence[Event], *, source: str) -> None:
        """As `Bus.publish`. Also waits for room for absolute events of new keys, never for deltas: those overflow."""
        line: list[Event] = []
        absolute: list[Event] = []
        stream = self._streams.get(source)
        for event in events:
            lane = self._lane(event)
            if lane is Lane.ABSOLUTE:
                absolute.append(event)
                continue
            line.append(event)
            if stream is None and lane is not Lane.FACT:
                stream = self._streams[source] = Stream()
        if line and stream is None:
            while self._facts.size >= self._most_facts:
                await self._room()
            self._facts.append(line)
            self._filled.set()
        elif line and stream is not None:
            await self._extend(source, stream, line)
        for event in absolute:
            await self._replace(event)

    async def take(self, most: int) -> list[Event]:
        """As `Bus.take`. Cancelling it loses nothing."""
        if most < 1:
            raise ValueError(f"cannot take {most} events: ask for at least 1")
        while not self._facts.batches and not self._turns:
            self._filled.clear()
            await self._filled.wait()
        taken: list[Event] = []
        while self._facts.batches and len(taken) < most:
            self._facts.move(taken)
        while self._turns and (room := most - len(taken)) > 0:
            self._turn(room, taken)
        self._drained.set()
        return taken

    def overflowed(self) -> frozenset[str]:
        """As `Bus.overflowed`. From this call on the bus takes deltas of these sources again, so whoever calls it stops
        the sources before they get to run, and starts them from where the kernel then stands."""
        lost = frozenset(self._lost)
        self._lost.clear()
        for source in lost:
            self._streams[source].cut = False
        return lost

    async def _extend(self, source: str, stream: Stream, line: list[Event]) -> None:
        if not stream.cut and stream.size and stream.size + len(line) > self._most_deltas:
            stream.lose(self._lane)
            self._lost.add(source)
            if not stream.batches:
                self._turns.pop(source, None)
        if stream.cut:
            line = [event for event in line if self._lane(event) is Lane.FACT]
            while line and stream.size >= self._most_deltas:
                await self._room()
        if line:
            stream.append(line)
            self._turns[source] = None
        self._filled.set()

    async def _replace(self, event: Event) -> None:
        kind = type(event)
        if (key_of := self._keys.get(kind)) is None:
            key_of = self._keys[kind] = conflation_key(kind)
        key = key_of(event)
        while key not in self._absolute and len(self._absolute) >= self._most_keys:
            await self._room()
        self._absolute[key] = event
        self._turns[None] = None
        self._filled.set()

    def _turn(self, room: int, taken: list[Event]) -> None:
        """Move a batch of whoever's turn it is; of the absolute events up to ``room``."""
        source = next(iter(self._turns))
        if source is None:
            keys = list(self._absolute)[:room]
            taken.extend(self._absolute.pop(key) for key in keys)
            left = bool(self._absolute)
        else:
            stream = self._streams[source]
            stream.move(taken)
            left = bool(stream.batches)
        if left:
            self._turns.move_to_end(source)
        else:
            del self._turns[source]

    async def _room(self) -> None:
        self._drained.clear()
        await self._drained.wait()

    def _lane(self, event: Event) -> Lane:
        kind = type(event)
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = lane_of(kind)
        return lane
