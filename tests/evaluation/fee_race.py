"""Orders that bid as the kernel has them bid, against a series of blocks: which are in one in time, and what they pay.

The kernel bids once, waits, and outbids by an eighth at least, urgently; so does this.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from fee_series import GWEI, Mined

from sniper.fee import FeeEstimator

REPLACE_AFTER: Final = 3
"""Blocks, as ``replace_after_blocks`` of an account is by default."""


class Order(NamedTuple):
    """``head``: index of the block after which it was made. ``paid``: wei per gas, None where it was not included in
    time; ``overpaid``: that less the least that any of its blocks would have taken."""

    head: int
    paid: int | None
    overpaid: int | None


def race(make: Callable[[], FeeEstimator], series: Sequence[Mined], within: int, first: int) -> list[Order]:
    """One order after each block from ``first`` on, each with ``within`` blocks of time. The estimator sees all."""
    estimator, found = make(), []
    open_: list[tuple[int, int, int, int]] = []  # head, block of the newest bid, its tip, its maximum
    for n, mined in enumerate(series):
        fee, needed, waiting = mined.block.base_fee, mined.needed, []
        for head, made, tip, most in open_:
            if most >= fee and min(tip, most - fee) >= needed:
                least = min(m.block.base_fee + m.needed for m in series[head + 1 : head + 1 + within])
                paid = fee + min(tip, most - fee)
                found.append(Order(head, paid, paid - least))
            elif n - head >= within:
                found.append(Order(head, None, None))
            else:
                waiting.append((head, made, tip, most))
        estimator.block(mined.block)
        if n + 1 < len(series) and (pool := series[n + 1].pool) is not None:
            estimator.pending(pool)
        open_ = []
        for head, made, tip, most in waiting:
            if n - made >= REPLACE_AFTER:
                bid = estimator.bid(urgent=True, blocks_waited=n - made)
                tip, most = max(bid.max_priority_fee, _bumped(tip)), max(bid.max_fee, _bumped(most))
                made = n
            open_.append((head, made, tip, most))
        if first <= n < len(series) - within:
            bid = estimator.bid(urgent=False, blocks_waited=0)
            open_.append((n, n, bid.max_priority_fee, bid.max_fee))
    return sorted(found)


def included(orders: Sequence[Order]) -> float:
    """Share of the orders that were in a block in time."""
    return sum(order.paid is not None for order in orders) / len(orders)


def overpaid(orders: Sequence[Order]) -> float:
    """Mean of those that were, gwei per gas."""
    paid = [order.overpaid for order in orders if order.overpaid is not None]
    return sum(paid) / len(paid) / GWEI if paid else float("nan")


def _bumped(fee: int) -> int:
    return fee * 1125 // 1000 + 1
