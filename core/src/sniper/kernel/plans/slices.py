"""How a size is cut into slices, exactly: the parts of each sum up to the whole."""

from collections.abc import Sequence
from itertools import accumulate

from sniper.order_types import MILLION


def parts(size: int, weights: Sequence[int]) -> tuple[int, ...]:
    """``size`` lots in shares of ``weights``: what is due after each is rounded down."""
    whole = sum(weights)
    due = [size * weight // whole for weight in accumulate(weights)]
    return tuple(after - before for before, after in zip((0, *due), due, strict=False))


def equal(slices: int) -> tuple[int, ...]:
    """The weights of slices of one size."""
    return (1,) * slices


def optimal(slices: int, curvature: int) -> tuple[int, ...]:
    """The weights of the trading trajectory that is optimal after Almgren and Chriss, exactly.

    curvature  κ̃²τ² in millionths.

    What is left after slice j of N is xⱼ = X sinh(κ(T−tⱼ)) / sinh(κT), the solution of xⱼ₋₁ − 2xⱼ + xⱼ₊₁ = κ̃²τ² xⱼ with
    x₀ = X and x_N = 0 ("Optimal Execution of Portfolio Transactions", Journal of Risk 3, 2000, section 2.2). So with
    u₀ = 0, u₁ = 1 and uₖ₊₁ = (2 + κ̃²τ²) uₖ − uₖ₋₁ it is X u_{N−j} / u_N, and all of it is rational.
    """
    scaled = [0, 1]  # u_k times million to the power of k - 1, so that it is whole
    for _ in range(slices - 1):
        scaled.append((2 * MILLION + curvature) * scaled[-1] - MILLION**2 * scaled[-2])
    left = [each * MILLION ** (slices - k) for k, each in enumerate(scaled)]
    return tuple(left[k] - left[k - 1] for k in range(slices, 0, -1))
