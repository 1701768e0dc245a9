"""The invariant of cryptoswap, what its two sizes have in common (Egorov, "Automatic market-making with dynamic peg",
2021, section 2): D by Newton's method, the fee, the price.

``balances`` are those that the invariant sees: scaled to 18 decimals and by the pool's price scale, so that about equal
numbers are balanced. ``ann`` is A · Nᴺ · 10,000; gamma, K0 and prices have 18 decimals, fees 10. Every function raises
`NoLiquidity` or `ZeroDivisionError` where the contract reverts.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from sniper.amm import NoLiquidity

ONE: Final = 10**18
A_MULTIPLIER: Final = 10_000
LEAST_D: Final = 10**17
MOST_D: Final = 10**33
_STEPS: Final = 255


def converged_d(ann: int, gamma: int, balances: Sequence[int], start: int) -> int:
    """The loop of ``newton_D``, from a first guess. ``balances`` from high to low."""
    count = len(balances)
    total, d = sum(balances), start
    for _ in range(_STEPS):
        before = d
        k0 = _product(balances, d)
        distance = abs(gamma + ONE - k0) + 1
        mul1 = ONE * d // gamma * distance // gamma * distance * A_MULTIPLIER // ann
        mul2 = 2 * ONE * count * k0 // distance
        slope = total + total * mul2 // ONE + mul1 * count // k0 - mul2 * d // ONE
        if slope <= 0:
            raise NoLiquidity("the invariant has no size for these balances")
        plus = d * (slope + total) // slope
        minus = d * d // slope
        change = d * (mul1 // slope) // ONE * abs(ONE - k0) // k0
        minus += change if k0 < ONE else -change
        if minus < 0:
            raise NoLiquidity("the invariant has no size for these balances")
        d = plus - minus if plus > minus else (minus - plus) // 2
        if abs(d - before) * 10**14 < max(10**16, d):
            for balance in balances:
                check_share(balance, d)
            return d
    raise NoLiquidity("the invariant's size does not converge")


def converged_y(ann: int, gamma: int, others: Sequence[int], d: int, start: int, k0_others: int) -> int:
    """The loop of ``_newton_y``: the balance that goes with ``others``."""
    count = len(others) + 1
    y, limit = start, max(max(others) // 10**14, d // 10**14, 100)
    for _ in range(_STEPS):
        before = y
        k0 = k0_others * y * count // d
        total = sum(others) + y
        distance = abs(gamma + ONE - k0) + 1
        mul1 = ONE * d // gamma * distance // gamma * distance * A_MULTIPLIER // ann
        mul2 = ONE + 2 * ONE * k0 // distance
        scaled_slope = ONE * y + total * mul2 + mul1 - d * mul2
        if scaled_slope < 0:
            y = before // 2
            continue
        slope = scaled_slope // y
        minus = mul1 // slope
        plus = (scaled_slope + ONE * d) // slope + minus * ONE // k0
        minus += ONE * total // slope
        y = before // 2 if plus < minus else plus - minus
        if abs(y - before) < max(limit, y // 10**14):
            return y
    raise NoLiquidity("the balance does not converge")


def check_parameters(ann: int, gamma: int, d: int, *, ann_bounds: tuple[int, int], most_gamma: int) -> None:
    """What ``get_y`` asserts first."""
    if not ann_bounds[0] <= ann <= ann_bounds[1]:
        raise NoLiquidity(f"A of {ann} is out of the contract's bounds")
    if not 10**10 <= gamma <= most_gamma:
        raise NoLiquidity(f"gamma of {gamma} is out of the contract's bounds")
    if not LEAST_D <= d <= MOST_D:
        raise NoLiquidity(f"the invariant's size {d} is out of the contract's bounds")


def check_share(balance: int, d: int, *, least: int = 10**16 - 1) -> None:
    """A balance is between a hundredth of D and a hundred times D."""
    if not least <= balance * ONE // d <= 10**20:
        raise NoLiquidity(f"a balance of {balance} is too far from balance with D = {d}")


def dynamic_fee(balances: Sequence[int], mid_fee: int, out_fee: int, fee_gamma: int) -> int:
    """Between the fee of a balanced pool and that of an unbalanced one (paper, section 5), 10 decimals."""
    balanced = _product(balances, sum(balances))
    if fee_gamma:
        balanced = fee_gamma * ONE // (fee_gamma + ONE - balanced)
    return (mid_fee * balanced + out_fee * (ONE - balanced)) // ONE


def _product(balances: Sequence[int], whole: int) -> int:
    """Of the balances as parts of ``whole`` / N. The contract for two coins rounds once less."""
    if len(balances) == 2:
        return 4 * ONE * balances[0] // whole * balances[1] // whole
    product = ONE
    for balance in balances:
        product = product * len(balances) * balance // whole
    return product


def marginal(ann: int, gamma: int, balances: Sequence[int], d: int, i: int, j: int) -> Fraction:
    """Balance j per balance i along the invariant, before the fee: the quotient of its derivatives, as ``get_p``."""
    k0 = Fraction(1)
    for balance in balances:
        k0 *= Fraction(balance * len(balances), d)
    g = Fraction(gamma, ONE)
    common = 2 * k0**3 + (g + 1) ** 2 - k0**2 * (2 * g + 3)
    weight = Fraction(ann, A_MULTIPLIER) * g * g * k0 / d
    x, y = balances[i], balances[j]
    return y * (common + weight * x) / (x * (common + weight * y))
