"""What a swap gives and costs: ``WeightedMath`` of Balancer V2 (pool-weighted), from the whitepaper's value function.

All amounts are scaled to 18 decimals and weights sum to 10**18. Everything rounds for the pool.
"""

from typing import Final

from sniper_amm_balancer_weighted.power import ONE, divided_up, multiplied_up, power_up

MOST_OF_A_BALANCE: Final = 3 * ONE // 10
"""A swap takes or gives at most this part of a balance."""


def out_given_in(
    balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_in: int, *, short: bool
) -> int:
    """``_calcOutGivenIn`` without its limit: Bₒ · (1 − (Bᵢ / (Bᵢ + a)) ** (wᵢ / wₒ))."""
    base = divided_up(balance_in, balance_in + amount_in)
    power = power_up(base, exponent_in(weight_in, weight_out), short=short)
    return balance_out * max(ONE - power, 0) // ONE


def in_given_out(
    balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_out: int, *, short: bool
) -> int:
    """``_calcInGivenOut`` without its limit: Bᵢ · ((Bₒ / (Bₒ − a)) ** (wₒ / wᵢ) − 1)."""
    base = divided_up(balance_out, balance_out - amount_out)
    power = power_up(base, divided_up(weight_out, weight_in), short=short)
    return multiplied_up(balance_in, power - ONE)


def exponent_in(weight_in: int, weight_out: int) -> int:
    """wᵢ / wₒ, rounded down."""
    return weight_in * ONE // weight_out
