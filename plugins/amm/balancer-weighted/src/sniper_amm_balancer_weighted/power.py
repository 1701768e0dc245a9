"""x to the power of y as Balancer V2 computes it: 18 decimals, and the error bound added.

``LogExpMath.pow`` (solidity-utils/math/LogExpMath.sol) computes exp(y · ln x): sums of tabulated powers of e, and a
series for the rest. ``FixedPoint.powUp`` (FixedPoint.sol) adds what that may be wrong by. Solidity divides towards
zero, so each function is odd in its logarithm: signs are kept apart and all numbers here are at least 0.
"""

from typing import Final

ONE: Final = 10**18
_ONE_20: Final = 10**20
_ONE_36: Final = 10**36
_RELATIVE_ERROR: Final = 10_000  # 1e-14 with 18 decimals

_WHOLE_POWERS: Final = (
    (128 * ONE, 38877084059945950922200000000000000000000000000000000000),
    (64 * ONE, 6235149080811616882910000000),
)
"""x with 18 decimals, and e**x without any."""

_POWERS: Final = (
    (3_200_000_000_000_000_000_000, 7896296018268069516100000000000000),
    (1_600_000_000_000_000_000_000, 888611052050787263676000000),
    (800_000_000_000_000_000_000, 298095798704172827474000),
    (400_000_000_000_000_000_000, 5459815003314423907810),
    (200_000_000_000_000_000_000, 738905609893065022723),
    (100_000_000_000_000_000_000, 271828182845904523536),
    (50_000_000_000_000_000_000, 164872127070012814685),
    (25_000_000_000_000_000_000, 128402541668774148407),
    (12_500_000_000_000_000_000, 113314845306682631683),
    (6_250_000_000_000_000_000, 106449445891785942956),
)
"""x and e**x, both with 20 decimals. The exponential uses all but the last two, which only make its series shorter."""


def power_up(base: int, exponent: int, *, short: bool) -> int:
    """``FixedPoint.powUp``: never less than the true power. All with 18 decimals; ``base`` above 0.

    short: Exponents 1, 2 and 4 are multiplied out instead, as pools since September 2022 do.
    """
    if short:
        if exponent == ONE:
            return base
        if exponent == 2 * ONE:
            return multiplied_up(base, base)
        if exponent == 4 * ONE:
            square = multiplied_up(base, base)
            return multiplied_up(square, square)
    raw = _power(base, exponent)
    return raw + multiplied_up(raw, _RELATIVE_ERROR) + 1


def multiplied_up(a: int, b: int) -> int:
    """``FixedPoint.mulUp``."""
    return -(-a * b // ONE)


def divided_up(a: int, b: int) -> int:
    """``FixedPoint.divUp``."""
    return -(-a * ONE // b)


def _power(x: int, y: int) -> int:
    """``LogExpMath.pow``, of which swaps stay within the bounds: 0.7 < x < 1.5, and y < 100."""
    if 9 * ONE // 10 < x < 11 * ONE // 10:
        negative, fine = _fine_logarithm(x)
        logarithm = fine // ONE * y + fine % ONE * y // ONE
    else:
        negative, coarse = _logarithm(x)
        logarithm = coarse * y
    grown = _exponential(logarithm // ONE)
    return _ONE_36 // grown if negative else grown


def _exponential(x: int) -> int:
    """e**x, x ≥ 0; both with 18 decimals."""
    whole = 1
    for power, grown in _WHOLE_POWERS:
        if x >= power:
            x -= power
            whole = grown
            break
    x *= 100
    product = _ONE_20
    for power, grown in _POWERS[:-2]:
        if x >= power:
            x -= power
            product = product * grown // _ONE_20
    term, total = x, _ONE_20 + x
    for number in range(2, 13):
        term = term * x // _ONE_20 // number
        total += term
    return product * total // _ONE_20 * whole // 100


def _logarithm(a: int) -> tuple[bool, int]:
    """Whether ln a is negative, and its size; both with 18 decimals."""
    if a < ONE:
        return True, _logarithm(_ONE_36 // a)[1]
    total = 0
    for power, grown in _WHOLE_POWERS:
        if a >= grown * ONE:
            a //= grown
            total += power
    total *= 100
    a *= 100
    for power, grown in _POWERS:
        if a >= grown:
            a = a * _ONE_20 // grown
            total += power
    z = (a - _ONE_20) * _ONE_20 // (a + _ONE_20)
    return False, (total + 2 * _odd_series(z, _ONE_20, 11)) // 100


def _fine_logarithm(x: int) -> tuple[bool, int]:
    """The same for x near 1, with 36 decimals."""
    x *= ONE
    z = abs(x - _ONE_36) * _ONE_36 // (x + _ONE_36)
    return x < _ONE_36, 2 * _odd_series(z, _ONE_36, 15)


def _odd_series(z: int, one: int, last: int) -> int:
    """z + z³/3 + z⁵/5 + … + z**last/last: the inverse hyperbolic tangent, which is ln((1 + z) / (1 − z)) / 2."""
    square, term, total = z * z // one, z, z
    for number in range(3, last + 1, 2):
        term = term * square // one
        total += term // number
    return total
