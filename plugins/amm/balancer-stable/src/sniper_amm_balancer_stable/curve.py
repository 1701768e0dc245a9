"""One pool at one second, and what its contract makes of an amount.

The sources are Balancer V2's ``BaseGeneralPool`` and ``BasePool`` (pool-utils), ``FixedPoint`` (solidity-utils), and
``StableMath`` (pool-stable): scaling, fee, and the invariant between them. Everything rounds for the pool.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sniper.amm import Fraction, NoLiquidity
from sniper_amm_balancer_stable.invariant import balance_at, fits, invariant, slope

ONE: Final = 10**18


class Curve(NamedTuple):
    """Pure and immutable.

    factors    What a base unit is worth, so that ``balance * factor / 10**18`` has 18 decimals: ``_scalingFactors``.
    xp         Scaled balances. ``d``: their invariant.
    amplifier  In parts of ``AMP_PRECISION``. ``fee``: 10**18 is the whole.
    """

    factors: tuple[int, ...]
    xp: tuple[int, ...]
    d: int
    amplifier: int
    fee: int

    @classmethod
    def of(
        cls, balances: Sequence[int], scales: Sequence[int], rates: Sequence[int], amplifier: int, fee: int
    ) -> "Curve":
        """``scales``: what makes base units of each coin 18 decimals. Raises `NoLiquidity` where nothing can trade."""
        factors = tuple(scale * rate for scale, rate in zip(scales, rates, strict=True))
        xp = tuple(fits(balance * factor) // ONE for balance, factor in zip(balances, factors, strict=True))
        d = invariant(xp, amplifier)
        if not d:
            raise NoLiquidity("the pool is empty")
        return cls(factors, xp, d, amplifier, fee)

    def gross_out(self, i: int, j: int, amount_in: int) -> int:
        """``_swapGivenIn``: what of coin j goes out, scaled; less than 0 where the contract reverts (BAL#001)."""
        net = amount_in - -(-amount_in * self.fee // ONE)
        xp = list(self.xp)
        xp[i] += fits(net * self.factors[i]) // ONE
        return self.xp[j] - balance_at(xp, j, self.d, self.amplifier) - 1

    def out(self, i: int, j: int, amount_in: int) -> int:
        gross = self.gross_out(i, j, amount_in)
        if gross < 0:
            raise NoLiquidity(f"{amount_in} of coin {i} buys less than nothing of coin {j} (BAL#001)")
        return fits(gross * ONE) // self.factors[j]

    def needed(self, i: int, j: int, amount_out: int) -> int:
        """``_swapGivenOut``: what of coin i comes in, base units."""
        wanted = fits(amount_out * self.factors[j]) // ONE
        xp = list(self.xp)
        xp[j] -= wanted
        if xp[j] < 0:
            raise NoLiquidity(f"{amount_out} of coin {j} wanted, more than the pool holds (BAL#001)")
        gross = fits(balance_at(xp, i, self.d, self.amplifier) - self.xp[i]) + 1
        unscaled = -(-fits(gross * ONE) // self.factors[i])
        return -(-fits(unscaled * ONE) // (ONE - self.fee))

    def price(self, i: int, j: int) -> Fraction:
        """Coin j per coin i at the margin, after the fee, base units."""
        marginal = slope(self.xp, i, j, self.d, self.amplifier)
        return marginal * Fraction(self.factors[i] * (ONE - self.fee), self.factors[j] * ONE)
