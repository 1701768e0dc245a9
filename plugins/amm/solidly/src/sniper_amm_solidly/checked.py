"""Arithmetic that reverts where Solidity 0.8 does: an overflow or a division by zero is the pair's refusal."""

from typing import Final

from sniper.amm import NoLiquidity

MOST: Final = 2**256 - 1


def fits(value: int) -> int:
    """``value`` itself; raises `NoLiquidity` where no uint256 holds it."""
    if not 0 <= value <= MOST:
        raise NoLiquidity("an intermediate result of the pair does not fit into 256 bits: it reverts")
    return value


def divided(numerator: int, denominator: int) -> int:
    """``numerator // denominator`` of non-negative integers; raises `NoLiquidity` for a division by zero."""
    if not denominator:
        raise NoLiquidity("the pair divides by zero: it reverts")
    return fits(numerator) // denominator
