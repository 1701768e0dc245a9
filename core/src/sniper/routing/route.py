"""A route: legs with their exact amounts, and how far from the best it can be."""

from fractions import Fraction

from sniper.plugin import Frozen
from sniper.router import Leg, RouteAsk
from sniper.types import BPS


class Hop(Frozen):
    """A leg and what it sells and buys, base units."""

    leg: Leg
    amount_in: int
    amount_out: int


class Route(Frozen, kw_only=True):
    """What the pools give right now for ``ask``, to the unit.

    gas     Of all swaps, about. ``method``: how the legs were found. ``bound``: see `sniper.router.Proposal`.
    impact  The part of the output that is lost against the marginal prices on the same legs, fees not counted.
    """

    ask: RouteAsk
    hops: tuple[Hop, ...]
    amount_in: int
    amount_out: int
    gas: int
    impact: Fraction
    method: str
    bound: int | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        return tuple(hop.leg for hop in self.hops)

    @property
    def net(self) -> int:
        """What counts when routes are compared: the output less what the gas is worth; for exact-out the input and
        the gas, negative, so that more is better either way."""
        cost = self.ask.cost(self.gas)
        return -self.amount_in - cost if self.ask.exact_out else self.amount_out - cost

    @property
    def gap(self) -> Fraction | None:
        """The most by which any route could be better, relative to the bound; None where no bound is known.

        Negative only where the bound is wrong: a defect of the router that gave it.
        """
        if self.bound is None:
            return None
        if self.ask.exact_out:
            return 1 - Fraction(self.bound, self.amount_in)
        return 1 - Fraction(self.amount_out, self.bound) if self.bound else Fraction(-self.amount_out)

    def least_out(self, slippage_bps: int) -> int:
        """The output below which the transaction must revert, base units of ``token_out``."""
        return self.amount_out * (BPS - slippage_bps) // BPS

    def most_in(self, slippage_bps: int) -> int:
        """The input above which a transaction for an exact output must revert, base units of ``token_in``."""
        return -(-self.amount_in * (BPS + slippage_bps) // BPS)
