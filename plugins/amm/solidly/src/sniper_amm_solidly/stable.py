"""The stable curve x³y + y³x >= k and its Newton iterations, as the contracts round them.

Everything is in 18 decimals. Two generations of the contract differ in the last units: Solidly (``BaseV1Pair``, and
with it Velodrome V1, Thena, Equalizer) and Velodrome V2 (``Pool``, and with it Aerodrome).
"""

from typing import Final

from sniper.amm import NoLiquidity
from sniper_amm_solidly.checked import MOST, divided, fits

E18: Final = 10**18
_HALF: Final = 2**128
_ROUNDS: Final = 255


def invariant(x: int, y: int) -> int:
    """``_k`` of both generations and ``_f`` of Velodrome V2."""
    if x >= _HALF or y >= _HALF:
        raise NoLiquidity(f"the square of {max(x, y)} does not fit into 256 bits: the pair reverts")
    product = (x * y // E18) * (x * x // E18 + y * y // E18)
    return (product if product <= MOST else fits(product)) // E18


def _sum_of_cubes(x: int, y: int) -> int:
    """``_f`` of Solidly: the same curve, divided in another order."""
    if x >= _HALF or y >= _HALF:
        raise NoLiquidity(f"the square of {max(x, y)} does not fit into 256 bits: the pair reverts")
    y_cubed, x_cubed = fits(y * y // E18 * y) // E18, fits(x * x // E18 * x) // E18
    return fits(x * y_cubed) // E18 + fits(x_cubed * y) // E18


def _slope(x: int, y: int) -> int:
    """``_d``: the curve's derivative by y."""
    falling, rising = 3 * x * (y * y // E18), x * x // E18 * x
    if falling > MOST or rising > MOST:
        fits(max(falling, rising))
    return falling // E18 + rising // E18


def solve(x: int, k: int, y: int) -> int:
    """``_get_y`` of Velodrome V2: the y at which ``x`` and y are on the curve ``k`` or just above it; ``y`` is where to
    begin. Raises `NoLiquidity` where the contract reverts."""
    for _ in range(_ROUNDS):
        found = invariant(x, y)
        if found < k:
            step = divided((k - found) * E18, _slope(x, y))
            if not step:
                if invariant(x, y + 1) > k:
                    return y + 1
                step = 1
            y += step
        else:
            step = divided((found - k) * E18, _slope(x, y))
            if not step:
                if found == k or invariant(x, fits(y - 1)) < k:
                    return y
                step = 1
            y = fits(y - step)
    raise NoLiquidity("the pair's Newton iteration does not end: it reverts")


def solve_roughly(x: int, k: int, y: int) -> int:
    """``_get_y`` of Solidly, which ends as soon as it moves by one and may stop beside the curve."""
    for _ in range(_ROUNDS):
        before, found = y, _sum_of_cubes(x, y)
        if found < k:
            y += divided((k - found) * E18, _slope(x, y))
        else:
            y = fits(y - divided((found - k) * E18, _slope(x, y)))
        if -1 <= y - before <= 1:
            return y
    return y
