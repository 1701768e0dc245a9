"""What strategy instances did in one run, as its journal says."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from sniper.codec import decode
from sniper.journal.cut import read_cut
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.runtime import records
from sniper.types import place_of

__all__ = ["Ordered", "Shown", "Track", "records"]  # `records` registers what facts are read as


class Ordered(NamedTuple):
    """An order that left, or would have. ``at``: ns UTC; ``side``: ``buy``, ``sell`` or ``arbitrage``; ``what``: the
    instrument, or the token and the coin that it is traded for. ``opens``: whether it is no pure reduction."""

    at: int
    order: str
    what: str
    side: str
    opens: bool


class Filled(msgspec.Struct):
    """So much of what an order traded came for so much: their ratio is its price, whatever the units are."""

    size: int = 0
    worth: int = 0


@dataclass
class Shown:
    """Of one instance.

    profits   By order, what it realised and when last, quote asset, base units. ``places``: where.
    other     (time, profit) of what is of no order: funding, and what an exchange closed itself.
    stage     As it stands at the newest; None: it has none.
    """

    orders: list[Ordered] = field(default_factory=list)
    fills: dict[str, Filled] = field(default_factory=dict)
    profits: dict[str, tuple[int, int]] = field(default_factory=dict)
    other: list[tuple[int, int]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    stage: f.StageMoved | None = None
    counts_from: int = 0

    def earned(self, since: int) -> list[tuple[int, int]]:
        """(time, profit) of each order and of everything else since then, ns, oldest first."""
        return sorted(each for each in (*self.profits.values(), *self.other) if each[0] >= since)

    def closed(self, since: int) -> int:
        """Orders that realised something since then."""
        return sum(at >= since for at, _ in self.profits.values())


class Track:
    """The journal of a run at ``data_dir``, of which the accounts' own records matter. `read` takes what is new.

    first, last  By account, ns UTC of its oldest and its newest record.
    """

    def __init__(self, data_dir: Path, accounts: Collection[str]) -> None:
        self.directory = data_dir / "journal"
        self._accounts = frozenset(accounts)
        self._reader: Reader | None = None
        self._shown: dict[tuple[str, str], Shown] = {}
        self._of: dict[tuple[str, str], str] = {}
        self._holds: dict[tuple[str, str], str] = {}
        self.first: dict[str, int] = {}
        self.last: dict[str, int] = {}

    def shown(self, account: str, instance: str) -> Shown:
        """What an instance did; nothing, where nothing is on record."""
        return self._shown.setdefault((account, instance), Shown())

    def read(self) -> None:
        """Take what is new. Nothing is there yet where no run has begun. Raises `JournalError` and `CodecError`."""
        if self._reader is None:
            if not any(self.directory.glob("*.seg")):
                return
            cut = read_cut(self.directory)
            self._reader = Reader(self.directory, cut.first if cut else 0)
        for frame in self._reader:
            for record in frame.records:
                if record.kind == Kind.FACT and record.stream in self._accounts:
                    fact = decode(record.data)
                    assert isinstance(fact, f.Fact)
                    self._take(record.stream, fact)

    def close(self) -> None:
        """Let go of the files."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _take(self, account: str, fact: f.Fact) -> None:
        self.first.setdefault(account, fact.time)
        self.last[account] = max(self.last.get(account, 0), fact.time)
        if isinstance(fact, f.ExchangeOrderPlaced):
            self._ordered(account, fact.instance, fact.order, fact.instrument.id, fact.new.side, fact.opens, fact.time)
        elif isinstance(fact, f.OrderPlaced) and fact.side != "transfer":
            side = {"increase": "buy", "reduce": "sell"}.get(fact.side, fact.side)
            what = f"{fact.token} {fact.quote}"
            self._ordered(account, fact.instance, fact.order, what, side, fact.side != "reduce", fact.time)
        elif isinstance(fact, f.ExchangeFilled):
            fill, instance = fact.fill, self._of.get((account, fact.order), "")
            if fact.cost * fact.amount > 0 or not fact.realised:
                self._holds[account, fill.instrument] = instance
            self._filled(account, instance, fact.order, fill.size, fill.size * fill.price)
            self._earned(account, instance, fact.order, place_of(fill.instrument), fact.realised, fact.time)
        elif isinstance(fact, f.Booked):
            instance, sign = self._of.get((account, fact.order), ""), -1 if fact.undo else 1
            if fact.amount and fact.cash:
                self._filled(account, instance, fact.order, sign * abs(fact.amount), sign * abs(fact.cash))
            self._earned(account, instance, fact.order, "", fact.realised, fact.time)
        elif isinstance(fact, f.ExchangeForced | f.Funded):
            self._unasked(account, fact)
        elif isinstance(fact, f.StageMoved):
            shown = self.shown(account, fact.instance)
            shown.stage = fact
            shown.counts_from = fact.time if fact.back else shown.counts_from

    def _ordered(self, account: str, instance: str, order: str, what: str, side: str, opens: bool, at: int) -> None:
        self._of[account, order] = instance
        self.shown(account, instance).orders.append(Ordered(at, order, what, side, opens))

    def _filled(self, account: str, instance: str, order: str, size: int, worth: int) -> None:
        filled = self.shown(account, instance).fills.setdefault(order, Filled())
        filled.size += size
        filled.worth += worth

    def _earned(self, account: str, instance: str, order: str, place: str, realised: int, at: int) -> None:
        if realised:
            shown = self.shown(account, instance)
            shown.profits[order] = (at, shown.profits.get(order, (0, 0))[1] + realised)
            shown.places.add(place)

    def _unasked(self, account: str, fact: f.ExchangeForced | f.Funded) -> None:
        if isinstance(fact, f.Funded):
            instrument, earned = fact.funding.instrument, fact.funding.amount
        else:
            instrument, earned = fact.instrument.id, fact.realised
        shown = self.shown(account, self._holds.get((account, instrument), ""))
        shown.other.append((fact.time, earned))
        shown.places.add(place_of(instrument))
