"""Division and cube roots as the contracts have them."""

from typing import Final

_EXACT: Final = 2**256 // 10**36
"""From here on a number times 10**36 does not fit into 256 bits."""


def divided(a: int, b: int) -> int:
    """Towards zero, as the EVM divides signed integers. Raises `ZeroDivisionError`."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def cube_root(x: int) -> int:
    """Of a number with 18 decimals: seven Newton steps from a power of two (``_cbrt`` of CurveCryptoMathOptimized)."""
    if not x:
        return 0
    if x >= _EXACT * 10**18:
        widened, scale = x, 10**12
    elif x >= _EXACT:
        widened, scale = x * 10**18, 10**6
    else:
        widened, scale = x * 10**36, 1
    third, rest = divmod(widened.bit_length() - 1, 3)
    root: int = 2**third * 1260**rest // 1000**rest
    for _ in range(7):
        root = (2 * root + widened // (root * root)) // 3
    return root * scale
