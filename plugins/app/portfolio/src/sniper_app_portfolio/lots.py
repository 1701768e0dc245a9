"""Tax lots: what each sale gained by what its coins had cost, exact to the last base unit.

What is sold is taken out of the lots in the order of a method: the oldest first (FIFO), the newest first (LIFO), or the
dearest first (HIFO), lots of one price the oldest first. Below zero it is the other way round: what is sold short is a
lot, and buying it back closes it; HIFO then closes what brought least. A part of a lot takes with it its share of the
cost, rounded down, and of the cash of a sale likewise; the remainders go with the last of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

Method = Literal["fifo", "lifo", "hifo"]
Kind = Literal["fill", "dust", "costs", "funding", "adjusted", "replaced"]


class Movement(NamedTuple):
    """One change of what is held, or what was earned or paid beside it.

    kind      ``adjusted``: it came or left without a trade; ``replaced``: this is all that there is from now on, as the
              exchange says of a contract.
    asset     Asset id; of a contract, the instrument's own. ``currency``: the asset id in which it is counted.
    instance  The strategy instance for which it counts. ``order``: id, empty: none; ``id``: of the fill.
    amount    Base units, signed. ``cash``: base units of the currency, signed, fees in it; of a contract, the notional
              less fees. ``realised``: what the books of sniper realised, at average cost.
    """

    kind: Kind
    time: int
    account: str
    asset: str
    currency: str
    instrument: str
    instance: str
    amount: int
    cash: int
    realised: int
    order: str = ""
    id: str = ""


@dataclass
class Lot:
    """What is held of one purchase. ``amount``: base units, below zero where it was sold short; ``cost``: likewise."""

    time: int
    amount: int
    cost: int
    id: str


class Gain(NamedTuple):
    """A part of a lot that is gone. ``acquired``: ns UTC, 0 where it is of no lot.

    kind      ``fill``: it was sold, or bought back; ``dust``: it is too small to be sold, and counts as lost;
              ``costs`` and ``funding``: it is of no lot; ``adjusted``: it left without a sale, which gains nothing.
    proceeds  What it brought, fees deducted; ``cost``: what it had cost, fees included; ``gain``: the difference.
    """

    kind: Kind
    account: str
    asset: str
    currency: str
    instance: str
    acquired: int
    disposed: int
    amount: int
    proceeds: int
    cost: int
    gain: int
    order: str
    id: str


class Lots:
    """Of one asset in one account.

    amount   What is held, base units; ``open``: of which purchases, the oldest first.
    carried  Costs that came before any lot, and belong to the next one.
    """

    def __init__(self, method: Method) -> None:
        self.method = method
        self.open: list[Lot] = []
        self.gains: list[Gain] = []
        self.amount = 0
        self.carried = 0

    @property
    def cost(self) -> int:
        """What it cost, and what is carried."""
        return sum(lot.cost for lot in self.open) + self.carried

    def take(self, each: Movement) -> None:
        """The next movement, in the order of the record."""
        if each.kind == "fill" and each.amount:
            self._traded(each)
        elif each.kind == "dust":
            self._close(each, abs(self.amount), 0)
        elif each.kind == "adjusted":
            self._adjusted(each)
        elif each.kind == "replaced":
            self.open, self.amount, self.carried = [], 0, 0
            if each.amount:
                self._add(each, each.amount, -each.cash)
        else:
            self._beside(each)

    def _traded(self, each: Movement) -> None:
        held = self.amount
        if not held or (held > 0) == (each.amount > 0):
            self._add(each, each.amount, -each.cash)
            return
        closing = min(abs(each.amount), abs(held))
        cash = each.cash if closing == abs(each.amount) else each.cash * closing // abs(each.amount)
        self._close(each, closing, cash)
        if closing < abs(each.amount):
            self._add(each, each.amount + held, cash - each.cash)

    def _adjusted(self, each: Movement) -> None:
        """What came in has cost nothing that is known; what left takes its cost with it."""
        held = self.amount
        if not held or (held > 0) == (each.amount > 0):
            self._add(each, each.amount, 0)
            return
        for lot, part, cost in self._released(min(abs(each.amount), abs(held))):
            worth = cost if lot.amount > 0 else -cost
            self.gains.append(_gain(each, lot.time, part, worth, worth))
        if abs(each.amount) > abs(held):
            self._add(each, each.amount + held, 0)

    def _beside(self, each: Movement) -> None:
        """What a position cost beside its purchases, such as gas, is part of what its newest lot cost; what is realised
        at once is of no lot."""
        put = each.realised - each.cash
        if self.open:
            self.open[-1].cost += put
        else:
            self.carried += put
        if each.realised:
            paid = (each.realised, 0) if each.realised > 0 else (0, -each.realised)
            self.gains.append(_gain(each, 0, 0, *paid))

    def _add(self, each: Movement, amount: int, cost: int) -> None:
        self.open.append(Lot(each.time, amount, cost + self.carried, each.id))
        self.amount += amount
        self.carried = 0

    def _close(self, each: Movement, amount: int, cash: int) -> None:
        """Lots of so many base units are gone for ``cash``."""
        for lot, part, cost in self._released(amount):
            got = cash if part == amount else cash * part // amount
            amount, cash = amount - part, cash - got
            # what was sold short brought its cost, which is below zero; to buy it back is what it costs
            paid = (got, cost) if lot.amount > 0 else (-cost, -got)
            self.gains.append(_gain(each, lot.time, part, *paid))

    def _released(self, amount: int) -> Iterable[tuple[Lot, int, int]]:
        """(lot as it was, base units of it, its share of the cost) until ``amount`` base units are taken."""
        while amount:
            at = self._next()
            lot = self.open[at]
            part = min(amount, abs(lot.amount))
            cost = lot.cost if part == abs(lot.amount) else lot.cost * part // abs(lot.amount)
            before = Lot(lot.time, lot.amount, lot.cost, lot.id)
            signed = part if lot.amount > 0 else -part
            lot.amount, lot.cost, self.amount = lot.amount - signed, lot.cost - cost, self.amount - signed
            if not lot.amount:
                del self.open[at]
            amount -= part
            yield before, part, cost

    def _next(self) -> int:
        """Which lot is taken first."""
        if self.method == "fifo":
            return 0
        if self.method == "lifo":
            return len(self.open) - 1
        return max(range(len(self.open)), key=lambda n: (Fraction(self.open[n].cost, abs(self.open[n].amount)), -n))


def lots_of(movements: Iterable[Movement], method: Method) -> dict[tuple[str, str, str], Lots]:
    """By account, asset and currency; a lot is never used for another account's sale."""
    found: dict[tuple[str, str, str], Lots] = {}
    for each in movements:
        key = each.account, each.asset, each.currency
        if key not in found:
            found[key] = Lots(method)
        found[key].take(each)
    return found


def _gain(each: Movement, acquired: int, amount: int, proceeds: int, cost: int) -> Gain:
    return Gain(
        kind=each.kind,
        account=each.account,
        asset=each.asset,
        currency=each.currency,
        instance=each.instance,
        acquired=acquired,
        disposed=each.time,
        amount=amount,
        proceeds=proceeds,
        cost=cost,
        gain=proceeds - cost,
        order=each.order,
        id=each.id,
    )
