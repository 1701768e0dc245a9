"""What a fill does to a position: average cost, for positions above and below zero, exact to the last unit.

Of a contract nothing changes hands: what it cost is what it was worth when it was opened, and only profit, loss and
fees move cash.
"""

from typing import NamedTuple

from sniper.exchange_orders import Fill
from sniper.instrument import Instrument


class Change(NamedTuple):
    """What one fill moves, base units.

    amount    Of the position. ``cash``: of the quote asset.
    cost      Of what the position cost; of one below zero, that is what it brought, negative. ``realised``: profit.

    Always ``cash == realised - cost``; of a contract, ``cash == realised``.
    """

    amount: int
    cash: int
    cost: int
    realised: int


def change_of(instrument: Instrument, fill: Fill, held: int, cost: int) -> Change:
    """What ``fill`` does to a position of ``held`` base units that cost ``cost``.

    A fee in the base or the quote asset is part of the trade; one in another asset is not counted here. Of a contract
    it is a loss at once.
    """
    sign = 1 if fill.side == "buy" else -1
    amount = sign * fill.size * instrument.lot
    if instrument.linear:
        change = traded(held, cost, amount, -sign * fill.value)
        gained = change.realised - (fill.fee if fill.fee_asset == instrument.quote else 0)
        return Change(amount, gained, change.cost, gained)
    amount -= fill.fee if fill.fee_asset == instrument.base else 0
    cash = -sign * fill.value - (fill.fee if fill.fee_asset == instrument.quote else 0)
    return traded(held, cost, amount, cash)


def traded(held: int, cost: int, amount: int, cash: int) -> Change:
    """``amount`` for ``cash``, both signed. What reduces the position takes with it its share of the cost, rounded
    down; the remainder goes with the last of it. What is beyond zero opens anew, with the rest of the cash."""
    if not amount or not held or (amount > 0) == (held > 0):
        return Change(amount, cash, -cash, 0)
    closing = min(abs(amount), abs(held))
    got = cash if closing == abs(amount) else cash * closing // abs(amount)
    released = cost if closing == abs(held) else cost * closing // abs(held)
    return Change(amount, cash, -released - (cash - got), got - released)
