"""Run in an environment of the peers' own: µs a quote of degenbot and curvesim, as JSON, for the states on stdin."""

import json
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import count
from statistics import median
from timeit import repeat
from typing import Any


def micros(call: Callable[[], object], number: int) -> float:
    return median(repeat(call, number=number, repeat=5)) / number * 1e6


def degenbot(given: dict[str, Any]) -> dict[str, float]:
    from degenbot.uniswap.v2_functions import constant_product_calc_exact_in
    from degenbot.uniswap.v3_libraries.swap_math import compute_swap_step

    x, y, amount = (int(each) for each in given["v2"])
    fee = Fraction(3, 1000)
    price, target, liquidity = (int(each) for each in given["v3_step"])
    another = count(liquidity)  # its caches would answer the same question from memory
    return {
        "v2": micros(lambda: constant_product_calc_exact_in(amount, x, y, fee), 20_000),
        "v3_step": micros(lambda: compute_swap_step(price, target, next(another), 10**24, 3000), 5_000),
    }


def curvesim(given: dict[str, Any]) -> dict[str, list[Any]]:
    from curvesim.pool.stableswap.pool import CurvePool

    amount = int(given["stable_in"])

    def quote(pool: CurvePool) -> int:
        """``get_dy`` as the contract writes it; the class itself has only the exchange that does it."""
        xp = pool._xp()
        dy = xp[1] - pool.get_y(0, 1, xp[0] + amount, xp) - 1
        return int(dy - dy * pool.fee // 10**10)

    pools = [CurvePool(int(given["stable_a"]), list(map(int, held)), len(held)) for held in given["stables"]]
    return {
        "stables": [micros(partial(quote, pool), 5_000) for pool in pools],
        "outs": [str(quote(pool)) for pool in pools],
    }


given = json.load(sys.stdin)
print(json.dumps({"degenbot": degenbot(given), "curvesim": curvesim(given)}))
