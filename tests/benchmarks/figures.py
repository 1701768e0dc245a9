"""What a benchmark says: figures with their targets, the machine, and the kept baseline."""

import gc
import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

BASELINE = Path(__file__).with_name("baseline.json")


@dataclass(frozen=True)
class Figure:
    """One number. ``target``: None where none was set; ``more``: whether more is better. ``beside``: other numbers of
    the same run, such as a peer's, in the same unit."""

    name: str
    value: float
    unit: str
    target: float | None = None
    more: bool = False
    beside: dict[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.more else self.value <= self.target


def percentile(samples: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(name: str, ns: Sequence[int], p50: float | None = None, p99: float | None = None) -> list[Figure]:
    """Two figures of durations in ns: the median and the 99th percentile, µs; targets in µs.

    Beside them stand those of the tenth of the run in which other processes disturbed least.
    """
    us = [each / 1_000 for each in ns]
    tenths = [us[at : at + max(1, len(us) // 10)] for at in range(0, len(us), max(1, len(us) // 10))]
    quiet = min(tenths, key=median)
    return [
        Figure(f"{name}, p50", median(us), "µs", p50, beside={"quietest tenth": median(quiet), "n": len(us)}),
        Figure(f"{name}, p99", percentile(us, 0.99), "µs", p99, beside={"quietest tenth": percentile(quiet, 0.99)}),
    ]


@contextmanager
def collected() -> Iterator[None]:
    """As the runtime does it: what exists is frozen, and nothing is collected while it is being measured."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def machine() -> dict[str, Any]:
    model = "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def show(figures: Sequence[Figure], before: dict[str, float]) -> None:
    """Print a table: the value, its target, and the kept one."""
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        aim = ""
        if figure.target is not None:
            mark = "reached" if figure.reached else "MISSED"
            aim = f"{'≥' if figure.more else '≤'} {number(figure.target)} {mark}"
        old = before.get(figure.name)
        change = f"kept {number(old)} ({figure.value / old - 1:+.0%})" if old else ""
        beside = ", ".join(f"{name} {number(value)}" for name, value in figure.beside.items())
        print(f"{figure.name:<{width}}  {number(figure.value):>10} {figure.unit:<10} {aim:<20} {change:<24} {beside}")


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def kept() -> dict[str, float]:
    """The values of the baseline, by name."""
    if not BASELINE.exists():
        return {}
    return {each["name"]: each["value"] for each in json.loads(BASELINE.read_text())["figures"]}


def keep(figures: Sequence[Figure]) -> None:
    """Make these figures the baseline; those of sections that were not measured now stay."""
    found = json.loads(BASELINE.read_text())["figures"] if BASELINE.exists() else []
    table = {each["name"]: each for each in found} | {each.name: asdict(each) for each in figures}
    content = {"machine": machine(), "figures": list(table.values())}
    BASELINE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
