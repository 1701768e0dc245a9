"""One step of a swap, within constant liquidity: SqrtPriceMath and SwapMath of Uniswap v3-core 1.0.1, bit for bit.

Prices are square roots as Q64.96, amounts are base units, fees are parts of a million. Coin 0 is paid for upwards in
price and received downwards.
"""

from typing import Final

ONE: Final = 1_000_000
_WORD: Final = 2**256


def amount0(low: int, high: int, liquidity: int, *, up: bool) -> int:
    """``SqrtPriceMath.getAmount0Delta`` between two prices, ``low <= high``; ``up`` rounds against the trader."""
    numerator = (liquidity << 96) * (high - low)
    return -(-numerator // high // low) if up else numerator // high // low


def amount1(low: int, high: int, liquidity: int, *, up: bool) -> int:
    """``SqrtPriceMath.getAmount1Delta`` between two prices, ``low <= high``."""
    product = liquidity * (high - low)
    return -(-product >> 96) if up else product >> 96


def price_after_input(price: int, liquidity: int, amount: int, downwards: bool) -> int:
    """``SqrtPriceMath.getNextSqrtPriceFromInput``."""
    if not downwards:
        return price + (amount << 96) // liquidity
    numerator = liquidity << 96
    denominator = numerator + amount * price
    if denominator < _WORD:
        return -(-numerator * price // denominator)
    return -(-numerator // (numerator // price + amount))


def price_after_output(price: int, liquidity: int, amount: int, downwards: bool) -> int:
    """``SqrtPriceMath.getNextSqrtPriceFromOutput``, for less than the step has: the contract's requires always hold."""
    if downwards:
        return price - -(-(amount << 96) // liquidity)
    numerator = liquidity << 96
    return -(-numerator * price // (numerator - amount * price))


def step_in(price: int, target: int, liquidity: int, remaining: int, fee: int) -> tuple[int, int, int]:
    """``SwapMath.computeSwapStep`` for an exact input: price after, paid (fee included), received.

    A step that stops short of its target keeps all that remains: what rounding left over counts as fee.
    """
    after_fee = remaining * (ONE - fee) // ONE
    if price >= target:
        needed = amount0(target, price, liquidity, up=True)
        if after_fee < needed:
            after = price_after_input(price, liquidity, after_fee, True)
            return after, remaining, amount1(after, price, liquidity, up=False)
        return target, needed + _fee_on(needed, fee), amount1(target, price, liquidity, up=False)
    needed = amount1(price, target, liquidity, up=True)
    if after_fee < needed:
        after = price_after_input(price, liquidity, after_fee, False)
        return after, remaining, amount0(price, after, liquidity, up=False)
    return target, needed + _fee_on(needed, fee), amount0(price, target, liquidity, up=False)


def step_out(price: int, target: int, liquidity: int, remaining: int, fee: int) -> tuple[int, int, int]:
    """``SwapMath.computeSwapStep`` for an exact output: price after, paid (fee included), received."""
    if price >= target:
        reached = remaining >= amount1(target, price, liquidity, up=False)
        after = target if reached else price_after_output(price, liquidity, remaining, True)
        needed, received = amount0(after, price, liquidity, up=True), amount1(after, price, liquidity, up=False)
    else:
        reached = remaining >= amount0(price, target, liquidity, up=False)
        after = target if reached else price_after_output(price, liquidity, remaining, False)
        needed, received = amount1(price, after, liquidity, up=True), amount0(price, after, liquidity, up=False)
    return after, needed + _fee_on(needed, fee), min(received, remaining)


def _fee_on(amount: int, fee: int) -> int:
    return -(-amount * fee // (ONE - fee))
