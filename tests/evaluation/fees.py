"""``make eval-fees``: inclusion in time against overpay per gas, pinball loss, shares of bundles, and feedback.

    .venv/bin/python tests/evaluation/fees.py [--short] [--json figures.json]

Settings are chosen on one series of a kind and measured on others (``TRAIN``, ``TEST``); of the recorded base fees,
which are one series, on the first half and the second. Reads ``fees`` under ``SNIPER_DATA`` (default
``../shared/data``) and says so where it is absent.
"""

import argparse
import json
import math
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from fee_race import Order, included, overpaid, race
from fee_rivals import RIVALS, compete
from fee_series import FLOOR, GWEI, KINDS, Mined, generated, real, real_file

from sniper.fee import Block, FeeEstimator
from sniper_fee_deadline.estimator import Deadline, DeadlineConfig
from sniper_fee_pending_pool.estimator import PendingPool, PendingPoolConfig
from sniper_fee_percentile.estimator import Percentile, PercentileConfig
from sniper_fee_value_share.estimator import ValueShare, ValueShareConfig

TRAIN: Final = (1,)
TEST: Final = (101, 102, 103)
LENGTH: Final = 550
WARM: Final = 150
"""Blocks that are seen before the first order."""
WITHIN: Final = (1, 3, 6)
WANTED: Final = 0.95
"""Inclusion in time for which settings are chosen."""
QUANTILES: Final = (50, 90, 99)
ABSURD: Final = 100 * GWEI
"""Blocks that took more are left out of the pinball loss: nobody is meant to have bid that."""
DRAWS: Final = 1_000
CHUNK: Final = 25
"""Orders that are drawn together, as they see the same blocks."""

Make = Callable[[], FeeEstimator]
_LIMITS: Final[dict[str, Any]] = {"min_tip": GWEI // 100, "max_tip": 2_000 * GWEI}


def percentile(tip: int, share: int) -> FeeEstimator:
    return Percentile(config=PercentileConfig(tip=tip, urgent_tip=90, percentile=share, **_LIMITS))


def deadline(within: int, probability: int) -> FeeEstimator:
    return Deadline(config=DeadlineConfig(within=within, probability_bps=probability, **_LIMITS))


def pending(probability: int) -> FeeEstimator:
    urgent = max(probability, 9_700)
    config = PendingPoolConfig(probability_bps=probability, urgent_probability_bps=urgent, **_LIMITS)
    return PendingPool(config=config)


PERCENTILES: Final = {
    f"tip {tip}, percentile {share}": partial(percentile, tip, share)
    for tip in (10, 50)
    for share in (20, 40, 50, 60, 70, 80, 90, 95, 100)
}
PROBABILITIES: Final = (7_000, 8_000, 9_000, 9_500, 9_800)


class Raced(NamedTuple):
    """One estimator on one kind, at the setting that was cheapest where settings are chosen, measured elsewhere."""

    kind: str
    within: int
    estimator: str
    setting: str
    orders: int
    included: tuple[float, float, float]
    overpaid: tuple[float, float, float]
    baseline: float | None
    """Overpay of the cheapest baseline setting that is included as often on the very blocks of the test."""
    saved: tuple[float, float, float] | None
    """How much less than that it overpaid, gwei per gas, of the orders that both had included."""


def wilson(hits: int, of: int) -> tuple[float, float, float]:
    """Share with its 95% interval."""
    z, share = 1.96, hits / of
    middle, spread = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return share, (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def bootstrap(orders: Sequence[Order]) -> tuple[float, float, float]:
    """Mean overpay with its 95% interval, gwei per gas, drawn in chunks of neighbours."""
    rng = random.Random(7)
    chunks = [orders[n : n + CHUNK] for n in range(0, len(orders), CHUNK)]
    sums = [(sum(o.overpaid for o in chunk if o.overpaid is not None), _paying(chunk)) for chunk in chunks]
    means = []
    for _ in range(DRAWS):
        drawn = rng.choices(sums, k=len(sums))
        means.append(sum(total for total, _ in drawn) / max(1, sum(count for _, count in drawn)) / GWEI)
    means.sort()
    return overpaid(orders), means[DRAWS // 40], means[-DRAWS // 40]


def _paying(orders: Sequence[Order]) -> int:
    return sum(order.paid is not None for order in orders)


def paired(orders: Sequence[Order], others: Sequence[Order]) -> tuple[float, float, float]:
    """Mean difference of what the same orders overpaid, gwei per gas, with its 95% interval; drawn as above."""
    rng = random.Random(7)
    both = [
        other.overpaid - order.overpaid if order.overpaid is not None and other.overpaid is not None else None
        for order, other in zip(orders, others, strict=True)
    ]
    chunks = [[d for d in both[n : n + CHUNK] if d is not None] for n in range(0, len(both), CHUNK)]
    sums = [(sum(chunk), len(chunk)) for chunk in chunks]
    means = []
    for _ in range(DRAWS):
        drawn = rng.choices(sums, k=len(sums))
        means.append(sum(total for total, _ in drawn) / max(1, sum(count for _, count in drawn)) / GWEI)
    means.sort()
    mean = sum(total for total, _ in sums) / max(1, sum(count for _, count in sums)) / GWEI
    return mean, means[DRAWS // 40], means[-DRAWS // 40]


Part = tuple[Sequence[Mined], int, int | None]
"""A series, and from which order to which is counted."""


def parts(kind: str, length: int) -> tuple[list[Part], list[Part]]:
    """What settings are chosen on, and what they are measured on, which is later or another series."""
    if kind == "real":
        return [(real(1), 40, 150)], [(real(1), 175, None)]
    train: list[Part] = [(generated(kind, seed, length), WARM, None) for seed in TRAIN]
    return train, [(generated(kind, seed, length), WARM, None) for seed in TEST]


def raced(make: Make, counted: Sequence[Part], within: int) -> list[Order]:
    return [
        order
        for series, first, last in counted
        for order in race(make, series, within, first)
        if last is None or order.head < last
    ]


def measured(kind: str, length: int = LENGTH, within: Sequence[int] = WITHIN) -> list[Raced]:
    """All estimators on one kind of series."""
    train, test = parts(kind, length)
    found = []
    for blocks in within:
        baseline = {name: raced(make, test, blocks) for name, make in PERCENTILES.items()}
        rivals: dict[str, dict[str, Make]] = {
            "percentile": PERCENTILES,
            "deadline": {f"{p / 100:g}%": partial(deadline, blocks, p) for p in PROBABILITIES},
        }
        if kind != "real" and blocks == 1:
            rivals["pending-pool"] = {f"{p / 100:g}%": partial(pending, p) for p in PROBABILITIES}
        for estimator, settings in rivals.items():
            setting = chosen({name: raced(make, train, blocks) for name, make in settings.items()})
            orders = baseline[setting] if settings is PERCENTILES else raced(settings[setting], test, blocks)
            share = included(orders)
            as_often = min((b for b in baseline.values() if included(b) >= share), key=overpaid, default=None)
            found.append(
                Raced(
                    kind,
                    blocks,
                    estimator,
                    setting,
                    len(orders),
                    wilson(_paying(orders), len(orders)),
                    bootstrap(orders),
                    None if as_often is None else overpaid(as_often),
                    None if as_often is None else paired(orders, as_often),
                )
            )
    return found


def chosen(results: dict[str, list[Order]]) -> str:
    """The cheapest setting that is included as often as wanted; where none is, the one that is most often."""
    enough = [name for name, orders in results.items() if included(orders) >= WANTED]
    if enough:
        return min(enough, key=lambda name: overpaid(results[name]))
    return max(results, key=lambda name: included(results[name]))


def pinball(kind: str, length: int = LENGTH) -> dict[str, list[float]]:
    """Mean loss of the tip as a forecast of what the next block takes, gwei, at each quantile; by estimator."""
    makes: dict[str, Callable[[int], FeeEstimator]] = {
        "percentile, tip 10": partial(percentile, 10),
        "percentile, tip 50": partial(percentile, 50),
        "deadline": lambda q: deadline(1, 100 * q),
        "pending-pool": lambda q: pending(100 * q),
    }
    if kind == "real":
        del makes["pending-pool"]
    _, test = parts(kind, length)
    return {name: [_loss(make(q), test, q) for q in QUANTILES] for name, make in makes.items()}


def _loss(estimator: FeeEstimator, counted: Sequence[Part], quantile: int) -> float:
    losses = []
    for series, first, _ in counted:
        for n, mined in enumerate(series[:-1]):
            estimator.block(mined.block)
            following = series[n + 1]
            if following.pool is not None:
                estimator.pending(following.pool)
            if n >= first and following.needed < ABSURD:
                tip = estimator.bid(urgent=False, blocks_waited=0).max_priority_fee
                missing = following.needed - tip
                losses.append(missing * quantile / 100 if missing > 0 else -missing * (100 - quantile) / 100)
    return sum(losses) / len(losses) / GWEI


def shares(seeds: Sequence[int] = TEST) -> dict[str, dict[str, float]]:
    """By kind of rivals and estimator: profit kept, of what the best fixed share would have kept."""

    def value() -> FeeEstimator:
        return ValueShare(config=ValueShareConfig(min_tip=1, max_tip=50 * GWEI))

    makes: dict[str, Make] = {"value-share": value, "percentile": partial(percentile, 50, 60)}
    found = {}
    for kind in RIVALS:
        results = {name: [compete(make, kind, seed) for seed in seeds] for name, make in makes.items()}
        found[kind] = {name: sum(r.kept for r in each) / sum(r.best for r in each) for name, each in results.items()}
    return found


def feedback(make: Make, blocks: int = 200) -> int:
    """The urgent tip, wei per gas, on a chain where nobody else trades, after so many blocks."""
    estimator = make()
    for n in range(blocks):
        own = estimator.bid(urgent=True, blocks_waited=0).max_priority_fee
        estimator.block(
            Block(
                time=n,
                chain_id=1,
                number=n,
                hash=f"{n}",
                parent=f"{n - 1}",
                timestamp=12 * n,
                base_fee=7,
                gas_used=100_000,
                gas_limit=30_000_000,
                tips=(own, own, own),
            )
        )
    return estimator.bid(urgent=True, blocks_waited=0).max_priority_fee


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--short", action="store_true", help="one kind, few blocks")
    options.add_argument("--json", type=Path, help="write all figures there")
    asked = options.parse_args()
    kinds = ["steady"] if asked.short else [*KINDS, *(["real"] if real_file().exists() else [])]
    length = 300 if asked.short else LENGTH
    if not real_file().exists():
        print(f"no {real_file()}: without the recorded base fees (name their directory with SNIPER_DATA)")
    with ProcessPoolExecutor(max_workers=2) as pool:
        rows = [row for found in pool.map(partial(measured, length=length), kinds) for row in found]
        losses = dict(zip(kinds, pool.map(partial(pinball, length=length), kinds), strict=True))
    print(f"\nsettings chosen for an inclusion of {WANTED:.0%}; overpay: gwei per gas above the least that would do")
    print(
        "kind      within estimator     setting                 orders  included            overpaid                 "
        "baseline as often"
    )
    for row in rows:
        share, pay = row.included, row.overpaid
        base = "none is"
        if row.baseline is not None and row.saved is not None:
            base = f"{row.baseline:.3f}, saved {row.saved[0]:.3f} {row.saved[1]:.3f}-{row.saved[2]:.3f}"
        print(
            f"{row.kind:9} {row.within:6} {row.estimator:13} {row.setting:23} {row.orders:6}  "
            f"{share[0]:.3f} {share[1]:.3f}-{share[2]:.3f}   {pay[0]:6.3f} {pay[1]:.3f}-{pay[2]:.3f}   {base}"
        )
    print("\npinball loss of the tip for the next block, gwei, at " + ", ".join(f"{q}%" for q in QUANTILES))
    for kind, found in losses.items():
        for name, each in found.items():
            print(f"{kind:9} {name:20} " + "  ".join(f"{loss:.4f}" for loss in each))
    kept = shares()
    print("\nprofit kept, of what the best fixed share would have kept")
    for kind, by in kept.items():
        print(f"{kind:9} " + "  ".join(f"{name} {share:.2f}" for name, share in by.items()))
    fed = {
        "percentile": feedback(partial(percentile, 50, 60)),
        "deadline": feedback(partial(deadline, 3, 9_000)),
        "pending-pool": feedback(partial(pending, 9_000)),
        "value-share": feedback(lambda: ValueShare(config=ValueShareConfig(min_tip=GWEI // 100, max_tip=50 * GWEI))),
    }
    print("\nurgent tip after 200 blocks with own transactions alone, gwei, where 0.01 is enough")
    print("  ".join(f"{name} {tip / GWEI:g}" for name, tip in fed.items()))
    if asked.json:
        figures = {"raced": [row._asdict() for row in rows], "pinball": losses, "shares": kept, "feedback": fed}
        asked.json.write_text(json.dumps({**figures, "floor": FLOOR}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
