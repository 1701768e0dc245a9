"""Bundles that compete with others for the same profit: who offers the builder the larger share of it gets it."""

import random
from collections.abc import Callable
from typing import Final, NamedTuple

from fee_series import GWEI, LIMIT

from sniper.fee import Block, FeeEstimator, Stake

GAS: Final = 300_000
LEARNING: Final = 300
"""Outcomes that are not counted: they teach."""
ROUNDS: Final = 1_500
RIVALS: Final = ("alone", "mild", "uniform", "mixed", "fierce", "shift")


class Result(NamedTuple):
    """Profit that was kept, and what the best fixed share, found afterwards, would have kept, wei."""

    kept: int
    best: int


def rival(kind: str, rng: random.Random, n: int) -> float:
    """Share of the profit that the best other one offers in round ``n``: alone: none; mild: a quarter, about; fierce:
    five sixths, about; mixed: none or fierce; uniform: any; shift: mild, and fierce from the middle on."""
    fierce, mild, either = min(0.999, rng.betavariate(20, 4)), rng.betavariate(3, 9), rng.random()
    return {
        "alone": 0.0,
        "mild": mild,
        "uniform": either,
        "mixed": 0.0 if either < 0.5 else fierce,
        "fierce": fierce,
        "shift": mild if n < ROUNDS // 2 else fierce,
    }[kind]


def compete(make: Callable[[], FeeEstimator], kind: str, seed: int) -> Result:
    """So many bundles of lognormal profits around 0.01 coins, at a base fee of 1 gwei."""
    rng, estimator, kept, rounds = random.Random(f"{kind}-{seed}"), make(), 0, []
    for n in range(ROUNDS):
        estimator.block(
            Block(
                time=n,
                chain_id=1,
                number=n,
                hash=f"{n}",
                parent=f"{n - 1}",
                timestamp=12 * n,
                base_fee=GWEI,
                gas_used=LIMIT // 2,
                gas_limit=LIMIT,
                tips=(GWEI // 10, GWEI, 5 * GWEI),
            )
        )
        profit = int(rng.lognormvariate(0, 1) * 10**16)
        stake, offered = Stake(account="main", value=profit + GAS * GWEI, gas=GAS), rival(kind, rng, n)
        bid = estimator.bid_for(stake, urgent=False, blocks_waited=0)
        paid = bid.max_priority_fee * GAS
        won = paid > offered * profit
        estimator.outcome(stake, bid, won=won)
        if n >= LEARNING:
            rounds.append((profit, offered))
            kept += profit - paid if won else 0
    shares = (int(sum(p * (100 - share) for p, o in rounds if share / 100 > o)) // 100 for share in range(100))
    return Result(kept, max(shares))
