"""The stableswap invariant as Balancer iterates and rounds it: ``StableMath`` (pool-stable) of Balancer V2.

Balances ``xp`` are scaled to 18 decimals, rates applied, without the pool's own share. ``amplifier`` is A·n^(n-1) of
Egorov's paper ("StableSwap", 2019) in parts of `AMP_PRECISION`. What the contract reverts on is `NoLiquidity`, with the
number of its error (``BalancerErrors.sol``).
"""

from collections.abc import Sequence
from math import prod
from typing import Final

from sniper.amm import Fraction, NoLiquidity

AMP_PRECISION: Final = 1000
_MOST: Final = 2**256 - 1
_ROUNDS: Final = 255


def fits(value: int) -> int:
    """``value`` itself; raises `NoLiquidity` where no uint256 holds it."""
    if not 0 <= value <= _MOST:
        raise NoLiquidity("an intermediate result of the pool does not fit into 256 bits (BAL#000, BAL#001, BAL#003)")
    return value


def invariant(xp: Sequence[int], amplifier: int) -> int:
    """``_calculateInvariant``, always rounded down; 0 for an empty pool."""
    n, total = len(xp), sum(xp)
    if not total:
        return 0
    if not all(xp):
        raise NoLiquidity("a coin of the pool is used up: it divides by zero (BAL#004)")
    ann = amplifier * n
    d = total
    for _ in range(_ROUNDS):
        product = d
        for x in xp:
            product = fits(product * d) // (x * n)
        before = d
        numerator = fits((ann * total // AMP_PRECISION + product * n) * d)
        d = numerator // ((ann - AMP_PRECISION) * d // AMP_PRECISION + (n + 1) * product)
        if -1 <= d - before <= 1:
            return d
    raise NoLiquidity("the pool's invariant does not converge (BAL#321)")


def balance_at(xp: Sequence[int], j: int, d: int, amplifier: int) -> int:
    """``_getTokenBalanceGivenInvariantAndAllOtherBalances``, rounded up: balance j at which the invariant is ``d`` when
    the others are those of ``xp``. The contract also divides by balance j and multiplies with it again, and rounds."""
    n, ann = len(xp), amplifier * len(xp)
    product = xp[0] * n
    for x in xp[1:]:
        product = fits(fits(product * x) * n) // d
    if not product:
        raise NoLiquidity("a coin of the pool is too scarce: it divides by zero (BAL#004)")
    squared = fits(d * d)
    c = fits(fits(-(-squared // fits(ann * product)) * AMP_PRECISION) * xp[j])
    b = sum(xp) - xp[j] + d // ann * AMP_PRECISION
    y = -(-fits(squared + c) // fits(d + b))
    for _ in range(_ROUNDS):
        before = y
        numerator, denominator = fits(fits(y * y) + c), 2 * y + b - d
        if denominator <= 0:
            raise NoLiquidity("the pool's balance has no solution (BAL#001, BAL#004)")
        y = -(-numerator // denominator)
        if -1 <= y - before <= 1:
            return y
    raise NoLiquidity("the pool's balance does not converge (BAL#322)")


def slope(xp: Sequence[int], i: int, j: int, d: int, amplifier: int) -> Fraction:
    """Coin j per coin i at the margin, scaled, before the fee.

    With P = D^(n+1) / (n^n ∏x) the invariant's derivative by x_k is A·n^n + P/x_k, so that the price is
    (A·n^n + P/x_i) / (A·n^n + P/x_j).
    """
    n = len(xp)
    # both sides of the fraction times n^n ∏x · AMP_PRECISION
    whole, power = amplifier * n * n**n * prod(xp), AMP_PRECISION * d ** (n + 1)
    return Fraction((whole * xp[i] + power) * xp[j], (whole * xp[j] + power) * xp[i])
