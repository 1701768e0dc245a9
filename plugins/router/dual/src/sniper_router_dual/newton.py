"""Newton's method on the dual, scaled by the prices and damped."""

from typing import Final

import numpy as np

from sniper_router_dual.cholesky import solved
from sniper_router_dual.compiled import Floats, Ints, compiled_aside
from sniper_router_dual.kernels import all_curvature, dual

_STEPS: Final = 60
_EXACT: Final = 1e-11
"""Relative imbalance of the flows at which the prices are good enough."""
_LEAST_DAMPING: Final = 1e-12
_MOST_DAMPING: Final = 1e6


@compiled_aside
def newton(
    prices: Floats,
    supply: Floats,
    edges: Ints,
    source: Ints,
    target: Ints,
    cap: Floats,
    price: Floats,
    piece_at: Ints,
    pieces: Ints,
    x: Floats,
    y: Floats,
    most: Floats,
    flow: Floats,
    net: Floats,
) -> tuple[float, int]:
    """The dual's least value, and the steps it took; -1 where it does not come to an end.

    prices     In: to begin with; out: those found. The last stays as it is.
    flow, net  Out: see `sniper_router_dual.kernels.dual`.

    The second derivative is that of the pools that trade, so it may be singular. It is damped by the one that the
    market would have if every pool traded (Levenberg, Marquardt, with the market's own metric).
    """
    coins = len(prices)
    free = coins - 1
    whole, curvature = np.empty((coins, coins)), np.empty((coins, coins))
    matrix, move, there = np.empty((free, free)), np.empty(free), prices.copy()
    all_curvature(prices, edges, source, target, piece_at, x, whole)
    for c in range(free):
        whole[c, c] *= 1 + 1e-12
    value = dual(prices, supply, edges, source, target, cap, price, piece_at, pieces, x, y, most, flow, net, curvature)
    damping = 1e-2
    for step in range(_STEPS):
        unbalanced, trace = 0.0, 0.0
        for c in range(free):
            unbalanced += abs(net[c] * prices[c])
        for c in range(coins):
            trace += curvature[c, c]
        # Sales are differences of numbers as large as the pools: more digits than they have cannot be asked for.
        if unbalanced <= _EXACT * abs(value) + 1e-15 * trace:
            return value, step
        slope, kept = net * prices, curvature.copy()
        while True:
            for i in range(free):
                for j in range(i + 1):
                    matrix[i, j] = kept[i, j] + damping * whole[i, j]
                move[i] = -slope[i]
            if solved(matrix, move):
                expected = 0.0
                for c in range(free):
                    there[c] = prices[c] * np.exp(min(max(move[c], -1.0), 1.0))
                    expected -= 0.5 * slope[c] * move[c]
                next_value = dual(
                    there, supply, edges, source, target, cap, price, piece_at, pieces, x, y, most, flow, net, curvature
                )
                if next_value <= value + 1e-14 * abs(value):
                    break
            damping *= 8.0
            if not damping <= _MOST_DAMPING:
                return value, -1
        gained = value - next_value
        prices[:], value = there, next_value
        if gained > 0.5 * expected:
            damping = max(damping * 0.1, _LEAST_DAMPING)
        elif gained < 0.1 * expected:
            damping *= 4.0
    return value, -1
