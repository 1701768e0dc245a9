"""Liquidity between two ticks: how much a pair of amounts makes, what it is worth in coins, and the fees it earns.

Sources: Uniswap v3 whitepaper, 6.29 and 6.30 (amounts), 6.3 and 6.4 (fees per unit of liquidity within a range);
``LiquidityAmounts`` of v3-periphery 1.4.4, ``UniswapV3Pool._modifyPosition`` and ``swap`` of v3-core 1.0.1. Prices are
square roots as Q64.96, amounts are base units.
"""

from collections.abc import Iterator
from math import isqrt
from typing import Final

from sniper_amm_uniswap_v3.step import ONE, amount0, amount1
from sniper_amm_uniswap_v3.tick import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    Ticks,
    next_initialised,
    next_stop,
    sqrt_ratio_at_tick,
)

Q96: Final = 2**96
Q128: Final = 2**128

Earning = tuple[str, int, int, int, int, int]
"""Whose fees are followed: its name, lower and upper tick, liquidity that is not in the pool and is counted as if it
were, and since then the growth of the fees in coin 0 and coin 1 per unit of liquidity, as Q128."""


def liquidity_for(price: int, lower: int, upper: int, most0: int, most1: int) -> int:
    """``LiquidityAmounts.getLiquidityForAmounts``: the most that no more than these amounts make, rounded down.

    The contract reverts where one of the two amounts alone would make 2**128 or more: give it those of `amounts_for`.
    """
    low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    if price <= low:
        return _for_amount0(low, high, most0)
    if price < high:
        return min(_for_amount0(price, high, most0), _for_amount1(low, price, most1))
    return _for_amount1(low, high, most1)


def amounts_for(price: int, tick: int, lower: int, upper: int, liquidity: int, *, up: bool) -> tuple[int, int]:
    """``UniswapV3Pool._modifyPosition``: what so much liquidity takes (``up``) or gives, rounded against its owner."""
    low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    if tick < lower:
        return amount0(low, high, liquidity, up=up), 0
    if tick < upper:
        return amount0(price, high, liquidity, up=up), amount1(low, price, liquidity, up=up)
    return 0, amount1(low, high, liquidity, up=up)


def least_taken(price: int, lower: int, upper: int, most0: int, most1: int, slippage_bps: int) -> tuple[int, int]:
    """The least of each coin that a mint of these amounts takes while the price stays within ``slippage_bps``: the less
    of coin 0, the higher it is, and of coin 1, the lower."""
    below, above = _moved(price, slippage_bps)
    return (
        _within(above, lower, upper, liquidity_for(above, lower, upper, most0, most1))[0],
        _within(below, lower, upper, liquidity_for(below, lower, upper, most0, most1))[1],
    )


def least_given(price: int, lower: int, upper: int, liquidity: int, slippage_bps: int) -> tuple[int, int]:
    """The same of what so much liquidity gives."""
    below, above = _moved(price, slippage_bps)
    return _within(above, lower, upper, liquidity)[0], _within(below, lower, upper, liquidity)[1]


def _moved(price: int, bps: int) -> tuple[int, int]:
    """Square roots of the prices that lie so much below and above one."""
    square = price * price
    below, above = (isqrt(square * (10_000 + move) // 10_000) for move in (-min(bps, 10_000), bps))
    return max(below, MIN_SQRT_RATIO), min(above, MAX_SQRT_RATIO)


def _within(price: int, lower: int, upper: int, liquidity: int) -> tuple[int, int]:
    """What liquidity gives at a price on whichever side of it, rounded down."""
    low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    price = min(max(price, low), high)
    return amount0(price, high, liquidity, up=False), amount1(low, price, liquidity, up=False)


def _for_amount0(low: int, high: int, amount: int) -> int:
    return amount * (low * high // Q96) // (high - low)


def _for_amount1(low: int, high: int, amount: int) -> int:
    return (amount << 96) // (high - low)


def fees_of_swap(
    paid: int,
    *,
    price: int,
    tick: int,
    liquidity: int,
    ticks: Ticks,
    spacing: int,
    fee: int,
    after: int,
    bounds: tuple[int, ...] = (),
) -> Iterator[tuple[int, int, int]]:
    """The fees of a swap that is in a block, step by step as the contract took them: tick and liquidity of the step,
    and its fee, base units of the coin that was paid.

    paid    All that was paid, its fees included. ``after``: the price that it left; it went down where that is lower.
    bounds  Ticks at which steps end, too, though the pool does not know them.

    What a step up to its target takes is its amount and the fee on that, rounded up; the last one keeps what is left
    (``SwapMath.computeSwapStep``), whether the swap was for an exact input or an exact output. Where the price did not
    move, one step has it all.
    """
    downwards = after < price
    while True:
        stop, net = _stop(ticks, tick, spacing, liquidity, bounds, downwards=downwards)
        target = sqrt_ratio_at_tick(stop) if stop is not None else after
        short = target < after if downwards else target > after
        if stop is None or short or price == after:
            yield tick, liquidity, max(0, paid - _taken(price, after, liquidity, downwards))
            return
        needed = _taken(price, target, liquidity, downwards)
        kept = min(-(-needed * fee // (ONE - fee)), paid - needed)
        yield tick, liquidity, kept
        paid -= needed + kept
        if paid <= 0:
            return
        price, tick, liquidity = target, stop - downwards, liquidity + (-net if downwards else net)


def _stop(
    ticks: Ticks, tick: int, spacing: int, liquidity: int, bounds: tuple[int, ...], *, downwards: bool
) -> tuple[int | None, int]:
    """Where the step ends, None where no tick is left, and the net liquidity there."""
    if liquidity:
        stop, net = next_stop(ticks, tick, spacing, downwards)
    elif (found := next_initialised(ticks, tick, downwards)) is not None:
        stop, net = found
    else:
        return None, 0
    between = [each for each in bounds if (stop < each <= tick if downwards else tick < each < stop)]
    if between:
        return (max(between), 0) if downwards else (min(between), 0)
    return stop, net


def _taken(price: int, after: int, liquidity: int, downwards: bool) -> int:
    if downwards:
        return amount0(after, price, liquidity, up=True)
    return amount1(price, after, liquidity, up=True)
