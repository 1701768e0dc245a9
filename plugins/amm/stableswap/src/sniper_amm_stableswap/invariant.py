"""The stableswap invariant in integers, as Curve's contracts iterate and round (Egorov, "StableSwap", 2019).

Balances ``xp`` are in 18 decimals, rates applied. ``ann`` is A·n in ``precision`` parts (1 or 100): the paper's A·n^n.
An overflow of 256 bits, a division by zero and an iteration without end are the contract's reverts: `NoLiquidity`.
"""

from collections.abc import Sequence
from math import isqrt, prod
from typing import Final

from sniper.amm import Fraction, NoLiquidity

MOST: Final = 2**256 - 1
_ROUNDS: Final = 255


def fits(value: int) -> int:
    """``value`` itself; raises `NoLiquidity` where no uint256 holds it."""
    if not 0 <= value <= MOST:
        raise NoLiquidity("an intermediate result of the pool does not fit into 256 bits: it reverts")
    return value


def invariant(xp: Sequence[int], ann: int, precision: int, *, divide_last: bool) -> int:
    """``get_D``; 0 for an empty pool. ``divide_last``: the product is divided by n^n at its end, as in NG and in the
    factories' optimised pools, instead of by n at every coin. They seldom differ, and then by a unit."""
    n, total = len(xp), sum(xp)
    if not total:
        return 0
    if not all(xp):
        raise NoLiquidity("a coin of the pool is used up: it divides by zero")
    d = total
    for _ in range(_ROUNDS):
        product = d
        for x in xp:
            product = fits(product * d) // (x if divide_last else x * n)
        if divide_last:
            product //= n**n
        before = d
        numerator = fits((ann * total // precision + product * n) * d)
        d = numerator // fits((ann - precision) * d // precision + (n + 1) * product)
        if -1 <= d - before <= 1:
            return d
    raise NoLiquidity("the pool's invariant does not converge: it reverts")


def solve(others: Sequence[int], d: int, ann: int, precision: int) -> int:
    """``get_y`` and ``get_y_D``: the balance that the invariant ``d`` asks of a coin beside those of all others, in
    their order.

    The contract iterates y := (y² + c) // (2y + b) from ``d`` until y moves by at most 1. With f(y) = y² + b·y - c
    and m the greatest integer where f(m) <= 0, that ends at m where d > m and f(m + 1) > 1: f is convex, so that no
    step from above m leads below it; one from y >= m + 3 would end it only where f(y - 1) <= 1, which is not so; those
    from m + 2, m + 1 and m lead to m, for more than m needs f(m + 1) <= 1 there. Each step halves the distance at
    least, so that 255 are enough, and no square exceeds d². So m is taken at once, from the root of f. Where the two
    conditions do not hold, which takes a pool of a handful of units, or a step might overflow, it is iterated.
    """
    n, c, total = len(others) + 1, d, 0
    for other in others:
        total += other
        c *= d
        if c > MOST or not other:
            raise NoLiquidity("a coin of the pool is too scarce for its arithmetic: it reverts")
        c //= other * n
    c *= d * precision
    if c > MOST:
        fits(c)
    c //= ann * n
    b = total + d * precision // ann - d
    y = (isqrt(b * b + 4 * c) - b) >> 1
    if y < d and c - y * (y + b) < 2 * y + b and d * d + c <= MOST:  # the second is f(y + 1) > 1
        return y
    return _iterated(b, c, d)


def _iterated(b: int, c: int, y: int) -> int:
    for _ in range(_ROUNDS):
        before = y
        numerator, denominator = y * y + c, 2 * y + b
        if numerator > MOST or denominator <= 0:
            raise NoLiquidity("an intermediate result of the pool does not fit into 256 bits: it reverts")
        y = numerator // denominator
        if -1 <= y - before <= 1:
            return y
    raise NoLiquidity("the pool's balance does not converge: it reverts")


def slope(xp: Sequence[int], i: int, j: int, d: int, ann: int, precision: int) -> Fraction:
    """Coin j per coin i at the margin, in 18 decimals, before the fee.

    With P = D^(n+1) / (n^n ∏x) the invariant's derivative by x_k is A·n + P/x_k, so that the price is
    (A·n + P/x_i) / (A·n + P/x_j).
    """
    n = len(xp)
    weight, rest = ann * prod(xp) * n**n, d ** (n + 1) * precision
    return Fraction(xp[j] * (weight * xp[i] + rest), xp[i] * (weight * xp[j] + rest))
