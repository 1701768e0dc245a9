"""How well owner-powers finds what labelled real contracts can do, by power and by half of their families.

    python tests/evaluation/owner_powers.py [--json]

The cases are in ``$SNIPER_DATA/token-risk/owner_powers.jsonl.zst`` (default: ``../shared/data`` beside the repository);
where they are absent this says so and measures nothing. A case labels one power of one contract; a missing label is no
negative. Cases are split by family (the same instructions) with a fixed hash: the rules were written looking at the
development half alone. Where a label's cases are all positive only the recall means something.

A label says what its source calls the power: ``leak`` there is what drains the contract (ether or tokens that it holds,
its end), and ``limit`` is whatever refuses some transfers while others pass.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import Final, NamedTuple

from sniper_risk_owner_powers.analyse import analyse
from sniper_risk_owner_powers.report import Report

DATA: Final = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
CASES: Final = DATA / "token-risk" / "owner_powers.jsonl.zst"

REFUSES: Final = frozenset({"limit", "freeze", "pause", "sell-block"})
MEANS: Final[dict[str, frozenset[str]]] = {
    "mint": frozenset({"mint"}),
    "leak": frozenset({"leak", "take-ether", "take-tokens", "take-liquidity", "self-destruct"}),
    "limit": REFUSES,
    "freeze": frozenset({"freeze"}),
    "burn": frozenset({"burn"}),
    "disable_transfer": frozenset({"pause"}),
    "sell_block": frozenset({"sell-block", "freeze"}),
    "rug:Mint": frozenset({"mint"}),
    "rug:Burn": frozenset({"burn"}),
    "rug:FreezeAccount": frozenset({"freeze"}),
    "rug:Transfer block": frozenset({"pause", "freeze"}),
    "rug:Sale-restrict": REFUSES,
}
"""Which of our powers a label of the data stands for. ``rug:Combination`` (one case) names none."""

Z: Final = 1.959964
"""Of the normal distribution, for 95%."""


class Case(NamedTuple):
    power: str
    present: bool
    family: str
    runtime: bytes


class Score(NamedTuple):
    """Counts of one power in one half."""

    power: str
    half: str
    hits: int
    misses: int
    false_alarms: int
    rejected: int

    @property
    def precision(self) -> float | None:
        return _share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        return _share(self.hits, self.hits + self.misses)

    @property
    def always(self) -> float | None:
        """F1 of claiming the power of every contract: what the share of negatives makes of any score."""
        return _share(2 * (self.hits + self.misses), 2 * (self.hits + self.misses) + self.false_alarms + self.rejected)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.hits, 2 * self.hits + self.misses + self.false_alarms)


class Speed(NamedTuple):
    """Milliseconds of processor time for one contract, over ``contracts`` different ones."""

    contracts: int
    p50: float
    p99: float
    largest: float


def cases() -> list[Case]:
    """All labelled cases. Raises `FileNotFoundError` where the data is absent."""
    if not CASES.exists():
        raise FileNotFoundError(f"evaluation data is absent: {CASES} (set SNIPER_DATA)")
    lines = subprocess.run(["zstd", "-dc", str(CASES)], check=True, capture_output=True).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Case(row["power"], bool(row["present"]), row["family"], bytes.fromhex(row["runtime"].removeprefix("0x")))
        for row in rows
    ]


def half(family: str) -> str:
    """``development`` or ``held out``, by the family's hash."""
    return "held out" if sha256(family.encode()).digest()[0] & 1 else "development"


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share, by Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    1927."""
    if of == 0:
        return 0.0, 1.0
    p, spread = hits / of, Z * Z / of
    centre, reach = p + spread / 2, Z * sqrt(p * (1 - p) / of + spread / (4 * of))
    return (centre - reach) / (1 + spread), (centre + reach) / (1 + spread)


def measure(found: Iterable[tuple[Case, Report]]) -> list[Score]:
    """One score for each power in each half, and for both together (half ``all``)."""
    counts: dict[tuple[str, str], list[int]] = {}
    for case, report in found:
        if case.power in MEANS:
            claimed = any(power.power in MEANS[case.power] for power in report.powers)
            place = (0 if claimed else 1) if case.present else (2 if claimed else 3)
            for part in (half(case.family), "all"):
                counts.setdefault((case.power, part), [0, 0, 0, 0])[place] += 1
    return [
        Score(power, part, *counts[power, part])
        for power in MEANS
        for part in ("development", "held out", "all")
        if (power, part) in counts
    ]


def analysed(found: list[Case]) -> tuple[list[tuple[Case, Report]], Speed]:
    reports: dict[bytes, Report] = {}
    times: list[float] = []
    for case in found:
        if case.runtime not in reports:
            began = time.process_time()
            reports[case.runtime] = analyse((case.runtime,))
            times.append((time.process_time() - began) * 1000)
    times.sort()
    speed = Speed(len(times), times[len(times) // 2], times[int(len(times) * 0.99)], times[-1])
    return [(case, reports[case.runtime]) for case in found], speed


def table(scores: list[Score]) -> Iterator[str]:
    yield "| power | families | present | absent | precision | recall | F1 | F1 of always yes |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for s in scores:
        absent = s.false_alarms + s.rejected
        precision = _interval(s.hits, s.hits + s.false_alarms) if absent else "no negatives"
        f1 = f"{s.f1:.3f}" if s.f1 is not None else ""
        always = f"{s.always:.3f}" if s.always is not None and absent else ""
        recall = _interval(s.hits, s.hits + s.misses)
        yield f"| {s.power} | {s.half} | {s.hits + s.misses} | {absent} | {precision} | {recall} | {f1} | {always} |"


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _interval(part: int, of: int) -> str:
    if not of:
        return ""
    low, high = wilson(part, of)
    return f"{part}/{of} = {part / of:.2f} ({low:.2f} to {high:.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures owner-powers on labelled contracts.")
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    asked = parser.parse_args()
    try:
        found, speed = analysed(cases())
    except FileNotFoundError as absent:
        print(f"skipped: {absent}")
        return 0
    scores = measure(found)
    if asked.json:
        print(
            json.dumps(
                {
                    "scores": [
                        {**score._asdict(), "f1": score.f1, "f1_of_always_yes": score.always} for score in scores
                    ],
                    "speed": speed._asdict(),
                }
            )
        )
        return 0
    print("\n".join(table(scores)))
    print(
        f"\n{speed.contracts} contracts, processor time each: p50 {speed.p50:.1f} ms, p99 {speed.p99:.1f} ms, "
        f"most {speed.largest:.1f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
