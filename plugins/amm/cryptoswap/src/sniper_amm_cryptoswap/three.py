"""The arithmetic of three coins: CurveCryptoMathOptimized3 v2.0.0 (tricrypto-ng), whose ``get_y`` solves a cubic."""

from collections.abc import Sequence
from math import isqrt
from typing import Final

from sniper.amm import NoLiquidity
from sniper_amm_cryptoswap.invariant import A_MULTIPLIER, ONE, check_parameters, check_share, converged_d, converged_y
from sniper_amm_cryptoswap.roots import cube_root, divided

_ANN_BOUNDS: Final = (27 * A_MULTIPLIER // 100, 27 * A_MULTIPLIER * 1000)
_MOST_GAMMA: Final = 5 * 10**16
_DIVIDERS: Final = (48, 30), (44, 26), (40, 22), (36, 18), (32, 14), (28, 10), (24, 6), (20, 2)


def mean(balances: Sequence[int]) -> int:
    """``geometric_mean``."""
    return cube_root(balances[0] * balances[1] // ONE * balances[2] // ONE)


def size(ann: int, gamma: int, balances: Sequence[int], k0: int) -> int:
    """``newton_D``. k0: what `other_balance` said of it, or 0."""
    high = sorted(balances, reverse=True)
    if not 0 < high[0] < (2**256 - 1) // ONE * 27:
        raise NoLiquidity(f"no invariant for balances {balances}")
    if not k0:
        return converged_d(ann, gamma, high, 3 * mean(high))
    total = sum(high)
    power = 12 if total > 10**36 else 6 if total > 10**24 else 0
    divider = {12: 10**36, 6: 10**24, 0: ONE}[power]
    start = cube_root(high[0] * high[1] // divider * high[2] // k0 * 27 * 10**power)
    return converged_d(ann, gamma, high, start)


def other_balance(ann: int, gamma: int, balances: Sequence[int], d: int, i: int) -> tuple[int, int]:
    """``get_y``: balance i that goes with the others, and K0 for the next `size`, 0 where Newton's method was used."""
    check_parameters(ann, gamma, d, ann_bounds=_ANN_BOUNDS, most_gamma=_MOST_GAMMA)
    x_j, x_k = (balance for k, balance in enumerate(balances) if k != i)
    for balance in (x_j, x_k):
        check_share(balance, d, least=10**16)
    gamma2 = gamma * gamma
    a = 10**36 // 27
    b = 10**36 // 9 + 2 * ONE * gamma // 27 - d * d // x_j * gamma2 * ann // 27**2 // A_MULTIPLIER // x_k
    c = 10**36 // 9 + gamma * (gamma + 4 * ONE) // 27
    c += divided(divided(divided(gamma2 * (x_j + x_k - d), d) * ann, 27), A_MULTIPLIER)
    e = (ONE + gamma) ** 2 // 27
    distance = abs(divided(3 * a * c, b) - b)
    divider = next((10**power for above, power in _DIVIDERS if distance > 10**above), 1)
    if a > abs(b):
        precision = abs(divided(a, b))
        a, b, c, e = (divided(term * precision, divider) for term in (a, b, c, e))
    else:
        precision = abs(divided(b, a))
        a, b, c, e = (divided(divided(term, precision), divider) for term in (a, b, c, e))
    triple = 3 * a * c
    delta0 = divided(triple, b) - b
    delta1 = divided(3 * triple, b) - 2 * b - divided(divided(27 * a * a, b) * e, b)
    square = delta1 * delta1 + divided(4 * delta0 * delta0, b) * delta0
    if square <= 0:
        return _newton(ann, gamma, (x_j, x_k), d), 0
    root = isqrt(square)
    b_root = cube_root(b) if b >= 0 else -cube_root(-b)
    second = cube_root((delta1 + root) // 2) if delta1 > 0 else -cube_root((root - delta1) // 2)
    c1 = divided(b_root * b_root // ONE * second, ONE)
    k0 = divided(b + divided(b * delta0, c1) - c1, 3)
    y = divided(d * d // 27 // x_k * d // x_j * k0, a)
    if y < 0 or k0 * a < 0:
        raise NoLiquidity("the curve ends before")
    check_share(y, d)
    return y, divided(ONE * k0, a)


def _newton(ann: int, gamma: int, others: tuple[int, int], d: int) -> int:
    """``_newton_y``."""
    high, low = max(others), min(others)
    start = d // 3 * d // (low * 3) * d // (high * 3)
    y = converged_y(ann, gamma, (high, low), d, start, ONE * high * 3 // d * low * 3 // d)
    check_share(y, d, least=10**16)
    return y
