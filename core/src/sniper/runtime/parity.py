"""Whether a run at exchanges and its backtest are the same: the market as the run heard it, answers when they came, and
exchanges that are played in place of the real ones. What differs is the error of the model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple

from sniper.errors import ConfigError, JournalError
from sniper.events import (
    AskFailed,
    CancelAsked,
    DeskAnswered,
    DeskLost,
    Event,
    FillSeen,
    OrderFound,
    OrderSeen,
    Submitted,
)
from sniper.exchange_orders import Side
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.kernel.kernel import Kernel
from sniper.runtime.as_recorded import RecordedExchange, recorded_of
from sniper.runtime.collecting import uncollected
from sniper.runtime.kept import JOURNAL, kept
from sniper.runtime.played import finish, play
from sniper.runtime.records import read_records, register_events
from sniper.runtime.replay import Progress, frames
from sniper.runtime.wire import wire
from sniper.types import SECOND

OF_EXCHANGES: Final = (Submitted, CancelAsked, OrderFound, DeskAnswered, OrderSeen, FillSeen, DeskLost, AskFailed)
"""What the played exchanges say in place of the recorded ones."""
AFTER: Final = 60 * SECOND
"""ns that what is on its way at the end has to come back."""


class Ordered(NamedTuple):
    """An order as it was decided. ``price``: ticks, None: at the market; ``size``: lots."""

    order: str
    instrument: str
    side: Side
    size: int
    price: int | None
    lives: str


class Traded(NamedTuple):
    """A fill. ``size``: lots; ``price``: ticks; ``fee``: base units of ``fee_asset``."""

    order: str
    size: int
    price: int
    maker: bool
    fee: int
    fee_asset: str


class Difference(NamedTuple):
    """One order or fill; None where there is none on that side."""

    account: str
    number: int
    recorded: Ordered | Traded | None
    played: Ordered | Traded | None


@dataclass
class Decided:
    """What an account did. ``realised``: by place, quote base units. ``filled_at``: ns UTC of each fill."""

    orders: list[Ordered] = field(default_factory=list)
    fills: list[Traded] = field(default_factory=list)
    filled_at: list[int] = field(default_factory=list)
    realised: dict[str, int] = field(default_factory=dict)

    def take(self, fact: f.Fact) -> None:
        """Count a fact."""
        if isinstance(fact, f.ExchangeOrderPlaced):
            new = fact.new
            self.orders.append(Ordered(fact.order, new.instrument, new.side, new.size, new.price, new.lives))
        elif isinstance(fact, f.ExchangeFilled):
            fill = fact.fill
            self.fills.append(Traded(fact.order, fill.size, fill.price, fill.maker, fill.fee, fill.fee_asset))
            self.filled_at.append(fact.time)
            place = fill.instrument.partition(":")[0]
            self.realised[place] = self.realised.get(place, 0) + fact.gained


@dataclass
class Parity:
    """Both, by account. ``differences``: of orders, and of fills, in their order; the first is where it began."""

    inputs: int = 0
    recorded: dict[str, Decided] = field(default_factory=dict)
    played: dict[str, Decided] = field(default_factory=dict)
    orders: list[Difference] = field(default_factory=list)
    fills: list[Difference] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether orders and fills are identical."""
        return not (self.orders or self.fills)

    @property
    def later_ns(self) -> list[int]:
        """By how much fills were booked later than on record, of those that are there on both sides; ns."""
        return [
            mine - theirs
            for account, decided in self.played.items()
            for mine, theirs in zip(decided.filled_at, self.recorded[account].filled_at, strict=False)
        ]


def parity(run: Path, *, config: Path | None = None, progress: Progress | None = None) -> Parity:
    """Play a recorded run again with played exchanges, and hold its orders and fills against the record.

    Raises `ConfigError` where an account trades on a chain, whose transactions no exchange can play, or has no desk;
    and what cannot be read: `JournalError`, `PluginError`, `CodecError`.
    """
    resolved, _, known = kept(run, config)
    for account in resolved.accounts:
        if account.address or not account.desks:
            raise ConfigError(
                f"[account.{account.name}] trades on a chain: sniper parity compares accounts that trade at exchanges "
                "alone; on chains, sniper replay --verify and sniper backtest --journal tell"
            )
    if known[0].first != 0:
        raise JournalError(f"{run / JOURNAL} was pruned: the market must be there from the beginning")
    register_events()
    inputs: list[Event] = []
    found = Parity()
    for account in resolved.accounts:
        found.recorded[account.name], found.played[account.name] = Decided(), Decided()
    for of, struct in _structs(run, progress):
        if isinstance(struct, Event):
            inputs.append(struct)
        elif isinstance(struct, f.Fact) and of in found.recorded:
            found.recorded[of].take(struct)
    kernel = Kernel(wire(resolved, signs=False))
    exchanges = {
        (account.name, venue): RecordedExchange(account.name, venue, recorded_of(account.name, venue, inputs))
        for account in resolved.accounts
        for venue in sorted(account.desks)
    }
    with uncollected():
        found.inputs = play(kernel, (each for each in inputs if not isinstance(each, OF_EXCHANGES)), exchanges)
        finish(kernel, exchanges, kernel.now + AFTER)
    for of, fact in kernel.facts:
        found.played[of].take(fact)
    for name in sorted(found.recorded):
        mine, theirs = found.played[name], found.recorded[name]
        found.orders += _differing(name, theirs.orders, mine.orders)
        found.fills += _differing(name, theirs.fills, mine.fills)
    return found


def _structs(run: Path, progress: Progress | None) -> Iterator[tuple[str, object]]:
    for frame in frames(run / JOURNAL, 0, progress):
        for record, struct in zip(frame.records, read_records(frame.first, frame.records), strict=True):
            if record.kind in (Kind.INPUT, Kind.FACT):
                yield record.stream, struct


def _differing(
    account: str, recorded: Sequence[Ordered | Traded], played: Sequence[Ordered | Traded]
) -> list[Difference]:
    pairs = zip_longest(recorded, played)
    return [Difference(account, number, a, b) for number, (a, b) in enumerate(pairs, 1) if a != b]
