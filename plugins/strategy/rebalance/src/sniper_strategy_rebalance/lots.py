"""Tax lots: what was bought when and for how much, and how much of it can be sold before tax makes that too dear."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from sniper.plugin import Frozen
from sniper.types import BPS, SECOND

Method = Literal["fifo", "lifo", "hifo"]
DAY: Final = 86_400 * SECOND


class Lot(Frozen, kw_only=False):
    """What was bought on one day. ``bought``: ns UTC, the first of it; ``amount``: base units; ``cost``: quote base
    units, fees included."""

    bought: int
    amount: int
    cost: int


class Tax(NamedTuple):
    """``method``: which lots a sale takes first. ``bps``: of a gain; ``long_bps``: of one of a lot that was held for at
    least ``long_after`` ns."""

    method: Method
    bps: int
    long_bps: int
    long_after: int

    def rate(self, lot: Lot, now: int) -> Fraction:
        return Fraction(self.long_bps if now - lot.bought >= self.long_after else self.bps, BPS)

    def order(self, lots: Iterable[Lot]) -> list[Lot]:
        """In which a sale takes them; of lots at one price the oldest first."""
        if self.method == "hifo":
            return sorted(lots, key=lambda lot: (-Fraction(lot.cost, lot.amount), lot.bought))
        return sorted(lots, key=lambda lot: lot.bought, reverse=self.method == "lifo")


def followed(lots: Sequence[Lot], before: int, amount: int, cost: int, now: int, tax: Tax) -> list[Lot]:
    """The lots, the oldest first, of a position that holds ``amount`` and cost ``cost`` by now, and ``before`` last."""
    more, paid = amount - sum(lot.amount for lot in lots), max(0, cost - before)
    if not more:
        return list(lots)
    if more > 0 and lots and lots[-1].bought // DAY == now // DAY:
        newest = lots[-1]
        return [*lots[:-1], Lot(newest.bought, newest.amount + more, newest.cost + paid)]
    if more > 0:
        return [*lots, Lot(now, more, paid)]
    left = []
    for lot in tax.order(lots):
        gone = min(lot.amount, -more)
        more += gone
        if lot.amount > gone:
            left.append(Lot(lot.bought, lot.amount - gone, lot.cost - lot.cost * gone // lot.amount))
    return sorted(left, key=lambda lot: lot.bought)


def sellable(lots: Sequence[Lot], wanted: int, price: Fraction, most: Fraction, now: int, tax: Tax) -> int:
    """The most of ``wanted`` base units whose sale owes no more tax than ``most`` of what it brings; losses of a sale
    make up for its gains. What is of no lot is sold last, and counts as without gain.

    price  What a base unit brings, quote base units.
    """
    slack, sold, best = Fraction(0), 0, 0
    rest = max(0, wanted - sum(lot.amount for lot in lots))
    pieces = [(lot.amount, tax.rate(lot, now) * (price - Fraction(lot.cost, lot.amount))) for lot in tax.order(lots)]
    for held, owed in [*pieces, (rest, Fraction(0))]:
        size = min(held, wanted - sold)
        change = most * price - owed
        if slack + change * size >= 0:
            best = sold + size
        elif slack > 0:
            best = sold + int(slack / -change)
        slack, sold = slack + change * size, sold + size
    return best
