"""One trade as a problem over part of the mirror, and its solution."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]

from sniper_router_dual import kernels
from sniper_router_dual.compiled import Floats, Ints
from sniper_router_dual.mirror import Mirror
from sniper_router_dual.newton import newton

_MANY: Final = 600
"""Coins from which on a matrix of all pairs costs more than it saves."""
_FAR: Final = 50.0
"""How far the logarithm of a price may go: where more is wanted than the market has, it would go on for ever."""
_NONE: Final = np.zeros((0, 0))


@dataclass(frozen=True)
class Problem:
    """Edges and coins of one trade.

    edges    Numbers in the mirror, ascending. ``source``, ``target``: places of their coins in ``coins``.
    cap      Most that may be sold on each.
    coins    Numbers in the mirror. The last one's price is 1: what is bought, or what is sold where the output is
             fixed.
    supply   By coin: what is put in, negative what must come out.
    """

    edges: Ints
    source: Ints
    target: Ints
    cap: Floats
    coins: Ints
    start: int
    end: int
    supply: Floats

    @classmethod
    def of(cls, mirror: Mirror, edges: Ints, cap: Floats, start: int, end: int, amount: float, exact_out: bool) -> Self:
        """``start``, ``end``: numbers of coins in the mirror."""
        fixed = start if exact_out else end
        coins, source, target = kernels.placed(
            edges, mirror.source, mirror.target, len(mirror.names), start, end, fixed
        )
        last = len(coins) - 1
        other = int(np.searchsorted(coins[:last], end if exact_out else start))
        supply = np.zeros(len(coins))
        supply[other] = -amount if exact_out else amount
        first, final = (last, other) if exact_out else (other, last)
        return cls(edges, source, target, cap, coins, first, final, supply)

    def only(self, mirror: Mirror, keep: Ints) -> "Problem":
        """The same with these edges (places in ``edges``, ascending) alone."""
        exact_out = self.supply[self.end] < 0
        amount = abs(float(self.supply.sum()))
        start, end = int(self.coins[self.start]), int(self.coins[self.end])
        return Problem.of(mirror, self.edges[keep], self.cap[keep], start, end, amount, bool(exact_out))


@dataclass(frozen=True)
class Solution:
    """Prices by coin of the problem, the dual's value at them, what each edge sells, and the steps it took.

    unbalanced  What the flows buy and do not sell, or sell and do not have, relative to the value: the gap that is left
                before anything is rounded.
    """

    prices: Floats
    value: float
    flow: Floats
    steps: int
    unbalanced: float


def first_prices(mirror: Mirror, problem: Problem) -> Floats:
    """Prices to begin with where nothing is known."""
    return kernels.first_prices(
        problem.edges, problem.source, problem.target, mirror.price, mirror.piece_at, mirror.x, mirror.y,
        len(problem.coins), len(problem.coins) - 1,
    )  # fmt: skip


def solve(mirror: Mirror, problem: Problem, prices: Floats) -> Solution:
    """Minimise the dual from these prices by Newton's method; where that does not come to an end, by L-BFGS-B on the
    logarithms."""
    found = _newton(_Dual(mirror, problem), prices) if len(problem.coins) <= _MANY else None
    return found or quasi_newton(mirror, problem, prices)


def bound(mirror: Mirror, problem: Problem, prices: Floats) -> float:
    """What no route exceeds: the output, or minus the input where the output is fixed."""
    return kernels.certified(
        prices, problem.supply, problem.edges, problem.source, problem.target, problem.cap, mirror.owner,
        mirror.piece_at, mirror.pieces, mirror.x, mirror.y, mirror.most,
        mirror.vertex_at, mirror.vertices, mirror.vertex_in, mirror.vertex_out,
    )  # fmt: skip


class _Dual:
    """The dual function of one problem, with room for its derivatives."""

    def __init__(self, mirror: Mirror, problem: Problem) -> None:
        self.mirror = mirror
        self.problem = problem
        self.coins = len(problem.coins)
        self.flow = np.zeros(len(problem.edges))
        self.net = np.zeros(self.coins)

    def at(self, prices: Floats) -> float:
        problem, mirror = self.problem, self.mirror
        return kernels.dual(
            prices, problem.supply, problem.edges, problem.source, problem.target, problem.cap, mirror.price,
            mirror.piece_at, mirror.pieces, mirror.x, mirror.y, mirror.most, self.flow, self.net, _NONE,
        )  # fmt: skip

    def solution(self, prices: Floats, value: float, steps: int) -> Solution:
        left = float(np.abs(self.net * prices)[:-1].sum())
        return Solution(prices.copy(), value, self.flow.copy(), steps, left / abs(value) if value else 0.0)


def _newton(dual: _Dual, prices: Floats) -> Solution | None:
    problem, mirror, there = dual.problem, dual.mirror, prices.copy()
    value, steps = newton(
        there, problem.supply, problem.edges, problem.source, problem.target, problem.cap, mirror.price,
        mirror.piece_at, mirror.pieces, mirror.x, mirror.y, mirror.most, dual.flow, dual.net,
    )  # fmt: skip
    return dual.solution(there, value, steps) if steps >= 0 else None


def quasi_newton(mirror: Mirror, problem: Problem, prices: Floats) -> Solution:
    """Minimise the dual by L-BFGS-B, which comes to an end where Newton's method may not."""
    dual = _Dual(mirror, problem)
    free = dual.coins - 1
    scale = abs(dual.at(prices)) or 1.0
    there = prices.copy()

    def function(logarithms: Floats) -> tuple[float, Floats]:
        there[:free] = np.exp(logarithms)
        value = dual.at(there)
        return value / scale, (dual.net * there)[:free] / scale

    found = minimize(
        function,
        np.log(prices[:free]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(start - _FAR, start + _FAR) for start in np.log(prices[:free])],
        options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-11, "maxcor": 20},
    )
    there[:free] = np.exp(found.x)
    return dual.solution(there, dual.at(there), int(found.nit))
