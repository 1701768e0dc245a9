"""How much stands before an order in the queue of its price, where only the sum of all is known.

An order joins behind all that is offered at its price. From then on:

- a trade at its price takes from those ahead first, as queues by time are served; what a trade takes beyond them, it
  takes from the order;
- what the level loses beside trades was withdrawn, ahead of the order or behind it: that is what the models tell apart;
- what comes, comes behind it.

The estimate, and that trades are taken off before the rest counts as withdrawn, is from Rigtorp, "Estimating order
queue position" (2013, rigtorp.se/2013/06/08/estimating-order-queue-position.html). The share that was ahead as
f(ahead) / (f(ahead) + f(behind)) is from "How do we estimate position of our order in order book?"
(quant.stackexchange.com/questions/3782); with f(x) = x it is Rigtorp's.
"""

from collections.abc import Callable
from typing import Final

Withdrawn = Callable[[int, int, int], int]
"""From lots ahead, lots behind, and how many of both were withdrawn: how many of those were ahead."""

UNSEEN: Final = 1 << 62
"""More lots than there are: the order stands at a price of which the book does not tell."""


def risk_averse(ahead: int, behind: int, gone: int) -> int:
    """All were behind, as far as so many are: nothing but trades moves the order on. The least that can be hoped for.

    >>> risk_averse(6, 4, 3), risk_averse(6, 4, 5)
    (0, 1)
    """
    return max(0, gone - behind)


def probabilistic(power: int) -> Withdrawn:
    """The expected number of them, with f(x) = xᵖᵒʷᵉʳ, rounded down, against the order: no chance is drawn. 1: each lot
    is as likely to be withdrawn as any other; the more, the more it is the larger part of the queue that loses.

    >>> probabilistic(1)(6, 4, 5), probabilistic(3)(6, 4, 5)
    (3, 3)
    """

    def withdrawn(ahead: int, behind: int, gone: int) -> int:
        front, back = ahead**power, behind**power
        share = gone * front // (front + back) if front else 0
        return min(ahead, max(share, gone - behind))

    return withdrawn


class Place:
    """Where an order stands. ``ahead``: lots. ``traded``: lots that trades took at its price, of which the book has not
    told yet."""

    __slots__ = ("ahead", "traded")

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self.traded = 0

    def trade(self, size: int) -> int:
        """A trade of ``size`` lots at its price. How many of them reach the order."""
        self.traded += size
        reached = max(0, size - self.ahead)
        self.ahead = max(0, self.ahead - size)
        return reached

    def level(self, before: int | None, now: int, withdrawn: Withdrawn) -> None:
        """Its level has ``now`` lots, and had ``before``; None: that was not told."""
        if before is not None and self.ahead <= before:
            left = max(0, before - self.traded)
            gone = left - now
            if gone > 0:
                self.ahead -= withdrawn(min(self.ahead, left), max(0, left - self.ahead), gone)
        self.traded = 0
        self.ahead = min(self.ahead, now)
