"""The arithmetic of two coins: CurveTwocryptoMathOptimized v2.0.0 (twocrypto-ng), whose ``get_y`` solves a cubic."""

from collections.abc import Sequence
from math import isqrt
from typing import Final

from sniper.amm import NoLiquidity
from sniper_amm_cryptoswap.invariant import A_MULTIPLIER, ONE, check_parameters, check_share, converged_d, converged_y
from sniper_amm_cryptoswap.roots import cube_root, divided

_ANN_BOUNDS: Final = (4 * A_MULTIPLIER // 10, 4 * A_MULTIPLIER * 1000)
_MOST_GAMMA: Final = 2 * 10**15
_DIVIDERS: Final = (*((above, above - 18) for above in range(48, 24, -2)), (24, 6), (20, 2))


def mean(balances: Sequence[int]) -> int:
    """``isqrt`` of the product."""
    return isqrt(balances[0] * balances[1])


def size(ann: int, gamma: int, balances: Sequence[int], k0: int) -> int:
    """``newton_D``. k0: what `other_balance` said of it, or 0."""
    if not _ANN_BOUNDS[0] <= ann <= _ANN_BOUNDS[1] or not 10**10 <= gamma <= _MOST_GAMMA:
        raise NoLiquidity(f"A of {ann} or gamma of {gamma} is out of the contract's bounds")
    high, low = max(balances), min(balances)
    if not 10**9 <= high <= 10**33 or low * ONE // high < 10**14:
        raise NoLiquidity(f"no invariant for balances {balances}")
    start = min(isqrt(4 * high * low // k0 * ONE), high + low) if k0 else 2 * isqrt(high * low)
    return converged_d(ann, gamma, (high, low), start)


def other_balance(ann: int, gamma: int, balances: Sequence[int], d: int, i: int) -> tuple[int, int]:
    """``get_y``: balance i that goes with the other, and K0 for the next `size`, 0 where Newton's method was used."""
    check_parameters(ann, gamma, d, ann_bounds=_ANN_BOUNDS, most_gamma=_MOST_GAMMA)
    x = balances[1 - i]
    if not 2 * 10**16 <= 2 * ONE * x // d <= 2 * 10**20:
        raise NoLiquidity(f"a balance of {x} is too far from balance with D = {d}")
    gamma2 = gamma * gamma
    weight = ann * gamma2
    a = 10**32
    b = d * weight // 400_000_000 // x - 3 * 10**32 - 2 * gamma * 10**14
    c = (
        3 * 10**32
        + 4 * gamma * 10**14
        + gamma2 // 10**4
        + 4 * weight // 400_000_000 * x // d
        - 4 * weight // 400_000_000
    )
    e = -((ONE + gamma) ** 2 // 10**4)
    delta0 = divided(3 * a * c, b) - b
    delta1 = 3 * delta0 + b - divided(divided(27 * a * a, b) * e, b)
    threshold = min(abs(delta0), abs(delta1), a)
    divider = next((10**power for above, power in _DIVIDERS if threshold > 10**above), 1)
    a, b, c, e = (divided(term, divider) for term in (a, b, c, e))
    delta0 = divided(3 * a * c, b) - b
    delta1 = 3 * delta0 + b - divided(divided(27 * a * a, b) * e, b)
    square = delta1 * delta1 + divided(4 * delta0 * delta0, b) * delta0
    if square <= 0:
        return converged_y(ann, gamma, (x,), d, d * d // (x * 4), 2 * ONE * x // d), 0
    root = isqrt(square)
    b_root = cube_root(b) if b > 0 else -cube_root(-b)
    second = cube_root((delta1 + root) // 2) if delta1 > 0 else -cube_root((root - delta1) // 2)
    c1 = divided(b_root * b_root // ONE * second, ONE)
    k0 = divided(ONE * c1 - ONE * b - divided(ONE * b, c1) * delta0, 3 * a)
    if k0 < 0:
        raise NoLiquidity("the curve ends before")
    y = d * d // x * k0 // 4 // ONE
    check_share(y, d)
    return y, k0
