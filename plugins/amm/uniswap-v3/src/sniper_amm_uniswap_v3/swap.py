"""A whole swap: ``UniswapV3Pool.swap`` of v3-core 1.0.1 without its price limit, on a copy of the state."""

from sniper_amm_uniswap_v3.step import step_in, step_out
from sniper_amm_uniswap_v3.tick import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    Ticks,
    next_initialised,
    next_stop,
    sqrt_ratio_at_tick,
)


def swap(
    amount: int,
    *,
    price: int,
    tick: int,
    liquidity: int,
    ticks: Ticks,
    spacing: int,
    fee: int,
    downwards: bool,
    exact_in: bool,
    words: bool = True,
) -> tuple[int, int]:
    """What is paid and received, base units, for an exact ``amount`` of the one or the other.

    ``words``: whether steps also end at the edges of the words of a tick bitmap, as they do there.

    A pool that runs out fills what it can, as the contract does: the fixed side is then less than ``amount``.
    """
    limit = MIN_SQRT_RATIO + 1 if downwards else MAX_SQRT_RATIO - 1
    step = step_in if exact_in else step_out
    paid = received = 0
    remaining = amount
    while remaining and price != limit:
        if liquidity and words:
            stop, net = next_stop(ticks, tick, spacing, downwards)
        elif (found := next_initialised(ticks, tick, downwards)) is not None:
            stop, net = found  # without liquidity nothing is paid, so nothing is rounded on the way
        else:
            break
        stop_price = sqrt_ratio_at_tick(stop)
        target = max(stop_price, limit) if downwards else min(stop_price, limit)
        price, step_paid, step_received = step(price, target, liquidity, remaining, fee)
        paid += step_paid
        received += step_received
        remaining -= step_paid if exact_in else step_received
        if price == stop_price:
            liquidity += -net if downwards else net
            tick = stop - 1 if downwards else stop
    return paid, received
