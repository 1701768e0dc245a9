"""Order books of ccxt, as what changed in them since the last look."""

from collections.abc import Iterable, Mapping
from typing import Any

from sniper.events import BookChanged
from sniper.instrument import Instrument, from_decimal

Levels = tuple[tuple[int, int], ...]


class Book:
    """One book, of which ``levels`` of each side are told. What comes into them or leaves them has changed.

    What is told is numbered, so that whoever takes it sees where a part of it was lost. The exchange's own numbers and
    checksums are ccxt's to verify: it raises where one is wrong.
    """

    def __init__(self, instrument: Instrument, levels: int) -> None:
        self.instrument = instrument
        self.levels = levels
        self._bids = _Half(instrument, levels, up=False)
        self._asks = _Half(instrument, levels, up=True)
        self._number = 0

    def changed(self, book: Mapping[str, Any], now: int) -> BookChanged | None:
        """What changed until ``now``, ns UTC; at first the whole book; None: nothing of it. Any: ccxt's structure."""
        bids, asks = self._bids.changed(book["bids"]), self._asks.changed(book["asks"])
        whole = not self._number
        if not (bids or asks or whole):
            return None
        self._number += 1
        return BookChanged(
            time=now,
            instrument=self.instrument.id,
            bids=bids,
            asks=asks,
            first=self._number,
            last=self._number,
            whole=whole,
        )


class _Half:
    """``up``: whether a price between two ticks, left over from other rules, counts as the higher one: as the worse
    one for who takes it."""

    def __init__(self, instrument: Instrument, levels: int, *, up: bool) -> None:
        self._instrument = instrument
        self._levels = levels
        self._up = up
        self._known: dict[Any, Any] = {}
        """The exchange's sizes by its prices; Any: its numbers."""
        self._lots: dict[int, int] = {}

    def changed(self, side: Iterable[Any]) -> Levels:
        known, new = self._known, dict[Any, Any]()
        for level in side:
            if len(new) == self._levels and level[0] not in new:
                break
            # Some exchanges tell each order, so that a price comes several times.
            new[level[0]] = new[level[0]] + level[1] if level[0] in new else level[1]
        changed: dict[int, int] = {}
        for price in [*(price for price in new if known.get(price) != new[price]), *(known.keys() - new.keys())]:
            tick = self._tick(price)
            changed.setdefault(tick, self._lots.get(tick, 0))
            changed[tick] += self._size(new.get(price, 0)) - self._size(known.get(price, 0))
        self._known = new
        told = tuple((tick, lots) for tick, lots in changed.items() if lots != self._lots.get(tick, 0))
        for tick, lots in told:
            if lots:
                self._lots[tick] = lots
            else:
                del self._lots[tick]
        return told

    def _tick(self, price: Any) -> int:
        amount, tick = from_decimal(str(price)), self._instrument.tick
        return -(-amount // tick) if self._up else amount // tick

    def _size(self, size: Any) -> int:
        return from_decimal(str(size)) // self._instrument.lot_size if size else 0
